package component

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"causeway/component/stanza"
)

// ended waits until Run has returned.
func (r *rig) ended() {
	r.t.Helper()
	select {
	case err := <-r.done:
		if err != nil {
			r.t.Error("Run:", err)
		}
		r.done <- nil
	case <-time.After(patience):
		r.t.Fatal("Run does not end")
	}
}

// TestClosing is the order of the design: unavailable presence, settling, the
// end of the stream, all that the server still has, end of file. Never FIN
// first: the server's last stanzas are read and journalled.
func TestClosing(t *testing.T) {
	r := newRig(t)
	r.Link.t.drain, r.Link.t.calm = patience, patience
	s := held(r)
	r.send("m", 1)
	s.Receive(sent("m"))
	o := &stanza.Out{Kind: stanza.Presence, From: testDomain, To: "u@example.org", Type: "unavailable"}
	if err := r.Send(t.Context(), o, Key{}); err != nil {
		t.Error(err)
	}
	r.cancel(nil)
	s.Receive("<presence from='" + testDomain + "' to='u@example.org' type='unavailable'/>")
	s.AnswerPing(ping(t, s))
	r.settles(1, 1)
	if n := s.Next(); n.Local != "end" {
		t.Fatal("got", n, "want the end")
	}
	s.Send(chat("late"))
	r.hears("late")
	s.Send(chat("later") + endTag)
	r.hears("later")
	if e := r.rec.want("down"); !errors.Is(e.err, errEnded) {
		t.Error("down:", e.err)
	}
	r.ended()
	if rest := s.Eof(); len(rest) > 0 {
		t.Error("behind the end:", rest)
	}
	if got := r.j.stanzas(); len(got) != 2 {
		t.Error("journalled", got)
	}
}

// While the server sends, the stream does not end: what an ejabberd routes at
// that moment is lost.
func TestClosingCalm(t *testing.T) {
	r := newRig(t)
	r.Link.t.drain, r.Link.t.quiet, r.Link.t.calm = patience, patience, patience
	s := held(r)
	r.send("m", 1)
	s.Receive(sent("m"))
	r.cancel(nil)
	s.AnswerPing(ping(t, s))
	r.settles(1, 1)
	for n := range 10 {
		id := fmt.Sprint("of a burst ", n)
		s.Send(chat(id))
		r.hears(id)
		r.send(id, 0)
		s.Receive(sent(id))
	}
	s.End()
	r.ended()
}

// What is not settled in time is settled by what is read until the end.
func TestClosingLateSettlement(t *testing.T) {
	r := newRig(t)
	r.Link.t.drain = time.Millisecond
	s := held(r)
	r.send("m", 1)
	s.Receive(sent("m"))
	r.cancel(nil)
	late := ping(t, s)
	if n := s.Next(); n.Local != "end" {
		t.Fatal("got", n, "want the end")
	}
	s.AnswerPing(late)
	r.settles(1, 1)
	s.End()
	r.ended()
}

// Each way in which a server can drag it out is bounded.
func TestClosingBounded(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(r *rig)
	}{
		{"the server does not end", func(r *rig) { r.up(); r.cancel(nil) }},
		{"the journal blocks", func(r *rig) {
			r.j.block, r.j.blocked = make(chan struct{}), make(chan struct{}, 1)
			r.up().Send(chat("1"))
			<-r.j.blocked
			r.cancel(nil)
		}},
		{"in the handshake", func(r *rig) { r.start(); r.srv.AcceptRaw(); r.cancel(nil) }},
		{"between two tries", func(r *rig) {
			r.Link.t.retry[0] = time.Hour
			r.up().Close()
			r.logged("no link")
			r.cancel(nil)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.Link.t.closing, r.Link.t.drain, r.Link.t.calm = 50*time.Millisecond, 10*time.Millisecond, 10*time.Millisecond
			c.do(r)
			r.ended()
		})
	}
}

// A server that ends the stream gets our end, and then the connection closes.
func TestServerEnds(t *testing.T) {
	r := newRig(t)
	s := r.up()
	s.Send(chat("last") + endTag)
	r.hears("last")
	if n := s.Next(); n.Local != "end" {
		t.Error("got", n)
	}
	s.Eof()
	r.rec.want("down")
	r.srv.Accept()
	r.rec.want("up")
}
