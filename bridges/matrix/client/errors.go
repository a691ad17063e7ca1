package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/matrix-org/gomatrix"
)

// Error is why a call failed. The token is not in it.
type Error struct {
	// Status is that of HTTP; 0 when no answer came, or when nothing was asked.
	// With a status of 2xx the answer could not be read.
	Status int
	Code   string        // the homeserver's, such as M_FORBIDDEN; may be empty
	Text   string        // a sentence for the operator; the homeserver's own if it has one
	After  time.Duration // how long the homeserver wants us to wait; only with 429
	Cause  error         // may be nil
}

// Error returns all of it.
func (e *Error) Error() string {
	text := e.Text
	if e.Code != "" {
		text = e.Code + ": " + text
	}
	if e.Status != 0 {
		text = fmt.Sprintf("%d %s", e.Status, text)
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Temporary tells whether the same call may succeed later: no answer came that
// makes sense, the server failed or limits us. But for a limit nobody knows
// whether the call was executed.
func (e *Error) Temporary() bool {
	if e.Status == 0 || errors.Is(e.Cause, errTooLong) {
		return e.Status == 0 && e.Cause != nil
	}
	if e.Code == "" && (e.Status == http.StatusForbidden || e.Status == http.StatusNotFound) {
		return true // half an answer, or that of something in front of it: that nothing is there is not said
	}
	return e.Status < 300 || e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout
}

// Is reports the code of err, e.g. M_NOT_FOUND.
func Is(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// Outcome is what became of a request, in words fit for a metric label.
type Outcome string

// The outcomes.
const (
	Answered   Outcome = "answered"   // as we asked
	Refused    Outcome = "refused"    // with an error of ours
	Limited    Outcome = "limited"    // 429
	Broken     Outcome = "broken"     // 5xx, or an answer that makes no sense
	Unanswered Outcome = "unanswered" // none, or none in time
	Repeated   Outcome = "repeated"   // tried again; the others count each try
)

// Outcomes are all outcomes.
var Outcomes = []Outcome{Answered, Refused, Limited, Broken, Unanswered, Repeated}

func outcome(e *Error) Outcome {
	switch {
	case e == nil:
		return Answered
	case e.Status == 0:
		return Unanswered
	case e.Status == http.StatusTooManyRequests:
		return Limited
	case e.Temporary():
		return Broken
	}
	return Refused
}

// verdict makes an Error of what gomatrix says.
func (t *try) verdict(err error) *Error {
	if err == nil {
		return nil
	}
	var refused gomatrix.HTTPError
	if errors.As(err, &refused) {
		return refusal(t.answer, refused.Contents)
	}
	e := &Error{Text: "the homeserver does not answer", Cause: err}
	if t.answer != nil && t.ctx.Err() == nil {
		e.Status, e.Text = t.answer.StatusCode, "the homeserver's answer cannot be read"
	}
	return e
}

// refusal makes an Error of an answer that is none of 2xx.
func refusal(a *http.Response, body []byte) *Error {
	var said struct {
		Code  string `json:"errcode"`
		Text  string `json:"error"`
		After int64  `json:"retry_after_ms"`
	}
	if json.Unmarshal(body, &said) != nil || said.Code == "" {
		said.Code, said.Text = "", "what answers is no Matrix homeserver, or something in front of it"
	}
	e := &Error{Status: a.StatusCode, Code: said.Code, Text: said.Text}
	if e.Status == http.StatusTooManyRequests {
		e.After = after(a.Header.Get("Retry-After"), said.After)
	}
	return e
}

// maxAfter bounds what a server can make us believe.
const maxAfter = 24 * time.Hour

// after reads how long to wait: from the header, seconds or a date (RFC 9110
// section 10.2.3), else from the old member of the body in milliseconds.
func after(header string, ms int64) time.Duration {
	if s, err := strconv.ParseUint(header, 10, 31); err == nil {
		return min(time.Duration(s)*time.Second, maxAfter)
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(time.Until(at), 0), maxAfter)
	}
	return min(time.Duration(min(max(ms, 0), maxAfter.Milliseconds()))*time.Millisecond, maxAfter)
}
