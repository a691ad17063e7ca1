package component

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"causeway/component/componenttest"
)

// TestCheck names each way in which a link cannot be made, and what is said.
func TestCheck(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	for _, c := range []struct {
		name   string
		server func(c *componenttest.Conn)
		change func(c *Config)
		want   string
	}{
		{"well", func(c *componenttest.Conn) { c.Handshake("id1", testSecret); c.Next(); c.End(); c.Close() }, nil, ""},
		{"0114.4 wrong secret", func(c *componenttest.Conn) {
			c.ReadHeader()
			c.Write(c.Header("id1"))
			c.ReadHandshake()
			c.Write("<stream:error><not-authorized xmlns='" + nsStreams + "'/></stream:error></stream:stream>")
			c.Close()
		}, nil, "wrong secret for " + testDomain + " on "},
		{"conflict", func(c *componenttest.Conn) {
			c.ReadHeader()
			c.Write(c.Header("id1"))
			c.ReadHandshake()
			c.Write("<stream:error><conflict xmlns='" + nsStreams + "'/></stream:error></stream:stream>")
			c.Close()
		}, nil, "another connection serves this domain"},
		{"closed at once", func(c *componenttest.Conn) { c.Close() }, nil, "is it a component port"},
		{
			"no TLS there", func(c *componenttest.Conn) { c.Write("HTTP/1.0 400 Bad Request\r\n\r\n"); c.Close() },
			func(c *Config) { c.TLS = &tls.Config{ServerName: "localhost"} }, "set tls: false",
		},
		{"nothing listens", nil, func(c *Config) { c.Address = closed.Addr().String() }, "nothing listens at "},
		{"no secret", nil, func(c *Config) { c.Secret = "" }, "no secret for "},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := componenttest.New(t, testDomain, testSecret)
			cfg := Config{Domain: testDomain, Address: srv.Addr(), Secret: testSecret}
			if c.change != nil {
				c.change(&cfg)
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- Check(ctx, cfg) }()
			if c.server != nil {
				c.server(srv.AcceptRaw())
			}
			err := <-done
			if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), testSecret) {
				t.Error("the secret prints")
			}
		})
	}
}

func TestState(t *testing.T) {
	r := newRig(t)
	if up, _, why := r.State(); up || why != nil {
		t.Error("up before Run", why)
	}
	c := r.up()
	up, since, _ := r.State()
	if !up || time.Since(since) > patience {
		t.Error("not up", since)
	}
	c.Close()
	r.rec.want("down")
	r.srv.AcceptRaw() // the next attempt comes after the failure is noted
	if up, _, why := r.State(); up || why == nil {
		t.Error("still up", why)
	}
}
