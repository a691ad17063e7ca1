package component

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"causeway/component/componenttest"
	"causeway/component/stanza"
)

// However a connection ends, what came whole is handled, the rest is not, and
// the next connection works.
func TestConnectionEnds(t *testing.T) {
	half := chat("half")[:60]
	for _, c := range []struct {
		name string
		end  func(s *componenttest.Conn)
	}{
		{"FIN", func(s *componenttest.Conn) { s.Close() }},
		{"RST", func(s *componenttest.Conn) { s.Reset() }},
		{"half-closed", func(s *componenttest.Conn) { s.HalfClose() }},
		{"cut in mid-stanza", func(s *componenttest.Conn) { s.Write(half); s.Close() }},
		{"cut in mid-character", func(s *componenttest.Conn) { s.Write(half + "é"[:1]); s.HalfClose() }},
		{"RST in mid-stanza", func(s *componenttest.Conn) { s.Write(half); s.Reset() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			s := r.up()
			s.Send(chat("whole"))
			r.hears("whole")
			c.end(s)
			r.rec.want("down")
			s = r.srv.Accept()
			r.rec.want("up")
			s.Send(chat("again"))
			r.hears("again")
			if got := fmt.Sprint(r.j.stanzas()); got != "[whole again]" {
				t.Error("journalled", got)
			}
		})
	}
}

// What the server has handed over before it died is taken, though the journal
// blocks for long and nothing can be written any more.
func TestServerDies(t *testing.T) {
	r := newRig(t)
	r.j.block, r.j.blocked = make(chan struct{}), make(chan struct{}, 1)
	written := make(chan struct{}, 100)
	r.step = func(step string) error {
		if step == "noted write" {
			written <- struct{}{}
		}
		return nil
	}
	s := r.up()
	s.Send(chat("1"))
	<-r.j.blocked
	s.Send(chat("2") + chat("3"))
	s.Reset()
	r.send("unwritable", 1)
	<-written
	close(r.j.block)
	for _, id := range []string{"1", "2", "3"} {
		r.hears(id)
	}
	r.rec.want("down")
	r.srv.Accept().Receive(sent("unwritable"))
}

// The reader never waits for the writer: a server that reads nothing is still
// heard, also what the link answers by itself.
func TestSlowPeer(t *testing.T) {
	r := newRig(t)
	s := r.deaf()
	large := message("", strings.Repeat("x", 60<<10))
	r.fill(func(uint64) (*stanza.Out, Key) { return large, Key{} })
	in := strings.Repeat(from("iq", " type='get' id='"+strings.Repeat("1", 1000)+"'", ""), 4000)
	s.Write(in + chat("alive"))
	r.hears("alive")
	if r.out.queued > maxOwn+maxQueue {
		t.Error("queued", r.out.queued)
	}
	s.Open()
	r.send("last", 1)
	r.settles(1, 1)
}

// A server that reads nothing is given up in the end.
func TestStuckPeer(t *testing.T) {
	r := newRig(t)
	r.Link.t.silence = 50 * time.Millisecond
	r.deaf()
	large := message("", strings.Repeat("x", 60<<10))
	r.fill(func(uint64) (*stanza.Out, Key) { return large, Key{} })
	r.rec.want("down")
}

// A journal that blocks stops reading, and nothing is confirmed; then all goes
// on by itself.
func TestJournalBlocks(t *testing.T) {
	r := newRig(t)
	var noted atomic.Int32
	r.step = func(step string) error {
		if step == "noted" {
			noted.Add(1)
		}
		return nil
	}
	s := held(r)
	s.Send(chat("0"))
	r.hears("0")
	before := noted.Load()
	r.j.mu.Lock()
	r.j.block, r.j.blocked = make(chan struct{}), make(chan struct{}, 1)
	r.j.mu.Unlock()
	s.Send(chat("1"))
	<-r.j.blocked
	s.Send(chat("2"))
	r.send("out", 0) // the writer goes on
	s.Receive(sent("out"))
	if noted.Load() != before || len(r.rec.events) > 0 {
		t.Error("read on without the journal")
	}
	close(r.j.block)
	if e := r.hears("1"); e.key != (Key{Cycle: 2}) {
		t.Error("key", e.key)
	}
	r.hears("2")
}

func TestJournalFails(t *testing.T) {
	r := newRig(t)
	r.Link.t.journal = time.Millisecond
	r.j.fails = 3
	s := r.up()
	s.Send(chat("1") + chat("2"))
	r.logged("the journal fails", "disk full")
	r.hears("1")
	r.hears("2")
	if got := fmt.Sprint(r.j.stanzas()); got != "[1 2]" {
		t.Error("journalled", got)
	}
}

// panicking is a handler that fails at everything.
type panicking struct{ *recorder }

func (p panicking) Up(fresh bool)                  { p.recorder.Up(fresh); panic("in Up") }
func (p panicking) Handle(s *stanza.Stanza, k Key) { p.recorder.Handle(s, k); panic("in Handle") }
func (p panicking) Settled(k []Key, done func())   { p.recorder.Settled(k, done); panic("in Settled") }
func (p panicking) Down(err error)                 { p.recorder.Down(err); panic("in Down") }

// A panic in a handler costs an IQ its answer, and the stream nothing.
func TestPanic(t *testing.T) {
	r := newRig(t)
	r.h = panicking{r.rec}
	s := r.up()
	r.logged("panic", "in Up")
	s.Send(from("message", " id='1'", "<body/>"))
	r.hears("1")
	r.logged("panic", "in Handle", "fault_test.go")
	s.Send(from("iq", " type='set' id='2'", empty))
	r.hears("2")
	s.Receive(refusedWith("iq", " id='2'", "cancel", "internal-server-error"))
	r.send("m", 1)
	s.Receive(sent("m"))
	r.settles(1, 1)
	r.logged("panic", "in Settled")
	s.Close()
	r.rec.want("down")
	r.logged("panic", "in Down")
	r.srv.Accept()
	r.rec.want("up")
}

// An answer of the kind that nobody asked for, or an error to an error, is
// never sent (6120.7).
func TestReplyIsNoLoop(t *testing.T) {
	for _, typ := range []string{"error", "result"} {
		s := &stanza.Stanza{Kind: stanza.IQ, From: "u@example.org", To: testDomain, Type: typ}
		if _, ok := (&stanza.Error{Condition: "bad-request"}).Reply(s); ok {
			t.Error(typ, "is answered")
		}
	}
}

func TestSecretDoesNotPrint(t *testing.T) {
	c := Config{Domain: testDomain, Secret: "hush", Address: "127.0.0.1:1"}
	text := fmt.Sprintf("%v %+v %#v %s %q %x", c, c, c, c.Secret, c.Secret, c.Secret) + c.Secret.LogValue().String()
	if strings.Contains(text, "hush") || strings.Contains(text, "68757368") {
		t.Error(text)
	}
	if err := c.explain(errors.New("x")); strings.Contains(err.Error(), "hush") {
		t.Error(err)
	}
}
