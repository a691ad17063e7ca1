package smpp

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Whatever comes in the place of a PDU's length, and however a connection
// ends: what is under way has an unknown outcome, and the client binds again.
func TestBrokenConnection(t *testing.T) {
	cases := map[string]string{
		"end of file":          "",
		"half a PDU":           "\x00\x00\x00\x20\x80\x00\x00\x04\x00\x00",
		"half a length":        "\x00\x00",
		"length 0":             "\x00\x00\x00\x00\x80\x00\x00\x04",
		"length 15":            "\x00\x00\x00\x0f\x80\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00",
		"length 0xFFFFFFFF":    "\xff\xff\xff\xff\x80\x00\x00\x04",
		"just over the limit":  "\x00\x02\x00\x01\x80\x00\x00\x04",
		"a web server":         "HTTP/1.1 400 Bad Request\r\n\r\n",
		"garbage after a PDU":  "\x00\x00\x00\x10\x80\x00\x00\x15\x00\x00\x00\x00\x00\x00\x00\x63\xde\xad\xbe\xef",
		"an unbind by the way": "\x00\x00\x00\x10\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00\x09",
	}
	for name, octets := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, Config{}, func(r *rig) {
				ce := r.bind()
				done := r.submit("hello")
				ce.expect(cmdSubmit)
				ce.raw(octets)
				if strings.Contains(name, "unbind") {
					ce.expect(cmdUnbind | response)
				} else if octets == "" || strings.HasPrefix(name, "half") {
					ce.Close()
				}
				if got := <-done; !errors.Is(got.err, ErrUnknown) {
					t.Errorf("got %+v, want an unknown outcome", got)
				}
				if _, err := r.c.State(); err == nil {
					t.Error("State says bound")
				}
				again := r.bind()
				done = r.submit("again")
				p := again.expect(cmdSubmit)
				again.say(cmdSubmit|response, OK, p.sequence, "2")
				if got := <-done; got.id != "2" {
					t.Errorf("got %+v", got)
				}
			})
		})
	}
}

// What was not written in full is certainly not with the centre.
func TestNotWritten(t *testing.T) {
	for _, read := range []int{0, 20} {
		t.Run(fmt.Sprint(read), func(t *testing.T) {
			bubble(t, Config{}, func(r *rig) {
				ce := r.bind()
				done := r.submit("first")
				behind := r.submit("behind")
				if _, err := ce.Read(make([]byte, read)); err != nil {
					t.Fatal(err)
				}
				ce.Close()
				for _, d := range []<-chan result{done, behind} {
					if got := <-d; !errors.Is(got.err, ErrNotBound) || errors.Is(got.err, ErrUnknown) {
						t.Errorf("got %+v, want ErrNotBound", got)
					}
				}
			})
		})
	}
}

// A centre that has forgotten the bind is asked for a new one, after the
// answers that are still due.
func TestBindForgotten(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		ce := r.bind()
		one, two := r.submit("1"), r.submit("2")
		first, second := ce.expect(cmdSubmit), ce.expect(cmdSubmit)
		ce.say(cmdSubmit|response, NotBound, first.sequence, "")
		var status *StatusError
		if got := <-one; !errors.As(got.err, &status) || status.Status.Class() != Temporary {
			t.Errorf("got %+v", got)
		}
		ce.say(cmdSubmit|response, OK, second.sequence, "id")
		if got := <-two; got.id != "id" {
			t.Errorf("got %+v", got)
		}
		begin := time.Now()
		ce.gone()
		if d := time.Since(begin); d > 0 {
			t.Errorf("the bind ends after %s", d)
		}
		r.bind()
	})
}

func TestSubmitUnbound(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		if got := <-r.submit("early"); !errors.Is(got.err, ErrNotBound) {
			t.Errorf("got %+v", got)
		}
	})
}

// A centre that takes submits and answers none is given up.
func TestWindowNeverAnswered(t *testing.T) {
	bubble(t, Config{Window: 2, EnquireEvery: time.Hour}, func(r *rig) {
		ce := r.bind()
		var done []<-chan result
		for i := range 3 {
			done = append(done, r.submit(fmt.Sprint(i)))
		}
		ce.expect(cmdSubmit)
		ce.expect(cmdSubmit)
		for i, want := range []error{ErrUnknown, ErrUnknown, ErrNotBound} {
			if got := <-done[i]; !errors.Is(got.err, want) {
				t.Errorf("submit %d: %+v, want %v", i, got, want)
			}
		}
		r.bind()
		if r.count(Unanswered) != 2 {
			t.Errorf("counted %v", r.counts)
		}
	})
}

func TestEnquireLink(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		ce := r.bind()
		for range 3 {
			p := ce.expect(cmdEnquireLink)
			ce.say(cmdEnquireLink|response, OK, p.sequence, "")
		}
		if n := r.count(Binds); n != 1 {
			t.Errorf("%d binds", n)
		}
		ce.expect(cmdEnquireLink)
		r.bind() // since there was no answer
	})
}

// A centre that does not read any more is given up.
func TestNobodyReads(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		r.bind()
		done := r.submit("hello")
		r.bind()
		if got := <-done; !errors.Is(got.err, ErrNotBound) {
			t.Errorf("got %+v", got)
		}
	})
}

// The centre's enquire_link is answered, also while a submit waits and while a
// message is being delivered; unknown requests are refused.
func TestCentreAsks(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		release := r.h.hold()
		ce := r.bind()
		done := r.submit("hello")
		p := ce.expect(cmdSubmit)
		ce.deliver("text")
		ce.say(cmdEnquireLink, OK, 5, "")
		if q := ce.expect(cmdEnquireLink | response); q.sequence != 5 || q.status != OK {
			t.Errorf("answer %+v", q)
		}
		ce.say(0x0000FFFF, OK, 6, "what?")
		if q := ce.expect(cmdNack); q.sequence != 6 || q.status != InvalidCommand {
			t.Errorf("answer %+v", q)
		}
		ce.say(cmdAlert, OK, 7, "\x00\x00\x00\x00\x00\x00")
		ce.silent()
		ce.say(cmdSubmit|response, OK, p.sequence, "1")
		if got := <-done; got.id != "1" {
			t.Errorf("got %+v", got)
		}
		close(release)
		ce.expect(cmdDeliver | response)
	})
}

// The client answers what is under way, then unbinds, then closes.
func TestUnbind(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		ce := r.bind()
		done := r.submit("hello")
		p := ce.expect(cmdSubmit)
		r.stop()
		ce.silent()
		if got := <-r.submit("late"); !errors.Is(got.err, ErrNotBound) {
			t.Errorf("late: %+v", got)
		}
		ce.deliver("meanwhile")
		ce.expect(cmdDeliver | response)
		ce.say(cmdSubmit|response, OK, p.sequence, "1")
		if got := <-done; got.id != "1" {
			t.Errorf("got %+v", got)
		}
		q := ce.expect(cmdUnbind)
		ce.say(cmdUnbind|response, OK, q.sequence, "")
		ce.gone()
		synctest.Wait()
		if n := r.count(Lost); n != 0 {
			t.Errorf("counted %v", r.counts)
		}
	})
}

// A stop does not wait for ever for a centre that answers nothing.
func TestUnbindUnanswered(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		ce := r.bind()
		done := r.submit("hello")
		ce.expect(cmdSubmit)
		began := time.Now()
		r.stop()
		ce.gone()
		if took := time.Since(began); took > leaveTime+unbindTime {
			t.Errorf("it took %v", took)
		}
		if got := <-done; !errors.Is(got.err, ErrUnknown) {
			t.Errorf("got %+v", got)
		}
	})
}
