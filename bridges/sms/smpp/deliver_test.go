package smpp

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A message is answered when Deliver has returned, with what it said; what
// comes meanwhile is the next batch, in order.
func TestDeliver(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		next := make(chan []Status)
		r.h.do = func([]*DeliverSM) []Status { return <-next }
		ce := r.bind()
		ce.deliver("one")
		synctest.Wait()
		for _, text := range []string{"two", "three", "four"} {
			ce.deliver(text)
		}
		ce.silent()
		next <- []Status{OK}
		p := ce.expect(cmdDeliver | response)
		if p.sequence != 1 || p.status != OK || string(p.body) != "\x00" {
			t.Errorf("answer %+v", p)
		}
		next <- []Status{OK, RejectAppError} // one too few
		for i, want := range []Status{OK, RejectAppError, SystemError} {
			if p := ce.expect(cmdDeliver | response); p.sequence != uint32(i+2) || p.status != want {
				t.Errorf("answer %d: %+v, want %v", i, p, want)
			}
		}
		if got, _ := r.h.got(); got != "one,two three four" {
			t.Errorf("batches %q", got)
		}
	})
}

// What one read brings is one batch.
func TestOneReadIsOneBatch(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		ce := r.bind()
		var all []byte
		for i, text := range []string{"one", "two", "three"} {
			start := len(all)
			all = begin(all, cmdDeliver, OK, uint32(i))
			all = end(appendSM(all, &SM{ShortMessage: []byte(text)}), start)
		}
		ce.raw(string(all) + string(all[:20]))
		for range 3 {
			ce.expect(cmdDeliver | response)
		}
		if got, _ := r.h.got(); got != "one two three" {
			t.Errorf("batches %q", got)
		}
	})
}

// A stop answers what is being delivered before it unbinds, and nothing after.
func TestStopWhileDelivering(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		release := r.h.hold()
		ce := r.bind()
		ce.deliver("one")
		synctest.Wait()
		r.stop()
		ce.silent()
		close(release)
		ce.expect(cmdDeliver | response)
		p := ce.expect(cmdUnbind)
		ce.deliver("two")
		ce.silent()
		ce.say(cmdUnbind|response, OK, p.sequence, "")
		ce.gone()
		if got, answered := r.h.got(); got != "one" || answered != "one" {
			t.Errorf("got %q, answered %q", got, answered)
		}
	})
}

// Messages that cannot be read are refused one by one; the bind lives.
func TestPoison(t *testing.T) {
	good := string(appendSM(nil, &SM{ShortMessage: []byte("text")}))
	data := string(appendData(nil, &SM{TLVs: TLVs{{TagMessagePayload, []byte("data")}}}))
	long := Address{Addr: strings.Repeat("1", maxCame+1)}
	cases := []struct {
		name    string
		command command
		body    string
		status  Status
	}{
		{"no body", cmdDeliver, "", InvalidLength},
		{"a text that is longer than the PDU", cmdDeliver, good[:len(good)-1], InvalidLength},
		{"an address without an end", cmdDeliver, "\x00\x01\x01123", InvalidLength},
		{"a parameter that is longer than the PDU", cmdDeliver, good + "\x04\x24\x00\x09abc", InvalidTLVLength},
		{"half a parameter", cmdDeliver, good + "\x04\x24\x00", InvalidTLVs},
		{"a data_sm with half a parameter", cmdData, data + "\x04", InvalidTLVs},
		{"a source too long to be any", cmdDeliver, string(appendSM(nil, &SM{Source: long})), InvalidSource},
		{"a destination too long to be any", cmdData, string(appendData(nil, &SM{Dest: long})), InvalidDest},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, Config{}, func(r *rig) {
				ce := r.bind()
				ce.say(c.command, OK, 40, c.body)
				if p := ce.expect(c.command | response); p.sequence != 40 || p.status != c.status {
					t.Errorf("answer %+v, want %v", p, c.status)
				}
				ce.say(cmdDeliver, OK, 41, good)
				ce.expect(cmdDeliver | response)
				ce.say(cmdData, OK, 42, data)
				ce.expect(cmdData | response)
				if got, _ := r.h.got(); got != "text,data" || r.count(Bad) != 1 || r.count(Binds) != 1 {
					t.Errorf("got %q, counted %v", got, r.counts)
				}
			})
		})
	}
}

// Where TCP tells nothing, an answer has arrived when the centre answers what
// was written after it.
func TestAnsweredByTheNextAnswer(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		ce := r.bind()
		ce.deliver("one")
		ce.expect(cmdDeliver | response)
		r.pass(10 * time.Second)
		if _, answered := r.h.got(); answered != "" {
			t.Errorf("answered too early: %q", answered)
		}
		p := ce.expect(cmdEnquireLink)
		ce.deliver("two")
		ce.expect(cmdDeliver | response)
		ce.say(cmdEnquireLink|response, OK, p.sequence, "")
		r.pass(10 * time.Second)
		if _, answered := r.h.got(); answered != "one" {
			t.Errorf("answered %q", answered)
		}
		ce.Close()
		ce = r.bind()
		if _, answered := r.h.got(); answered != "one" {
			t.Errorf("answered %q", answered)
		}
		ce.deliver("two")
		ce.expect(cmdDeliver | response)
		if r.h.streams[1] == r.h.streams[2] || r.h.streams[0] != r.h.streams[1] {
			t.Errorf("streams %v", r.h.streams)
		}
	})
}

// While messages are not safe, reading stops at a bound. That is not the
// centre's silence: the bind lives on, however long it takes.
func TestReadingStops(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		release := r.h.hold()
		ce := r.bind()
		done := r.submit("hello")
		p := ce.expect(cmdSubmit)
		stuck := make(chan int)
		go func() {
			for range 3 * maxInbox {
				ce.deliver(strings.Repeat("x", 200))
			}
			ce.say(cmdSubmit|response, OK, p.sequence, "1")
			close(stuck)
		}()
		r.pass(time.Hour)
		select {
		case <-stuck:
			t.Error("all was read")
		default:
		}
		close(release)
		for range 3 * maxInbox {
			ce.expect(cmdDeliver | response)
		}
		<-stuck
		if got := <-done; got.id != "1" || r.count(Binds) != 1 {
			t.Errorf("got %+v, counted %v", got, r.counts)
		}
	})
}

// A Deliver that waits for its store ends with the bind.
func TestDeliverEndsWithTheBind(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		h := &waiting{recorder: r.h}
		r.c.h = h
		ce := r.bind()
		ce.deliver("text")
		synctest.Wait()
		ce.Close()
		r.bind()
		if !h.ended {
			t.Error("Deliver has not ended")
		}
	})
}
