package config

import (
	"cmp"
	"fmt"
	"log/slog"
	"strings"

	"gopkg.in/yaml.v3"
	"mellium.im/xmpp/jid"

	"causeway/bridges/settings"
	"causeway/component"
	"causeway/component/xep/contact"
)

// check completes c and adds what is wrong with its values.
func (p *parser) check(root *yaml.Node, c *Config) {
	at := func(key string) int { return deepest(root, key).Line }
	p.server(at, "server", c.Server)
	if path, ok := strings.CutPrefix(c.Store, "sqlite:"); !ok || path == "" || path[0] == ':' {
		p.add(at("store"), "store", `want "sqlite:PATH", e.g. "sqlite:/var/lib/causeway/causeway.db"`)
	}
	if c.HTTP.Listen != "" {
		p.hostPort(at("http.listen"), "http.listen", c.HTTP.Listen)
	}
	p.media(at, c)
	if _, err := c.Log.Slog(); err != nil {
		p.add(at("log.level"), "log.level", "want debug, info, warn or error")
	}
	if c.Log.Format != "text" && c.Log.Format != "json" {
		p.add(at("log.format"), "log.format", "want text or json")
	}
	p.jids(at, "admins", c.Admins)
	p.contact(at, c.Contact)
	if len(c.Bridges) == 0 {
		p.add(at("bridges"), "bridges", "want at least one bridge")
	}
	domains := map[string]int{}
	for i := range c.Bridges {
		path, b := item("bridges", i), &c.Bridges[i]
		p.checkBridge(at, path, b, c.Server)
		line := at(path + ".domain")
		if first, ok := domains[b.Domain]; ok {
			p.add(line, path+".domain", "the bridge in line %d has the same domain", first)
		}
		domains[b.Domain] = line
	}
}

// checkBridge checks and completes what all networks share.
func (p *parser) checkBridge(at func(string) int, path string, b *Bridge, server settings.Server) {
	if j, err := jid.Parse(b.Domain); err != nil || j.String() != b.Domain || j.Domainpart() != b.Domain {
		p.add(at(path+".domain"), path+".domain", "want the component's domain in lower case, e.g. sms.example.org")
	}
	if b.Server == nil {
		b.Server = &server
	} else {
		b.Server.Address = cmp.Or(b.Server.Address, server.Address)
		p.server(at, path+".server", *b.Server)
	}
	p.secret(at, path, b)
	if p.jids(at, path+".allow", b.Allow); len(b.Allow) == 0 {
		p.add(at(path+".allow"), path+".allow", "want at least one JID or domain that may register, e.g. [example.org]")
	}
	if b.Hold <= 0 {
		p.add(at(path+".hold"), path+".hold", "want a time above zero, e.g. 48h")
	}
	if b.Limits.Account < 1 || b.Limits.Bridge < b.Limits.Account {
		p.add(at(path+".limits"), path+".limits", "want account of at least 1, and bridge not below account")
	}
}

// secret fills in the component's secret.
func (p *parser) secret(at func(string) int, path string, b *Bridge) {
	switch {
	case b.Secret != "" && b.SecretFile != "":
		p.add(at(path+".secret_file"), path+".secret_file", "give secret or secret_file, not both")
	case b.SecretFile != "":
		text, err := settings.ReadSecret(b.SecretFile)
		if err != nil {
			p.add(at(path+".secret_file"), path+".secret_file", "%v", err)
			return
		}
		if b.Secret = component.Secret(text); b.Secret == "" {
			p.add(at(path+".secret_file"), path+".secret_file", "the file is empty")
		}
	case b.Secret == "":
		p.add(at(path+".secret"), path+".secret", "is missing; want the secret that the XMPP server has for this component (or secret_file)")
	}
}

// server checks an address.
func (p *parser) server(at func(string) int, path string, s settings.Server) {
	p.hostPort(at(path+".address"), path+".address", s.Address)
	if err := s.CheckCAFile(); err != nil {
		p.add(at(path+".ca_file"), path+".ca_file", "%v", err)
	}
}

// hostPort checks an address to connect to or to listen at.
func (p *parser) hostPort(line int, path, s string) {
	if !settings.IsHostPort(s) {
		p.add(line, path, `want "HOST:PORT", e.g. "127.0.0.1:5347"`)
	}
}

// jids checks a list of bare JIDs and domains.
func (p *parser) jids(at func(string) int, path string, list []string) {
	for i, s := range list {
		j, err := jid.Parse(s)
		if err != nil || j.Resourcepart() != "" || j.String() != s {
			key := item(path, i)
			p.add(at(key), key, "want a JID without a resource, or a domain, in lower case")
		}
	}
}

// contact checks URIs (XEP-0157).
func (p *parser) contact(at func(string) int, c Contact) {
	for _, x := range []struct {
		key  string
		list []string
	}{
		{"contact.abuse", c.Abuse},
		{"contact.feedback", c.Feedback},
		{"contact.sales", c.Sales},
		{"contact.security", c.Security},
		{"contact.status", c.Status},
		{"contact.support", c.Support},
	} {
		for i, s := range x.list {
			if key := item(x.key, i); !contact.IsURI(s) {
				p.add(at(key), key, `want a URI with mailto:, xmpp:, https:, http: or tel:, e.g. "mailto:abuse@example.org"`)
			}
		}
	}
}

// Slog returns the level for log/slog.
func (l Log) Slog() (level slog.Level, err error) {
	switch l.Level {
	case "debug", "info", "warn", "error":
		return level, level.UnmarshalText([]byte(l.Level))
	}
	return 0, fmt.Errorf("config: no such level %q", l.Level)
}
