// Package swap is the cheapest possible XMPP component (XEP-0114): it sends
// every message back with from and to exchanged and does nothing else. It is
// the ceiling that benchmarks compare a real component with on the same server.
package swap

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"

	"causeway/cmd/loadgen/wire"
)

// Config says which component to be.
type Config struct {
	Address, Domain, Secret string
}

// Run connects, calls ready, and swaps until the server ends the stream (nil)
// or ctx ends (ctx.Err). Each read of the socket gives one write.
func Run(ctx context.Context, c Config, ready func()) error {
	conn, in, err := Dial(ctx, c)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	ready()
	err = serve(conn, in)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// Dial connects as the component: stanzas are read from in and written to conn, which
// the caller closes. It blocks until the server has taken the handshake or ctx ends.
func Dial(ctx context.Context, c Config) (conn net.Conn, in *wire.Reader, err error) {
	var d net.Dialer
	if conn, err = d.DialContext(ctx, "tcp", c.Address); err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	in = wire.NewReader(&opening{conn: conn, config: c})
	raw, err := in.Next()
	if !stop() || err != nil || !bytes.HasPrefix(raw, []byte("<handshake")) {
		conn.Close()
		return nil, nil, fmt.Errorf("swap: handshake as %s: %s %w", c.Domain, raw, err)
	}
	return conn, in, nil
}

func serve(conn net.Conn, in *wire.Reader) error {
	var out []byte
	for {
		raw, err := in.Next()
		if err != nil {
			return err
		}
		out = appendSwapped(out, raw)
		if in.Buffered() && len(out) < 64<<10 {
			continue
		}
		if _, err := conn.Write(out); err != nil {
			return err
		}
		out = out[:0]
	}
}

// appendSwapped appends a message with its from and to exchanged; nothing of
// what is no message or an error.
func appendSwapped(out, raw []byte) []byte {
	if !bytes.HasPrefix(raw, []byte("<message ")) {
		return out
	}
	h := wire.ParseHead(raw)
	if string(h.Type) == "error" {
		return out
	}
	tag := raw[:h.Size]
	from, to := bytes.Index(tag, []byte(" from=")), bytes.Index(tag, []byte(" to="))
	if from < 0 || to < 0 {
		return out
	}
	if from < to {
		out = append(append(out, tag[:from]...), " to="...)
		out = append(append(out, tag[from+len(" from="):to]...), " from="...)
		return append(out, raw[to+len(" to="):]...)
	}
	out = append(append(out, tag[:to]...), " from="...)
	out = append(append(out, tag[to+len(" to="):from]...), " to="...)
	return append(out, raw[from+len(" from="):]...)
}

// opening is a connection that opens the stream at its first read, and answers
// the server's header with the handshake at its second.
type opening struct {
	conn   net.Conn
	config Config
	header []byte
	done   bool
}

// Read implements io.Reader.
func (o *opening) Read(p []byte) (int, error) {
	if o.done {
		return o.conn.Read(p)
	}
	_, err := fmt.Fprintf(o.conn, "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "+
		"xmlns:stream='http://etherx.jabber.org/streams' to='%s'>", wire.Escape(o.config.Domain))
	if err != nil {
		return 0, err
	}
	var id []byte
	for id == nil {
		n, err := o.conn.Read(p)
		if err != nil {
			return 0, err
		}
		o.header = append(o.header, p[:n]...)
		if tag := wire.Child(o.header, "stream:stream"); tag != nil {
			id = wire.Attr(tag, "id")
		}
	}
	o.done = true
	sum := sha1.Sum([]byte(wire.Unescape(id) + o.config.Secret))
	if _, err := fmt.Fprintf(o.conn, "<handshake>%s</handshake>", hex.EncodeToString(sum[:])); err != nil {
		return 0, err
	}
	return copy(p, o.header), nil
}
