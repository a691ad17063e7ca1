package component

import (
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"causeway/component/stanza"
)

var again = regexp.MustCompile(`again=(\S+)`)

// slowly wants a line of the log that announces a long pause.
func slowly(t *testing.T, line string) {
	t.Helper()
	m := again.FindStringSubmatch(line)
	if m == nil {
		t.Fatal("no pause in", line)
	}
	if d, err := time.ParseDuration(m[1]); err != nil || d < usualTiming.slow[0]/2 {
		t.Error("tried again soon:", line)
	}
}

func streamError(condition string) string {
	return "<stream:error><" + condition + " xmlns='" + nsStreams + "'>other.example</" + condition + ">" +
		"<text xmlns='" + nsStreams + "'>why it is</text></stream:error></stream:stream>"
}

// soon is how often a refusal is tried again soon, because the server may not
// have seen yet that a predecessor was killed.
var soon = map[string]int{"conflict": 2}

// What an administrator must mend is said in words and tried again slowly,
// whether the server says it in the handshake or later.
func TestRefusedSlowly(t *testing.T) {
	for _, c := range []struct{ number, condition, log string }{
		{"0114.7", "not-authorized", "wrong secret for " + testDomain + " on 127.0.0.1:"},
		{"0114.8", "host-unknown", "configure it there as an external component"},
		{"0114.8", "conflict", "give this bridge another domain"},
		{"0114.8", "invalid-namespace", "no component port"},
		{"0114.8", "improper-addressing", "the name of the domain"},
		{"0114.10", "see-other-host", "not followed"},
		{"0114.12", "invalid-from", "refuses an address"},
	} {
		for _, open := range []bool{false, true} {
			t.Run(c.number+" "+c.condition, func(t *testing.T) {
				r := newRig(t)
				r.start()
				for range soon[c.condition] {
					if !open {
						r.refuse(c.condition, open)
						r.logged(c.log)
					}
				}
				r.refuse(c.condition, open)
				slowly(t, r.logged(c.log, "level=ERROR", "why it is"))
				if _, _, why := r.State(); why == nil || !strings.Contains(why.Error(), c.condition) {
					t.Error("State says", why)
				}
			})
		}
	}
}

// refuse ends the next stream, in its handshake or when it is open.
func (r *rig) refuse(condition string, open bool) {
	r.t.Helper()
	s := r.srv.AcceptRaw()
	if open {
		s.Handshake("1", testSecret)
		r.rec.want("up")
	} else {
		s.ReadHeader()
		s.Write(s.Header("1"))
		s.ReadHandshake()
	}
	s.Write(streamError(condition))
	s.Close()
}

// What passes by itself is tried again soon, with the new stream's id (0114.9).
func TestEndedSoon(t *testing.T) {
	for _, text := range []string{
		"", endTag, streamError("system-shutdown"), streamError("connection-timeout"), streamError("reset"),
		streamError("resource-constraint"), streamError("internal-server-error"), streamError("undefined-condition"),
		"<stream:error/>",
	} {
		t.Run("0114.9 "+text, func(t *testing.T) {
			r := newRig(t)
			s := r.up()
			s.Write(text)
			s.Close()
			r.rec.want("down")
			r.srv.AcceptRaw().Handshake("another id", testSecret)
			r.rec.want("up")
		})
	}
}

func refusal(condition string) error { return &stanza.StreamError{Condition: condition} }

// TestBackoff names what is tried and how long each pause is at most; it is
// half of that at least.
func TestBackoff(t *testing.T) {
	fast, slow := usualTiming.retry[0], usualTiming.slow[0]
	type tries []error
	for _, c := range []struct {
		name string
		errs tries
		up   time.Duration // of each stream
		want []time.Duration
	}{
		{"0114.9 growing", tries{io.EOF, io.EOF, io.EOF, refusal("reset")}, 0, []time.Duration{fast, 2 * fast, 4 * fast, 8 * fast}},
		{
			"0114.8 slow from the first",
			tries{refusal("host-unknown"), refusal("host-unknown"), refusal("host-unknown")},
			0,
			[]time.Duration{slow, 2 * slow, 4 * slow},
		},
		{"a good stream begins anew", tries{io.EOF, io.EOF, io.EOF}, time.Hour, []time.Duration{fast, fast, fast}},
		{"a short one does not", tries{io.EOF, io.EOF, io.EOF}, time.Second, []time.Duration{fast, 2 * fast, 4 * fast}},
		{
			"0114.11 replaced again and again",
			tries{refusal("conflict"), refusal("conflict"), refusal("conflict")},
			time.Hour,
			[]time.Duration{slow, 2 * slow, 4 * slow},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := backoff{t: usualTiming}
			for i, err := range c.errs {
				if d := b.next(err, c.up); d < c.want[i]/2 || d > c.want[i] {
					t.Errorf("pause %d is %s, want up to %s", i, d, c.want[i])
				}
			}
		})
	}
}

// Openfire needs a moment to see our last connection go.
func TestConflictWithOurselves(t *testing.T) {
	b := backoff{t: usualTiming}
	b.next(io.EOF, time.Second)
	if d := b.next(refusal("conflict"), 0); d > time.Second {
		t.Error("the first pause is", d)
	}
	if d := b.next(refusal("conflict"), 0); d < usualTiming.slow[0]/2 {
		t.Error("the second pause is", d)
	}
}

func TestBackoffBounds(t *testing.T) {
	b := backoff{t: usualTiming}
	seen := map[time.Duration]bool{}
	for range 100 {
		d := b.next(errors.New("any"), 0)
		if d > usualTiming.retry[1] {
			t.Fatal("too long:", d)
		}
		seen[d] = true
	}
	if len(seen) < 50 {
		t.Error("no jitter")
	}
}
