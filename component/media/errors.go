package media

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"causeway/bridges"
)

// Why a file was not moved, as the counters name it.
const (
	reasonAddress     = "address"     // where it is may not be connected to
	reasonURL         = "url"         // its address is none of HTTP, or not safe
	reasonRedirect    = "redirect"    // too many, or to where it is not safe
	reasonName        = "name"        // no such host
	reasonCertificate = "certificate" // of the server
	reasonStatus      = "status"      // the server's answer
	reasonEncoding    = "encoding"    // it is compressed on the way
	reasonSize        = "size"        // larger than MaxSize
	reasonTime        = "time"        // too slow
	reasonNetwork     = "network"     // the connection failed, or ended early
	reasonDisk        = "disk"        // no room to keep it
	reasonLink        = "link"        // forged, or not for this program
	reasonExpired     = "expired"     // the link is too old
	reasonBusy        = "busy"        // too many readers
	reasonSource      = "source"      // the network does not give it
)

// refusal is why something was not done.
type refusal struct {
	reason string
	err    *bridges.Error
}

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// fault makes a refusal: a sentence for the user, and the cause for the log.
func fault(reason string, kind bridges.Kind, text, cause string, args ...any) *refusal {
	return &refusal{reason, &bridges.Error{Kind: kind, Text: text, Cause: fmt.Errorf("media: "+cause, args...)}}
}

func tooLarge(most int64) *refusal {
	return fault(reasonSize, bridges.TooLong, fmt.Sprintf("The file is too large. At most %s can be sent.", sizeText(most)),
		"larger than %d bytes", most)
}

// The ends of a context that has a deadline of ours.
var (
	errIdle  = errors.New("no byte came or went for too long")
	errWhole = errors.New("the file took too long")
)

// classify says what an error of net/http means. ctx is that of the exchange.
func classify(ctx context.Context, err error) *refusal {
	var r *refusal
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &r):
		return r
	case ctx.Err() != nil:
		return fault(reasonTime, bridges.Temporary, "The server of the file is too slow.", "%w", context.Cause(ctx))
	}
	err = nameless(err)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return fault(reasonName, bridges.Rejected, "The server of the file does not exist.", "%w", err)
	case errors.As(err, &cert):
		return fault(reasonCertificate, bridges.Rejected, "The server of the file cannot be trusted.", "%w", err)
	}
	return fault(reasonNetwork, bridges.Temporary, "The server of the file cannot be reached.", "%w", err)
}

// nameless takes the address out of an error of net/http, all but the host: who has
// the rest has the file.
func nameless(err error) error {
	var at *url.Error
	if !errors.As(err, &at) {
		return err
	}
	host := "the server"
	if u, parsed := url.Parse(at.URL); parsed == nil && u.Host != "" {
		host = u.Host
	}
	return fmt.Errorf("%s: %w", host, at.Err)
}

// unwelcome says what the answer of a server means that is no success.
func unwelcome(resp *http.Response) *refusal {
	kind, text := bridges.Rejected, "The server of the file refuses it."
	switch code := resp.StatusCode; {
	case code == http.StatusNotFound || code == http.StatusGone:
		kind, text = bridges.NotFound, "There is no such file any more."
	case code == http.StatusRequestEntityTooLarge:
		kind, text = bridges.TooLong, "The file is too large for its server."
	case code >= 500 || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout:
		kind, text = bridges.Temporary, "The server of the file is busy."
	}
	r := fault(reasonStatus, kind, text, "the server answers %d", resp.StatusCode)
	if kind == bridges.Temporary {
		r.err.After = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	}
	return r
}

// retryAfter reads the header (RFC 9110, 10.2.3), one hour at most; 0: it says
// nothing.
func retryAfter(v string, now time.Time) time.Duration {
	var d time.Duration
	if n, err := strconv.ParseUint(v, 10, 16); err == nil {
		d = time.Duration(n) * time.Second
	} else if t, err := http.ParseTime(v); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), time.Hour)
}

// sizeText is a size for people.
func sizeText(n int64) string {
	for _, u := range units {
		if n >= u.size && n%u.size == 0 {
			return strconv.FormatInt(n/u.size, 10) + " " + u.name
		}
	}
	return strconv.FormatInt(n, 10) + " bytes"
}
