package component

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
	"time"
)

const dialTimeout = 30 * time.Second

// dial connects to host:port, or to a socket at unix:/path.
func (l *Link) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	d := &net.Dialer{}
	if path, ok := strings.CutPrefix(l.c.Address, "unix:"); ok {
		return d.DialContext(ctx, "unix", path)
	}
	if l.c.TLS != nil {
		return (&tls.Dialer{NetDialer: d, Config: l.c.TLS}).DialContext(ctx, "tcp", l.c.Address)
	}
	return d.DialContext(ctx, "tcp", l.c.Address)
}

// warnPlain says that secret and messages are readable on the way, when plain
// TCP leaves the machine (xeps.md 0225.3).
func (l *Link) warnPlain(conn net.Conn) {
	a, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok || l.c.TLS != nil {
		return
	}
	if ip, ok := netip.AddrFromSlice(a.IP); ok && !ip.Unmap().IsLoopback() {
		l.log.Warn("plain TCP beyond loopback: secret and messages can be read on the way; use TLS or a tunnel",
			"server", l.c.Address)
	}
}
