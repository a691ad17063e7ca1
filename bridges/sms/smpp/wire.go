package smpp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// wire is a connection and what is known of it after the bind.
type wire struct {
	conn     net.Conn // what is spoken over: TLS, or under itself
	under    *counted
	sequence uint32 // the last one used
	sent     uint64 // octets of the stream written
	rest     []byte // read and not handled
}

// counted counts what is written to TCP. base is what TCP had acknowledged
// before.
type counted struct {
	net.Conn
	n    atomic.Uint64
	base uint64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.n.Add(uint64(n))
	return n, err
}

// write returns how many octets the centre may have, and how many it has when
// TCP has acknowledged up to offset. TLS does not say what became of a part:
// then offset is 0, for none.
func (w *wire) write(b []byte) (n int, offset uint64, err error) {
	n, err = w.conn.Write(b)
	if err != nil && w.conn != net.Conn(w.under) {
		return len(b), 0, err
	}
	return n, w.under.n.Load(), err
}

// close ends the connection without waiting for anybody, as TLS would.
func (w *wire) close() { w.under.Close() }

// acked returns how many octets TCP has acknowledged; ok is false where the
// system does not tell. Then an answer from the centre to a request that was
// written later says that ours has arrived, see ledger.answered.
func (w *wire) acked() (n uint64, ok bool) {
	n, ok = acknowledged(w.under.Conn)
	return n - w.under.base, ok && n >= w.under.base
}

// connect dials; the caller owes close.
func (c *Client) connect(ctx context.Context) (*wire, error) {
	raw, err := c.dial(ctx, "tcp", c.cfg.Address)
	if err != nil {
		return nil, err
	}
	w := &wire{under: &counted{Conn: raw}}
	w.under.base, _ = acknowledged(raw)
	w.conn = w.under
	if c.cfg.TLS == nil {
		return w, nil
	}
	secure := tls.Client(w.under, c.tlsConfig())
	if err := secure.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, &tlsError{err}
	}
	w.conn = secure
	return w, nil
}

// tlsError marks what went wrong in the TLS handshake.
type tlsError struct{ error }

func (e *tlsError) Unwrap() error { return e.error }

// tlsConfig names the host of Address for SNI and the certificate.
func (c *Client) tlsConfig() *tls.Config {
	t := c.cfg.TLS
	if t.ServerName == "" {
		t = t.Clone()
		t.ServerName, _, _ = net.SplitHostPort(c.cfg.Address)
	}
	return t
}

// open connects and binds, in ConnectTimeout.
func (c *Client) open(ctx context.Context) (*wire, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.ConnectTimeout)
	defer cancel()
	w, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { w.conn.SetDeadline(time.Unix(1, 0)) })
	err = w.exchange(appendBind(nil, &c.cfg, 1), cmdBindTransceiver)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// exchange writes the PDU of a request and reads up to its answer. It drops
// what comes before.
func (w *wire) exchange(request []byte, c command) error {
	w.sequence++
	w.sent += uint64(len(request))
	if _, err := w.conn.Write(request); err != nil {
		return &bindError{err}
	}
	for b := w.rest; ; {
		p, size, err := scan(b)
		if err != nil {
			return &bindError{speaks(b, err)}
		}
		if size > 0 {
			b = b[:copy(b, b[size:])]
			if p.sequence == w.sequence && (p.command == c|response || p.command == cmdNack) {
				w.rest = b
				return refusal(p.outcome())
			}
			continue
		}
		b = grow(b)
		n, err := w.conn.Read(b[len(b):cap(b)])
		if b = b[:len(b)+n]; err != nil && n == 0 {
			return &bindError{err}
		}
	}
}

// bindError marks what went wrong between connecting and the answer.
type bindError struct{ error }

func (e *bindError) Unwrap() error { return e.error }

func refusal(s Status) error {
	if s == OK {
		return nil
	}
	return &StatusError{s}
}

// errSpeaksTLS says that the centre answered with a TLS alert.
var errSpeaksTLS = errors.New("the centre speaks TLS")

// speaks names what somebody speaks who does not speak SMPP.
func speaks(b []byte, err error) error {
	const alert, major = 0x15, 3 // RFC 8446, section 5.1
	if len(b) > 1 && b[0] == alert && b[1] == major {
		return fmt.Errorf("%w: %w", errSpeaksTLS, err)
	}
	return err
}
