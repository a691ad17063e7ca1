package main

import (
	"strings"
	"testing"

	"causeway/bridges/settings"
	"causeway/cmd/causeway/config"
)

// Where the servers of an address listen.
func TestSnippetListeners(t *testing.T) {
	for _, c := range []struct {
		name               string
		addresses          []string
		interfaces, listen string // of Prosody and ejabberd
	}{
		{"this machine", []string{"127.0.0.1:5347"}, `"127.0.0.1"`, `port: 5347 ip: "127.0.0.1"`},
		{"this machine by two names", []string{"127.0.0.1:5347", "localhost:5347"}, `"127.0.0.1"`, `port: 5347 ip: "127.0.0.1"`},
		{"two ports", []string{"[::1]:5347", "[::1]:5348"}, `"::1"`, `port: 5347 ip: "::1" port: 5348 ip: "::1"`},
		// To Prosody :: is IPv6 alone, to ejabberd it is both.
		{"another machine", []string{"xmpp.example.org:5347"}, `"*", "::"`, `port: 5347 ip: "::"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var cfg config.Config
			for _, a := range c.addresses {
				cfg.Bridges = append(cfg.Bridges, config.Bridge{Domain: "sms.example.org", Server: &settings.Server{Address: a}})
			}
			var lua, yaml strings.Builder
			s := newSnippet(&cfg)
			if err := prosody.Execute(&lua, s); err != nil || !strings.Contains(lua.String(), "\ncomponent_interfaces = { "+c.interfaces+" }") {
				t.Errorf("%v\n%s", err, lua.String())
			}
			if err := ejabberd.Execute(&yaml, s); err != nil {
				t.Error(err)
			}
			var listen []string
			for line := range strings.Lines(yaml.String()) {
				line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
				if strings.HasPrefix(line, "port: ") || strings.HasPrefix(line, "ip: ") {
					listen = append(listen, line)
				}
			}
			if got := strings.Join(listen, " "); got != c.listen {
				t.Errorf("%s, want %s", got, c.listen)
			}
		})
	}
}
