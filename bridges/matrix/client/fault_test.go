package client

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// limit is a 429 with a header and a body.
func limit(header, body string) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		if header != "" {
			w.Header().Set("Retry-After", header)
		}
		says(http.StatusTooManyRequests, body)(w, r)
	}
}

// hangUp ends the connection without an answer.
func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// claims promises a body of 10 GB.
func claims(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", "10000000000")
	_, _ = w.Write([]byte(`{"event_id":"$`))
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

// floods sends a string without an end.
func floods(w http.ResponseWriter, _ *http.Request) {
	_, err := w.Write([]byte(`{"event_id":"`))
	for piece := []byte(strings.Repeat("x", 1<<16)); err == nil; {
		_, err = w.Write(piece)
	}
}

const limited = `{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests","retry_after_ms":7000}`

// fault is what becomes of an answer that is none, for calls that may be repeated
// and for one that may not.
type fault struct {
	name   string
	steps  []answer
	status int // of the error; -1: none
	code   string
	waits  []time.Duration
	once   int // requests of a call that may not be repeated; 0: as many
	counts map[Outcome]int
}

// good is the answer to both calls.
var good = says(200, `{"event_id":"$e","room_id":"!r"}`)

var faults = []fault{
	{
		"a limit with a header",
		[]answer{limit("2", limited), good},
		-1, "", seconds(2), 0,
		map[Outcome]int{Limited: 1, Repeated: 1, Answered: 1},
	},
	{"a limit with the old member only", []answer{limit("", limited), good}, -1, "", seconds(7), 0, nil},
	{"a limit that says nothing", []answer{limit("soon", "no"), good}, -1, "", seconds(0.5), 0, nil},
	{
		"limits without an end of their own",
		[]answer{limit("1", ""), limit("0", ""), limit("0", ""), limit("0", ""), good},
		-1, "",
		seconds(1, 1, 2, 4), 0, nil,
	},
	{
		"a limit longer than a call",
		[]answer{limit("31", limited)},
		429, "M_LIMIT_EXCEEDED", nil, 0,
		map[Outcome]int{Limited: 1},
	},
	{
		"a server that fails twice",
		[]answer{says(502, "<html>"), says(500, "{}"), good},
		-1, "", seconds(0.5, 1), 1,
		map[Outcome]int{Broken: 2, Repeated: 2, Answered: 1},
	},
	{"a server that fails", []answer{says(503, `{"errcode":"M_UNKNOWN","error":"down"}`)}, 503, "M_UNKNOWN", seconds(0.5, 1), 1, nil},
	{
		"a connection cut",
		[]answer{hangUp, good},
		-1, "", seconds(0.5), 1,
		map[Outcome]int{Unanswered: 1, Repeated: 1, Answered: 1},
	},
	{"no JSON once", []answer{says(200, "<html>"), good}, -1, "", seconds(0.5), 1, nil},
	{"no JSON", []answer{says(200, "hello")}, 200, "", seconds(0.5, 1), 1, nil},
	{"half an answer", []answer{says(200, `{"event_id":"$`)}, 200, "", seconds(0.5, 1), 1, nil},
	{"another shape", []answer{says(200, `{"event_id":{},"room_id":[]}`)}, 200, "", seconds(0.5, 1), 1, nil},
	{"10 GB by its own word", []answer{claims}, 200, "", nil, 0, map[Outcome]int{Refused: 1}},
	{"10 GB", []answer{floods}, 200, "", nil, 0, nil},
	{
		"a refusal",
		[]answer{says(403, `{"errcode":"M_FORBIDDEN","error":"no"}`)},
		403, "M_FORBIDDEN", nil, 0,
		map[Outcome]int{Refused: 1},
	},
	{"a refusal in HTML", []answer{says(404, "<html>")}, 404, "", []time.Duration{500 * time.Millisecond, time.Second}, 1, nil},
	{"half a refusal", []answer{says(404, `{"errcode":"M_NOT_FO`), good}, -1, "", []time.Duration{500 * time.Millisecond}, 1, nil},
	{"a refusal of another shape", []answer{says(400, `{"errcode":7}`)}, 400, "", nil, 0, nil},
	{"a redirect", []answer{func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
	}}, 307, "", nil, 0, nil},
}

