package component

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"causeway/bridges/takeover"
	"causeway/component/stanza"
)

// state is what State returns; nil before the first stream and failure.
type state struct {
	up    bool
	since time.Time
	why   error
}

// State tells whether the stream is open and since when. If it is not, why is
// the last failure in words, with what the administrator can do; nil before the
// first attempt has ended.
func (l *Link) State() (up bool, since time.Time, why error) {
	if s := l.state.Load(); s != nil {
		return s.up, s.since, s.why
	}
	return false, time.Time{}, nil
}

// isUp notes that the stream is open.
func (l *Link) isUp() { l.state.Store(&state{up: true, since: time.Now()}) }

// isDown notes why the stream is not open; since stays that of the first of
// several failures.
func (l *Link) isDown(err error) {
	since := time.Now()
	if s := l.state.Load(); s != nil && !s.up {
		since = s.since
	}
	l.state.Store(&state{since: since, why: l.c.explain(err)})
}

// Check opens a stream once, closes it in order, and returns nil, or what is
// wrong in words with what the administrator can do. It blocks until ctx ends
// at the latest. Do not check a domain that is being served: some servers take
// a second connection and give it a part of the traffic.
func Check(ctx context.Context, c Config) error {
	l := New(c, nil, nil)
	if err := l.c.check(); err != nil {
		return err
	}
	conn, err := l.dial(ctx)
	if err != nil {
		return c.explain(err)
	}
	defer conn.Close()
	if _, _, err = l.shake(ctx, conn, takeover.NewSource(conn)); err != nil {
		return c.explain(err)
	}
	if _, err = io.WriteString(conn, endTag); err != nil {
		return nil // the stream was open: that was the question
	}
	_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
	_, _ = io.Copy(io.Discard, conn)
	return nil
}

// explain puts into words why the stream cannot be opened, or has ended.
func (c *Config) explain(err error) error {
	var (
		stream  *stanza.StreamError
		dns     *net.DNSError
		record  tls.RecordHeaderError
		invalid *tls.CertificateVerificationError
		timeout net.Error
	)
	say := func(text string) error { return fmt.Errorf("%s (%w)", text, err) }
	switch {
	case errors.As(err, &stream) && stream.Condition == "not-authorized":
		return say("wrong secret for " + c.Domain + " on " + c.Address + ": " + hints[stream.Condition])
	case errors.As(err, &stream) && hints[stream.Condition] != "":
		return say("refused by " + c.Address + ": " + hints[stream.Condition])
	case errors.As(err, &dns):
		return say("the name in " + c.Address + " is not known: correct the server's address")
	case errors.Is(err, syscall.ECONNREFUSED):
		return say("nothing listens at " + c.Address + ": start the XMPP server with a component port there, or correct the server's address")
	case errors.As(err, &record):
		return say("no TLS at " + c.Address + ": it is a plain port, set tls: false, or name the port with direct TLS")
	case errors.As(err, &invalid), isCertificate(err):
		return say("the certificate of " + c.Address + " is not trusted: name its authority in ca_file, or connect by a name that it holds")
	case errors.As(err, &timeout) && timeout.Timeout():
		return say("no answer from " + c.Address + ": is it the component port, and does a firewall let us through?")
	case c.TLS == nil && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)):
		return say("the connection to " + c.Address + " was closed: is it a component port, and without TLS?")
	}
	return err
}

// isCertificate tells whether the server's certificate was the reason.
func isCertificate(err error) bool {
	var (
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
	)
	return errors.As(err, &authority) || errors.As(err, &hostname)
}
