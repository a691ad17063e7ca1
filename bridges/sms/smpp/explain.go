package smpp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// explain says in words what keeps the client from being bound.
func (c *Client) explain(err error) error {
	return fmt.Errorf("the SMS centre at %s %s: %w", c.cfg.Address, c.words(err), err)
}

func (c *Client) words(err error) string {
	var status *StatusError
	var secure *tlsError
	var bind *bindError
	switch {
	case errors.As(err, &status):
		return c.refused(status.Status)
	case errors.As(err, &secure):
		return tlsWords(err)
	case errors.Is(err, errSpeaksTLS):
		return "speaks TLS, and tls is not set"
	case errors.As(err, &bind):
		return bindWords(err)
	}
	return dialWords(err)
}

// refused says why a bind is refused, and what to do.
func (c *Client) refused(s Status) string {
	id := fmt.Sprintf("system_id %q", c.cfg.SystemID)
	switch s {
	case InvalidPassword:
		return "refuses " + id + ": wrong password"
	case InvalidSystemID:
		return "does not know " + id
	case AlreadyBound:
		return "says that " + id + " is bound already: another program or machine uses it, or too many do"
	case BindFailed:
		return "refuses the bind of " + id + ": ask its operator whether the account is active, this machine's address is allowed, and bind_transceiver is"
	case InvalidCommand:
		return "does not know bind_transceiver; SMPP v3.4 is needed"
	}
	if s.Class() == Permanent {
		return "refuses the bind of " + id
	}
	return "cannot take the bind of " + id + " now"
}

func tlsWords(err error) string {
	var record tls.RecordHeaderError
	var host x509.HostnameError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &record):
		return "does not speak TLS, and tls is set"
	case errors.As(err, &host):
		return "has a certificate for another name"
	case errors.As(err, &authority):
		return "has a certificate of an authority that is not trusted here"
	case errors.As(err, &invalid):
		return "has a certificate that is not valid"
	case isTimeout(err):
		return "does not answer the TLS handshake; perhaps it does not speak TLS"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return "ended the TLS handshake; perhaps it does not speak TLS"
	}
	return "does not complete the TLS handshake"
}

func bindWords(err error) string {
	switch {
	case errors.Is(err, errLength):
		return "does not speak SMPP"
	case isTimeout(err):
		return "accepts the connection but does not answer the bind; perhaps it wants TLS"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "ended the connection instead of answering the bind; it may want TLS, or not know this machine's address"
	}
	return "was lost during the bind"
}

func dialWords(err error) string {
	var name *net.DNSError
	switch {
	case errors.As(err, &name):
		return "cannot be found: its name has no address"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "cannot be reached: nobody listens there"
	case isTimeout(err):
		return "cannot be reached: it does not answer"
	}
	return "cannot be reached"
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		(errors.As(err, &t) && t.Timeout())
}
