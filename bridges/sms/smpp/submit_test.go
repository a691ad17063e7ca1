package smpp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestSubmitAnswers(t *testing.T) {
	cases := []struct {
		name    string
		command command
		status  Status
		body    string
		id      string
		refused Status
	}{
		{"an id", cmdSubmit | response, OK, "a1b2\x00", "a1b2", OK},
		{"an id without its NUL", cmdSubmit | response, OK, "a1b2", "a1b2", OK},
		{"an empty id", cmdSubmit | response, OK, "\x00", "", OK},
		{"no body", cmdSubmit | response, OK, "", "", OK},
		{"more than the id", cmdSubmit | response, OK, "7\x00\x04\x24\x00\x00", "7", OK},
		{"an error without a body", cmdSubmit | response, InvalidDest, "", "", InvalidDest},
		{"an error with a body", cmdSubmit | response, SystemError, "\x00", "", SystemError},
		{"a generic_nack", cmdNack, InvalidCommand, "", "", InvalidCommand},
		{"a generic_nack that names no error", cmdNack, OK, "", "", UnknownError},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, Config{}, func(r *rig) {
				ce := r.bind()
				done := r.submit("hello")
				p := ce.expect(cmdSubmit)
				ce.say(c.command, c.status, p.sequence, c.body)
				got := <-done
				var status *StatusError
				if c.refused != OK {
					if !errors.As(got.err, &status) || status.Status != c.refused {
						t.Errorf("error %v, want status %v", got.err, c.refused)
					}
				} else if got.err != nil || got.id != c.id {
					t.Errorf("got %q, %v; want %q", got.id, got.err, c.id)
				}
			})
		})
	}
}

func TestSubmitInvalid(t *testing.T) {
	long := strings.Repeat("x", 300)
	cases := map[string]SubmitSM{
		"service_type":     {ServiceType: long},
		"source_addr":      {Source: Address{Addr: long}},
		"destination_addr": {Dest: Address{Addr: "1\x002"}},
		"validity_period":  {Validity: long},
		"short_message":    {ShortMessage: []byte(long)},
		"0x0424":           {TLVs: TLVs{{TagMessagePayload, make([]byte, 1<<16)}}},
		"optional":         {TLVs: TLVs{{0x1400, make([]byte, 0xFFFF)}, {0x1401, make([]byte, 0xFFFF)}}},
	}
	for field, m := range cases {
		_, err := New(Config{}, nil).Submit(t.Context(), Ticket{}, &m)
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// A full window blocks and drops nothing.
func TestWindowBlocks(t *testing.T) {
	bubble(t, Config{Window: 2}, func(r *rig) {
		ce := r.bind()
		var done []<-chan result
		for i := range 5 {
			done = append(done, r.submit(fmt.Sprint(i)))
		}
		open := []pdu{ce.expect(cmdSubmit), ce.expect(cmdSubmit)}
		for i := range 5 {
			ce.silent()
			ce.say(cmdSubmit|response, OK, open[0].sequence, fmt.Sprint(i))
			if got := <-done[i]; got.err != nil || got.id != fmt.Sprint(i) {
				t.Errorf("submit %d: %+v", i, got)
			}
			open = open[1:]
			if i < 3 {
				open = append(open, ce.expect(cmdSubmit))
			}
		}
	})
}

func TestSequenceWraps(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		ce := r.bind()
		r.c.session.ledger.sequence = maxSeq - 1
		first := r.submit("a")
		p := ce.expect(cmdSubmit)
		second := r.submit("b")
		q := ce.expect(cmdSubmit)
		if p.sequence != maxSeq || q.sequence != 1 {
			t.Errorf("sequence numbers %#x and %#x", p.sequence, q.sequence)
		}
		ce.say(cmdSubmit|response, OK, q.sequence, "b")
		ce.say(cmdSubmit|response, OK, p.sequence, "a")
		if a, b := <-first, <-second; a.id != "a" || b.id != "b" {
			t.Errorf("got %+v, %+v", a, b)
		}
	})
}

// An answer is for the request with its number and of its kind only.
func TestStrangeAnswers(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		ce := r.bind()
		done := r.submit("a")
		p := ce.expect(cmdSubmit)
		ce.say(cmdSubmit|response, OK, p.sequence+7, "wrong")
		ce.say(cmdEnquireLink|response, OK, p.sequence, "")
		ce.say(cmdNack, InvalidLength, 0, "")
		ce.say(0x80001234, OK, 77, "")
		ce.say(cmdSubmit|response, OK, p.sequence, "right")
		ce.say(cmdSubmit|response, OK, p.sequence, "again")
		if got := <-done; got.id != "right" {
			t.Errorf("got %+v", got)
		}
		synctest.Wait()
		if n := r.count(Late); n != 5 {
			t.Errorf("%d late answers, want 5", n)
		}
	})
}

// One submit without an answer is given up; the bind lives, as others are
// answered, and its late answer is for nobody.
func TestOneUnanswered(t *testing.T) {
	bubble(t, Config{Window: 2}, func(r *rig) {
		ce := r.bind()
		lost := r.submit("lost")
		p := ce.expect(cmdSubmit)
		r.pass(15 * time.Second)
		other := r.submit("other")
		q := ce.expect(cmdSubmit)
		ce.say(cmdSubmit|response, OK, q.sequence, "1")
		if got := <-other; got.err != nil {
			t.Error(got.err)
		}
		if got := <-lost; !errors.Is(got.err, ErrUnknown) {
			t.Errorf("got %+v", got)
		}
		ce.say(cmdSubmit|response, OK, p.sequence, "2")
		synctest.Wait()
		if r.count(Late) != 1 || r.count(Unanswered) != 1 || r.count(Binds) != 1 {
			t.Errorf("counted %v", r.counts)
		}
	})
}

// A context that ends while the answer is due gives an unknown outcome, and
// the place in the window comes back with the answer.
func TestContextEnds(t *testing.T) {
	bubble(t, Config{Window: 1}, func(r *rig) {
		ce := r.bind()
		ctx, cancel := context.WithCancel(r.Context())
		first := r.submitIn(ctx, "first")
		p := ce.expect(cmdSubmit)
		waiting, stop := context.WithCancel(r.Context())
		second := r.submitIn(waiting, "second")
		third := r.submit("third")
		cancel()
		stop()
		if got := <-first; !errors.Is(got.err, ErrUnknown) || !errors.Is(got.err, context.Canceled) {
			t.Errorf("first: %v", got.err)
		}
		if got := <-second; errors.Is(got.err, ErrUnknown) || !errors.Is(got.err, context.Canceled) {
			t.Errorf("second: %v", got.err)
		}
		ce.silent()
		ce.say(cmdSubmit|response, OK, p.sequence, "late")
		q := ce.expect(cmdSubmit)
		ce.say(cmdSubmit|response, OK, q.sequence, "3")
		if got := <-third; got.id != "3" || r.count(Late) != 1 {
			t.Errorf("third: %+v, counted %v", got, r.counts)
		}
	})
}
