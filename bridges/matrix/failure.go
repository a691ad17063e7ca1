package matrix

import (
	"errors"
	"net/http"

	"causeway/bridges"
	"causeway/bridges/matrix/client"
)

// failure makes an error for the user of what the homeserver, or nobody,
// answered. doubt is the kind when nobody knows whether it did as we asked.
func failure(err error, doubt bridges.Kind) error {
	var e *client.Error
	var done *bridges.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &done):
		return done
	case !errors.As(err, &e):
		return because(errNotNow, err) // the notes
	case e.Status == http.StatusTooManyRequests:
		w := because(errNotNow, err)
		w.After = e.After
		return w
	case e.Temporary():
		return &bridges.Error{Kind: doubt, Text: errNotNow.text, Cause: err}
	case e.Code == "M_TOO_LARGE":
		return because(errLong, err)
	case e.Status == http.StatusUnauthorized:
		return because(errNotNow, err) // the operator is told, and can mend it
	case e.Status == http.StatusForbidden:
		return because(errRefused, err)
	case missing(err):
		return because(errAbsent, err)
	}
	return because(errFaulty, err)
}

// refuses tells whether the homeserver does not let a ghost do something.
func refuses(err error) bool {
	var e *client.Error
	return errors.As(err, &e) && (e.Status == http.StatusForbidden || e.Status == http.StatusNotFound) && !e.Temporary()
}

// shut tells whether a ghost is not in a room, or not let speak there.
func shut(err error) bool { return client.Is(err, "M_FORBIDDEN") || missing(err) }

// missing tells whether what was asked for is not there. Codes differ: only a
// request that the homeserver does not know has one of its own.
func missing(err error) bool {
	var e *client.Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound && e.Code != "M_UNRECOGNIZED" && !e.Temporary()
}
