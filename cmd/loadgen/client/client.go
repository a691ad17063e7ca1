// Package client is a small XMPP client over plain TCP: SASL PLAIN, resource
// binding, presence (RFC 6120, RFC 6121), as much as load and tests need. It
// writes what it is told, also what a proper client never would.
package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"causeway/cmd/loadgen/wire"
)

// Config says whom to log in where.
type Config struct {
	Address string // host:port of the server's client port, without TLS
	Domain  string
	User    string
	// Password is sent as it is (PLAIN).
	Password string
	Resource string
}

// Client is one logged-in connection. Read is for one goroutine; Write, Flush
// and Close may be called by any.
type Client struct {
	JID  string // full, as the server has bound it
	conn net.Conn
	in   *wire.Reader

	mu      sync.Mutex
	out     []byte // what waits to be written
	err     error
	wake    chan struct{}
	stopped chan struct{}
}

// limit bounds what waits to be written to a server that does not read.
const limit = 16 << 20

// ErrFull is returned when the server takes nothing for too long.
var ErrFull = errors.New("client: 16 MiB wait to be written, the server does not read")

// Dial connects, logs in and binds the resource. It sends no presence. It
// blocks until the server is done or ctx ends.
func Dial(ctx context.Context, c Config) (*Client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", c.Address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	cl := &Client{conn: conn, in: wire.NewReader(conn), wake: make(chan struct{}, 1), stopped: make(chan struct{})}
	if err := cl.login(c); err != nil {
		conn.Close()
		return nil, fmt.Errorf("client: log in as %s@%s: %w", c.User, c.Domain, err)
	}
	if !stop() {
		conn.Close()
		return nil, ctx.Err()
	}
	go cl.write()
	return cl, nil
}

func (c *Client) login(cfg Config) error {
	open := fmt.Sprintf("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='%s' version='1.0'>",
		wire.Escape(cfg.Domain))
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + cfg.User + "\x00" + cfg.Password))
	bind := "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>" +
		wire.Escape(cfg.Resource) + "</resource></bind></iq>"
	for _, step := range []struct{ send, want string }{
		{open, "stream:features"},
		{"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" + plain + "</auth>", "success"},
		{open, "stream:features"},
		{bind, "iq"},
	} {
		if _, err := c.conn.Write([]byte(step.send)); err != nil {
			return err
		}
		raw, err := c.in.Next()
		if err != nil {
			return fmt.Errorf("wait for %s: %w", step.want, err)
		}
		if !bytes.Equal(wire.ParseHead(raw).Name, []byte(step.want)) {
			return fmt.Errorf("wait for %s, got %s", step.want, raw)
		}
		if jid, ok := wire.Text(raw, "jid"); ok {
			c.JID = jid
		}
	}
	if c.JID == "" {
		return errors.New("the server has bound no resource")
	}
	return nil
}

// Read returns the next stanza; raw and head are valid until the next call. It
// blocks, and ends with io.EOF when the server has closed the stream.
func (c *Client) Read() (raw []byte, head wire.Head, err error) {
	raw, err = c.in.Next()
	if err != nil {
		return nil, head, err
	}
	return raw, wire.ParseHead(raw), nil
}

// Deadline makes Read fail with os.ErrDeadlineExceeded after t; then Read may
// be called again. The zero time takes it back.
func (c *Client) Deadline(t time.Time) { c.conn.SetReadDeadline(t) }

// Buffered tells whether Read has more without blocking for long.
func (c *Client) Buffered() bool { return c.in.Buffered() }

// Write queues a stanza; Flush lets it go. It never blocks. It returns the
// error that ended the writing of the connection, or ErrFull.
func (c *Client) Write(stanza []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && len(c.out)+len(stanza) > limit {
		c.err = ErrFull
		c.conn.Close()
	}
	if c.err != nil {
		return c.err
	}
	c.out = append(c.out, stanza...)
	return nil
}

// Flush writes what was queued. It does not wait for the server.
func (c *Client) Flush() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Send is Write and Flush of a text.
func (c *Client) Send(format string, args ...any) error {
	defer c.Flush()
	return c.Write(fmt.Appendf(nil, format, args...))
}

// Close closes the stream and the connection, and waits for what it started.
// What was sent may or may not have reached the server.
func (c *Client) Close() error {
	c.mu.Lock()
	if c.err == nil {
		c.err = net.ErrClosed
		c.conn.SetWriteDeadline(time.Now().Add(time.Second))
		c.conn.Write([]byte("</stream:stream>"))
	}
	c.mu.Unlock()
	err := c.conn.Close()
	c.Flush()
	<-c.stopped
	return err
}

func (c *Client) write() {
	defer close(c.stopped)
	var busy []byte
	for range c.wake {
		c.mu.Lock()
		busy, c.out = c.out, busy[:0]
		err := c.err
		c.mu.Unlock()
		if err != nil {
			return
		}
		if _, err := c.conn.Write(busy); err != nil {
			c.mu.Lock()
			c.err = err
			c.mu.Unlock()
			c.conn.Close()
			return
		}
	}
}
