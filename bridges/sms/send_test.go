package sms

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"causeway/bridges"
)

// scripted is a bridge bound to a scripted centre, and a session of it.
func scripted(t *testing.T, change func(*Config), answers ...answer) (*scriptedCentre, *Bridge, bridges.Session) {
	t.Helper()
	s := newScript(t, answers...)
	c := config(s.address())
	if change != nil {
		change(&c)
	}
	b := newBridge(t, c)
	run(t, b)
	return s, b, open(t, b)
}

var long = strings.Repeat("x", 153) + strings.Repeat("y", 153) + "z"

func wantError(t *testing.T, err error, kind bridges.Kind, words string) {
	t.Helper()
	var e *bridges.Error
	if !errors.As(err, &e) || e.Kind != kind || !strings.Contains(e.Text, words) {
		t.Errorf("error %v, want one of kind %d with %q", err, kind, words)
	}
}

// wentOn checks that long came in two attempts, of which the second began with
// the part that the first one failed at, under the same reference.
func (s *scriptedCentre) wentOn(t *testing.T) {
	t.Helper()
	var order, refs []string
	for _, got := range s.submits() {
		i := strings.Index(got, "\x05\x00\x03")
		refs = append(refs, got[i+3:i+4])
		order = append(order, got[i+5:i+7])
	}
	if !slices.Equal(order, []string{"\x01x", "\x02y", "\x02y", "\x03z"}) {
		t.Errorf("parts %q", order)
	}
	if slices.Sort(refs); refs[0] != refs[3] {
		t.Errorf("references %q", refs)
	}
}

// A part that the centre does not take for now is where the next attempt goes
// on: nothing is sent twice, and the reference is the same.
func TestAttemptGoesOnWhereTheLastStopped(t *testing.T) {
	s, _, se := scripted(t, nil, answer{}, answer{status: 0x64})
	_, err := se.Send(t.Context(), message(long))
	wantError(t, err, bridges.Temporary, "not sent")
	ids, err := se.Send(t.Context(), message(long))
	if err != nil || len(ids) != 3 {
		t.Fatal(ids, err)
	}
	s.wentOn(t)
}

func TestPartThatIsRefused(t *testing.T) {
	s, b, se := scripted(t, nil, answer{}, answer{status: 0x45})
	for range 2 { // until it is settled, the outcome stays
		_, err := se.Send(t.Context(), message(long))
		wantError(t, err, bridges.Rejected, "Of its 3 parts 1 were sent")
	}
	b.Settled(message(long).Key)
	if _, err := se.Send(t.Context(), message(long)); err != nil {
		t.Fatal(err)
	}
	if n := len(s.submits()); n != 5 {
		t.Errorf("%d submits: the next attempt must begin anew", n)
	}
}

func TestLostAnswerIsUnknown(t *testing.T) {
	_, _, se := scripted(t, nil, answer{hangUp: true})
	_, err := se.Send(t.Context(), message("hello"))
	wantError(t, err, bridges.Unknown, "may have been sent")
}

// Only with unknown: resend is there a next attempt, which repeats the part in
// doubt and none that the centre has.
func TestLostAnswerOfAPart(t *testing.T) {
	for rule, want := range map[string]int{unknownReport: 5, unknownResend: 4} {
		t.Run(rule, func(t *testing.T) {
			s, b, se := scripted(t, func(c *Config) { c.Unknown = rule }, answer{}, answer{hangUp: true})
			_, err := se.Send(t.Context(), message(long))
			wantError(t, err, bridges.Unknown, "may have been sent")
			next(t, b.host.(*fakeHost).ready) // bound again
			if rule == unknownReport {
				b.Settled(message(long).Key)
			}
			if ids, err := se.Send(t.Context(), message(long)); err != nil || len(ids) != 3 {
				t.Fatal(ids, err)
			}
			if n := len(s.submits()); n != want {
				t.Errorf("%d submits, want %d", n, want)
			}
		})
	}
}

func TestFailover(t *testing.T) {
	first, second := newScript(t), newScript(t)
	b := newBridge(t, config(first.address(), second.address()))
	h := run(t, b)
	next(t, h.ready)
	se := open(t, b)
	if _, err := se.Send(t.Context(), message("one")); err != nil {
		t.Fatal(err)
	}
	first.end()
	down(t, b, b.connectors[0])
	if _, err := se.Send(t.Context(), message("two")); err != nil {
		t.Fatal(err)
	}
	if got := second.submits(); len(got) == 0 || !strings.Contains(got[len(got)-1], "two") {
		t.Errorf("the second centre got %q", got)
	}
	if _, err := b.State(); err != nil {
		t.Errorf("with one connector up: %v", err)
	}
}

// down waits until a connector has lost its bind.
func down(t *testing.T, b *Bridge, c *connector) {
	t.Helper()
	se := open(t, b)
	for c.up() {
		_, _ = se.Send(t.Context(), message("between"))
	}
}

