package main

import (
	"fmt"
	"net"
	"runtime"
	"strings"

	"causeway/cmd/causeway/config"
)

// notes say what holds less than one might think.
func (c *checking) notes(cfg *config.Config) {
	for _, b := range cfg.Bridges {
		host, _, _ := net.SplitHostPort(b.Server.Address)
		ip := net.ParseIP(host)
		if !b.Server.TLS && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			c.note("%s: no TLS beyond this machine: secret and messages can be read on the way", b.Domain)
		}
		if list := endWithProcess(b); len(list) > 0 && runtime.GOOS == "linux" {
			c.note("%s: connections by TLS end with the process: after a crash of causeway those to\n"+
				"        %s are made anew, and what lay in them unread is lost;\n"+
				"        in plain TCP, as to a server on this machine, they outlive it", b.Domain, strings.Join(list, ", "))
		}
	}
	if runtime.GOOS == "linux" {
		c.note("after a power failure, or a kill -9 of keeper and worker together or with run --no-keeper,\n" +
			"        what the XMPP server has sent and causeway has not yet read is lost; a clean stop loses nothing")
	} else {
		c.note("only on Linux do connections outlive a crash of causeway: here, what the XMPP server\n" +
			"        has sent and causeway has not yet read is lost then; a clean stop loses nothing")
	}
}

// endWithProcess returns the addresses to which a bridge speaks TLS.
func endWithProcess(b config.Bridge) (all []string) {
	if b.Server.TLS {
		all = append(all, b.Server.Address)
	}
	if n, ok := b.Own.(interface{ OverTLS() []string }); ok {
		all = append(all, n.OverTLS()...)
	}
	return all
}

func (c *checking) note(format string, args ...any) {
	fmt.Fprintf(c.out, "note    "+format+"\n", args...)
}
