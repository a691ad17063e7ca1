package smpp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"causeway/bridges/takeover"
)

// wire is a connection and what is known of it after the bind.
type wire struct {
	conn     net.Conn // what is spoken over: TLS, or under itself
	under    *counted
	src      takeover.Source // of conn
	kept     bool            // a successor can go on with it
	start    takeover.Counts // before the first octet
	sequence uint32          // the last one used
	sent     uint64          // octets of the stream written
	read     uint64          // octets of the stream consumed
}

// counted counts what is written to TCP.
type counted struct {
	net.Conn
	n atomic.Uint64
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

// close gives a connection up without waiting for anybody, as TLS would.
func (c *Client) close(w *wire) {
	if w.kept {
		c.note.unbound()
		if t, ok := w.under.Conn.(*net.TCPConn); ok {
			_ = t.CloseRead() // the other end may have gone
			_ = t.CloseWrite()
		}
		c.cfg.Keeper.Drop(connName)
	}
	w.under.Close()
}

// acked returns how many octets TCP has acknowledged; ok is false where the
// system does not tell. Then an answer from the centre to a request that was
// written later says that ours has arrived, see ledger.answered.
func (w *wire) acked() (n uint64, ok bool) {
	k := takeover.Count(w.under.Conn)
	return k.Acked - w.start.Acked, k.OK && k.Acked >= w.start.Acked
}

// connect dials; the caller owes close.
func (c *Client) connect(ctx context.Context) (*wire, error) {
	raw, err := c.dial(ctx, "tcp", c.cfg.Address)
	if err != nil {
		return nil, err
	}
	w := &wire{under: &counted{Conn: raw}, start: takeover.Count(raw)}
	w.conn, w.src = w.under, takeover.NewSource(raw)
	if c.cfg.TLS == nil {
		w.kept = c.hold(raw)
		return w, nil
	}
	secure := tls.Client(w.under, c.tlsConfig())
	if err := secure.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, &tlsError{err}
	}
	w.conn, w.src = secure, takeover.NewSource(secure)
	return w, nil
}

// hold has a connection held for a successor, if it can be.
func (c *Client) hold(conn net.Conn) bool {
	if c.cfg.Keeper == nil || !takeover.CanHold(conn) {
		return false
	}
	c.note.unbound()
	if err := c.cfg.Keeper.Hold(connName, conn); err != nil {
		c.cfg.Log.Warn("the connection to the SMS centre will end with this process", "error", err)
		return false
	}
	return true
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
		c.close(w)
		return nil, err
	}
	return w, nil
}

// exchange writes the PDU of a request and reads up to its answer. It drops
// what comes before, and leaves what comes behind.
func (w *wire) exchange(request []byte, c command) error {
	w.sequence++
	w.sent += uint64(len(request))
	if _, err := w.conn.Write(request); err != nil {
		return &bindError{err}
	}
	var b []byte
	for {
		b = grow(b)
		n, err := w.src.Peek(b[len(b):cap(b)])
		if err != nil {
			return &bindError{err}
		}
		size, answer, err := w.find(b[:len(b)+n], c)
		if err != nil {
			return &bindError{speaks(b[:len(b)+n], err)}
		}
		if answer != nil {
			n = size - len(b)
		}
		if err := w.src.Consume(b[len(b) : len(b)+n]); err != nil {
			return &bindError{err}
		}
		w.read += uint64(n)
		if b = b[:len(b)+n]; answer != nil {
			return refusal(answer.outcome())
		}
		b = b[:copy(b, b[size:])]
	}
}

// find looks for the answer to a request of this kind. It returns how long it
// is with all before it; or nil, and how long the whole PDUs are.
func (w *wire) find(b []byte, c command) (used int, answer *pdu, err error) {
	for {
		p, size, err := scan(b[used:])
		if err != nil || size == 0 {
			return used, nil, err
		}
		used += size
		if p.sequence == w.sequence && (p.command == c|response || p.command == cmdNack) {
			return used, &p, nil
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