// A message of which the first centre has a part goes on by the second, or
// begins anew there when that cuts it in another way. While none is up its
// progress is kept.
func TestAttemptGoesOnElsewhere(t *testing.T) {
	for alphabet, want := range map[string]int{alphabetGSM: 2, "latin1": 3} {
		t.Run(alphabet, func(t *testing.T) {
			first, second := newScript(t, answer{}, answer{status: 0x64}), newScript(t)
			c := config(first.address(), second.address())
			c.Connectors[1].SMPP.Alphabet = alphabet
			b := newBridge(t, c)
			h := run(t, b)
			next(t, h.ready)
			se := open(t, b)
			_, err := se.Send(t.Context(), message(long))
			wantError(t, err, bridges.Temporary, "not sent")
			first.end()
			down(t, b, b.connectors[0])
			both := b.connectors
			b.connectors = b.connectors[:1]
			for range 2 {
				_, err = se.Send(t.Context(), message(long))
				wantError(t, err, bridges.Temporary, "cannot be reached")
			}
			b.connectors = both
			before := len(second.submits())
			if ids, err := se.Send(t.Context(), message(long)); err != nil || len(ids) != 3 {
				t.Fatal(ids, err)
			}
			if n := len(second.submits()) - before; n != want {
				t.Errorf("%d submits to the second centre, want %d", n, want)
			}
		})
	}
}

func TestNoConnector(t *testing.T) {
	s, b, se := scripted(t, nil)
	s.end()
	down(t, b, b.connectors[0])
	_, err := se.Send(t.Context(), message("hello"))
	wantError(t, err, bridges.Temporary, "cannot be reached")
	if _, err := b.State(); err == nil || !strings.Contains(err.Error(), s.address()) {
		t.Errorf("the state is %v", err)
	}
}

func TestWhatCannotBeSent(t *testing.T) {
	s, b, se := scripted(t, nil)
	for _, c := range []struct {
		chat  bridges.ChatID
		text  string
		kind  bridges.Kind
		words string
	}{
		{"476f;phone-context=alphanumeric", "x", bridges.Unsupported, "nobody can answer"},
		{"nobody", "x", bridges.Malformed, example},
		{phone, strings.Repeat("a", 1000), bridges.TooLong, "918"},
	} {
		m := message(c.text)
		m.Chat = c.chat
		_, err := se.Send(t.Context(), m)
		wantError(t, err, c.kind, c.words)
	}
	if n := len(s.submits()); n != 0 {
		t.Errorf("%d submits", n)
	}
	if _, err := b.Open(t.Context(), bridges.Account{ID: alice, Self: "nobody"}); bridges.KindOf(err) != bridges.Internal || err == nil {
		t.Errorf("a session without a number: %v", err)
	}
}

// Which parts ask for a receipt, and which ids the gateway waits for.
func TestReceiptsRule(t *testing.T) {
	for _, c := range []struct {
		rule  string
		asked string
		ids   int
	}{{receiptsAll, "\x01\x01\x01", 3}, {receiptsLast, "\x00\x00\x01", 1}, {receiptsNone, "\x00\x00\x00", 3}} {
		t.Run(c.rule, func(t *testing.T) {
			s, b, se := scripted(t, func(cfg *Config) { cfg.Receipts = c.rule })
			ids, err := se.Send(t.Context(), message(long))
			if err != nil || len(ids) != c.ids {
				t.Fatal(ids, err)
			}
			asked := ""
			for _, got := range s.submits() {
				asked += got[strings.Index(got, "\x05\x00\x03")-5:][:1]
			}
			if asked != c.asked {
				t.Errorf("asked %q", asked)
			}
			if b.Info().Can.Has(bridges.CanReceipts) != (c.rule != receiptsNone) {
				t.Error("Info.Can")
			}
		})
	}
}

func TestCentreThatGivesNoID(t *testing.T) {
	_, _, se := scripted(t, nil, answer{noID: true}, answer{noID: true})
	seen := map[bridges.MessageID]bool{}
	for _, text := range []string{"one", "two"} {
		ids, err := se.Send(t.Context(), message(text))
		if err != nil || ids[0] == "" || seen[ids[0]] {
			t.Errorf("%v, %v", ids, err)
		}
		seen[ids[0]] = true
	}
}

func TestMemoryIsBounded(t *testing.T) {
	r := references{last: map[pair]byte{}}
	for i := range 3 * maxReferences {
		r.next(number, string(rune('a'+i)))
	}
	if len(r.last) > maxReferences {
		t.Errorf("%d references", len(r.last))
	}
	if one, two := r.next("a", "b"), r.next("a", "b"); two != one+1 {
		t.Errorf("references %d, %d", one, two)
	}
}
