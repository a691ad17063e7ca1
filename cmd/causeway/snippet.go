package main

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"text/template"

	"causeway/bridges/settings"
	"causeway/cmd/causeway/config"
	"causeway/component/xep/upload"
)

type snippetCmd struct {
	Server string `arg:"" enum:"prosody,ejabberd" help:"prosody or ejabberd."`
}

// Run prints the part of the server's configuration that goes with ours.
func (s snippetCmd) Run(e *env) error {
	cfg, err := e.load()
	if err != nil {
		return err
	}
	t := prosody
	if s.Server == "ejabberd" {
		t = ejabberd
	}
	return t.Execute(e.out, newSnippet(cfg))
}

// snippet is what the templates show.
type snippet struct {
	Listeners []listener
	Hosts     []string // whose users may register
}

// listener is an address of the server and the components there.
type listener struct {
	IP, Port string
	TLS      bool
	Local    bool // reached from this machine only
	Bridges  []config.Bridge
}

func newSnippet(cfg *config.Config) snippet {
	var s snippet
	at := map[string]int{}
	for _, b := range cfg.Bridges {
		l := newListener(*b.Server)
		place := net.JoinHostPort(l.IP, l.Port)
		i, ok := at[place]
		if !ok {
			i = len(s.Listeners)
			at[place] = i
			s.Listeners = append(s.Listeners, l)
		}
		s.Listeners[i].Bridges = append(s.Listeners[i].Bridges, b)
		for _, j := range b.Allow {
			_, host, ok := strings.Cut(j, "@")
			if !ok {
				host = j
			}
			if !slices.Contains(s.Hosts, host) {
				s.Hosts = append(s.Hosts, host)
			}
		}
	}
	return s
}

func newListener(s settings.Server) listener {
	host, port, _ := net.SplitHostPort(s.Address) // the configuration is checked
	ip := net.ParseIP(host)
	switch {
	case host == "localhost":
		ip = net.IPv4(127, 0, 0, 1)
	case ip == nil:
		ip = net.IPv6unspecified
	}
	return listener{IP: ip.String(), Port: port, TLS: s.TLS, Local: ip.IsLoopback()}
}

// Ports returns the ports of all listeners for Lua.
func (s snippet) Ports() string {
	return s.each(func(l listener) string { return l.Port })
}

// Interfaces returns the addresses of all listeners for Lua. To Prosody :: is
// IPv6 alone.
func (s snippet) Interfaces() string {
	return s.each(func(l listener) string {
		if l.IP == net.IPv6unspecified.String() {
			return `"*", "::"`
		}
		return lua(l.IP)
	})
}

// Uploaders are those whose files the upload service takes, for Lua: users' hosts and
// our domains.
func (s snippet) Uploaders() string {
	var all []string
	for _, host := range s.Hosts {
		all = append(all, lua(host))
	}
	return strings.Join(append(all, s.each(func(l listener) string {
		var domains []string
		for _, b := range l.Bridges {
			domains = append(domains, lua(b.Domain))
		}
		return strings.Join(domains, ", ")
	})), ", ")
}

// Open tells whether other machines reach a listener.
func (s snippet) Open() bool {
	return slices.ContainsFunc(s.Listeners, func(l listener) bool { return !l.Local })
}

// TLS tells whether a listener shall have TLS.
func (s snippet) TLS() bool {
	return slices.ContainsFunc(s.Listeners, func(l listener) bool { return l.TLS })
}

// each lists something of all listeners, each value once.
func (s snippet) each(f func(listener) string) string {
	var list []string
	for _, l := range s.Listeners {
		if v := f(l); !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return strings.Join(list, ", ")
}

var functions = template.FuncMap{
	"lua": lua, "yaml": quote, "secret": func(b config.Bridge) string { return string(b.Secret) },
	"slots": func() string { return upload.NS },
}

// lua writes a string of Lua.
func lua(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(s) {
		if c == '"' || c == '\\' || c < ' ' || c == 0x7f {
			fmt.Fprintf(&b, `\%03d`, c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String() + `"`
}

// quote writes a string of JSON, which YAML reads too.
func quote(s string) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(s)
	return strings.TrimSpace(b.String()), err
}

var prosody = template.Must(template.New("prosody").Funcs(functions).Parse(
	`-- For prosody.cfg.lua, by "causeway snippet prosody". It holds secrets.

-- Before the first VirtualHost or Component:
component_ports = { {{.Ports}} }
component_interfaces = { {{.Interfaces}} }
{{- if .Open}} -- let only the machine of Causeway through the firewall{{end}}
{{- if .TLS}}
-- Prosody has no TLS on this port: put a TLS proxy before it, or use tls: false on one machine.
{{- end}}

-- At the end of the file:
{{- range .Listeners}}{{range .Bridges}}
Component {{lua .Domain}}
    component_secret = {{lua (secret .)}}
{{end}}{{end}}
-- Files that come from a network go to http_file_share (XEP-0363). It takes those of every user
-- and component of this Prosody, unless this is set there: then it must name all of them.
--     http_file_share_access = { {{.Uploaders}} }

-- Not needed: privileges (XEP-0356, mod_privilege of prosody-modules). With that of rosters
-- contacts come into them without a question; with that of messages, what users write
-- elsewhere shows as theirs; with that of uploads, files that come to them are theirs and not
-- Causeway's for the quota of http_file_share (XEP-0363). To grant them, add to each Component above
--     modules_enabled = { "privilege" }
-- and to the users' host:
{{- range .Hosts}}
--   VirtualHost {{lua .}}
--       modules_enabled = { "privilege" }
--       privileged_entities = {
{{- range $.Listeners}}{{range .Bridges}}
--           [{{lua .Domain}}] = { roster = "both", message = "outgoing", iq = { [{{lua slots}}] = "get" } },
{{- end}}{{end}}
--       }
{{- end}}
`))

var ejabberd = template.Must(template.New("ejabberd").Funcs(functions).Parse(
	`# For ejabberd.yml, by "causeway snippet ejabberd". It holds secrets.
# Add to the list under "listen:".
{{- range .Listeners}}
  -
    port: {{.Port}}
    ip: {{yaml .IP}}
{{- if not .Local}} # let only the machine of Causeway through the firewall{{end}}
    module: ejabberd_service
{{- if .TLS}}
    tls: true # with a certificate for the name by which Causeway connects
{{- end}}
    # Each component gets the traffic of its own domain only (the default is all of them).
    global_routes: false
    max_stanza_size: 524288
    hosts:
{{- range .Bridges}}
      {{yaml .Domain}}:
        password: {{yaml (secret .)}}
{{- end}}
{{- end}}

# Files that come from a network go to mod_http_upload (XEP-0363), which takes only those of users
# by itself; without that of mod_http_upload below, such files come as links or as words.
#
# Not needed: privileges (XEP-0356). With that of messages, what users write elsewhere shows
# as theirs; with that of rosters contacts come into them by name (23.01 refuses that).
#
# To grant them, add to the parts of the file with these names:
# acl:
#   causeway:
#     server:
{{- range .Listeners}}{{range .Bridges}}
#       - {{yaml .Domain}}
{{- end}}{{end}}
#   causeway_users:
#     server:
{{- range .Hosts}}
#       - {{yaml .}}
{{- end}}
# access_rules:
#   causeway: {allow: causeway}
#   causeway_uploads: [{allow: causeway}, {allow: causeway_users}]
# modules:
#   mod_http_upload:
#     access: causeway_uploads
#   mod_privilege:
#     roster: {both: causeway}
#     message: {outgoing: causeway}
`))