func TestFaults(t *testing.T) {
	for _, c := range faults {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.steps...)
			_, err := r.As(ghost).Send(t.Context(), "!r", "m.x", "t", struct{}{})
			check(t, err, c.status, c.code)
			if !reflect.DeepEqual(r.waited, c.waits) {
				t.Errorf("waited %v, want %v", r.waited, c.waits)
			}
			if c.counts != nil && !reflect.DeepEqual(r.counts, c.counts) {
				t.Errorf("counted %v", r.counts)
			}
			all := len(r.asked)
			if c.once != 0 {
				all = c.once
			}
			once := newRig(t, c.steps...)
			_, _ = once.As(ghost).CreateRoom(t.Context(), Room{})
			if len(once.asked) != all {
				t.Errorf("a call that may not be repeated was made %d times, want %d", len(once.asked), all)
			}
		})
	}
}

func seconds(all ...float64) (d []time.Duration) {
	for _, s := range all {
		d = append(d, time.Duration(s*float64(time.Second)))
	}
	return d
}

// check compares an error; status -1 is none.
func check(t *testing.T, err error, status int, code string) {
	t.Helper()
	var e *Error
	switch {
	case status == -1 && err == nil:
	case !errors.As(err, &e) || e.Status != status || e.Code != code:
		t.Errorf("error is %v, want %d %s", err, status, code)
	case strings.Contains(err.Error(), token):
		t.Errorf("the token is in %v", err)
	}
}

// A limit says how long it lasts, for who has the time.
func TestLimitTooLong(t *testing.T) {
	r := newRig(t, limit("3600", limited))
	_, err := r.As(ghost).Send(t.Context(), "!r", "m.x", "t", struct{}{})
	var e *Error
	if !errors.As(err, &e) || e.After != time.Hour || !e.Temporary() {
		t.Errorf("got %v", err)
	}
}

func TestAfter(t *testing.T) {
	for _, c := range []struct {
		header string
		ms     int64
		want   time.Duration
	}{
		{"", 0, 0},
		{"", 1500, 1500 * time.Millisecond},
		{"0", 1500, 0},
		{"-5", -1500, 0},
		{"5", 1500, 5 * time.Second},
		{"99999999", 0, maxAfter},
		{"99999999999999999999", 1 << 62, maxAfter},
		{"Thu, 01 Jan 1970 00:00:00 GMT", 0, 0},
		{"Fri, 31 Dec 9999 23:59:59 GMT", 0, maxAfter},
	} {
		if d := after(c.header, c.ms); d != c.want {
			t.Errorf("%q, %d: %v, want %v", c.header, c.ms, d, c.want)
		}
	}
}

// A call ends with its context while the homeserver says nothing, and while its
// answer does not end.
func TestSlow(t *testing.T) {
	for name, begin := range map[string]string{"no header": "", "no end": `{"event_id":"`} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
				if begin != "" {
					says(200, begin)(w, r)
					w.(http.Flusher).Flush()
				}
				cancel()
				<-r.Context().Done()
			})
			_, err := r.As(ghost).Send(ctx, "!r", "m.x", "t", struct{}{})
			check(t, err, 0, "")
			if !errors.Is(err, context.Canceled) || len(r.asked) != 1 {
				t.Errorf("got %v after %d requests", err, len(r.asked))
			}
		})
	}
}

// transport is a function.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Whoever calls without a deadline has one, and the tries share it.
func TestDeadline(t *testing.T) {
	var ends []time.Time
	h, err := New(Config{URL: "http://hs", HTTP: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		end, _ := r.Context().Deadline()
		ends = append(ends, end)
		return nil, errors.New("refused")
	})}})
	if err != nil {
		t.Fatal(err)
	}
	h.wait = func(context.Context, time.Duration) error { return nil }
	before := time.Now()
	check(t, h.As(ghost).Join(t.Context(), "!r"), 0, "")
	if len(ends) != tries || ends[0].After(time.Now().Add(callTime)) || ends[0].Before(before.Add(callTime)) || ends[2] != ends[0] {
		t.Errorf("deadlines %v", ends)
	}
}

// What is no JSON is a fault of ours, and nothing is sent.
func TestUnspeakable(t *testing.T) {
	r := newRig(t, says(200, "{}"))
	_, err := r.As(ghost).Send(t.Context(), "!r", "m.x", "t", func() {})
	var e *Error
	if !errors.As(err, &e) || e.Temporary() || len(r.asked) != 0 {
		t.Errorf("got %v", err)
	}
}

// One connection serves one call after the other, whatever they are answered.
func TestConnectionStays(t *testing.T) {
	r := newRig(t, says(200, `{"event_id":"$e"}   `), says(403, `{"errcode":"M_FORBIDDEN"}`), says(404, "<html>"), says(200, `{}`))
	for range 6 {
		_ = r.As(ghost).Join(t.Context(), "!r")
	}
	for _, a := range r.asked {
		if a.peer != r.asked[0].peer {
			t.Errorf("%s and %s", r.asked[0].peer, a.peer)
		}
	}
}
