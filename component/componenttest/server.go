// Package componenttest is a fake XMPP server for one component (XEP-0114). A
// test plays a script on it: what the server sends, and what it must receive.
// It does what real servers cannot be made to do.
//
//	srv := componenttest.New(t, "sms.example.org", "secret")
//	// start a link to srv.Addr()
//	c := srv.Accept()
//	c.Send(`<iq type='get' id='1' from='a@example.org/x' to='sms.example.org'><ping xmlns='urn:xmpp:ping'/></iq>`)
//	c.Receive(`<iq type='result' id='1' from='sms.example.org' to='a@example.org/x'/>`)
package componenttest

import (
	"net"
	"testing"
	"time"
)

// Patience is how long a step waits before the test fails.
const Patience = 2 * time.Minute

// Server listens on loopback until the test ends.
type Server struct {
	t              testing.TB
	domain, secret string
	l              net.Listener
	conns          chan net.Conn
}

// New starts a server for a component's domain.
func New(t testing.TB, domain, secret string) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := Serve(t, l, domain, secret)
	return s
}

// Serve is New on a listener of the caller's, e.g. of TLS. It closes it.
func Serve(t testing.TB, l net.Listener, domain, secret string) *Server {
	s := &Server{t: t, domain: domain, secret: secret, l: l, conns: make(chan net.Conn, 16)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.conns <- c
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
		for len(s.conns) > 0 {
			_ = (<-s.conns).Close()
		}
	})
	return s
}

// Addr returns host:port.
func (s *Server) Addr() string { return s.l.Addr().String() }

// AcceptRaw returns the next connection; nothing has been read of it yet.
func (s *Server) AcceptRaw() *Conn {
	s.t.Helper()
	select {
	case c := <-s.conns:
		return NewConn(s.t, c, s.domain)
	case <-time.After(Patience):
		s.t.Fatal("componenttest: nobody connects")
		return nil
	}
}

// Accept returns the next connection after its handshake.
func (s *Server) Accept() *Conn {
	s.t.Helper()
	c := s.AcceptRaw()
	c.Handshake("3BF96D32", s.secret)
	return c
}
