package component

import (
	"errors"
	"net"
	"testing"
	"time"

	"causeway/component/componenttest"
)

// ping wants the next stanza to be a settlement ping.
func ping(t testing.TB, s *componenttest.Conn) *componenttest.Node {
	t.Helper()
	n := s.Next()
	if n.Child("urn:xmpp:ping", "ping") == nil {
		t.Fatal("got", n, "want a ping")
	}
	return n
}

// held opens a stream whose pings the test answers; the first is answered.
func held(r *rig) *componenttest.Conn {
	r.t.Helper()
	r.Link.t.settle = time.Hour
	r.start()
	s := r.srv.AcceptRaw()
	s.HoldPings()
	s.Handshake("1", testSecret)
	r.rec.want("up")
	s.AnswerPing(ping(r.t, s))
	ping(r.t, s)
	return s
}

func keys(e event) (n []uint64) {
	for _, k := range e.keys {
		n = append(n, k.Cycle)
	}
	return n
}

func (r *rig) settles(from, to uint64) {
	r.t.Helper()
	for k := from; k <= to; {
		for _, got := range keys(r.rec.want("settled")) {
			if got != k {
				r.t.Fatalf("settled %d, want %d", got, k)
			}
			k++
		}
	}
}

// Ten messages bring a ping; what follows waits for the answer to it.
func TestSettlement(t *testing.T) {
	r := newRig(t)
	s := held(r)
	for k := range uint64(10) {
		r.send("m", k+1)
	}
	for range 10 {
		s.Receive(sent("m"))
	}
	first := ping(t, s)
	for k := range uint64(10) {
		r.send("m", k+11)
	}
	for range 10 {
		s.Receive(sent("m"))
	}
	r.send("keyless", 0)
	s.Receive(sent("keyless")) // and no second ping before it
	s.AnswerPing(first)
	r.settles(1, 10)
	s.AnswerPing(ping(t, s))
	r.settles(11, 20)
}

// A lone message is asked for after a moment.
func TestSettlementOfOne(t *testing.T) {
	r := newRig(t)
	s := r.up()
	r.send("m", 7)
	s.Receive(sent("m"))
	r.settles(7, 7)
}

// While TCP lives nothing is written twice, however late an answer is. On the
// next connection what is not settled comes again with the same id, in order,
// before what is new, and without what has no key.
func TestResent(t *testing.T) {
	r := newRig(t)
	s := held(r)
	for k := range uint64(10) {
		r.send("settled", k+1)
		s.Receive(sent("settled"))
	}
	s.AnswerPing(ping(t, s))
	r.settles(1, 10)
	r.send("a", 11)
	r.send("keyless", 0)
	r.send("b", 12)
	s.Receive(sent("a"))
	s.Receive(sent("keyless"))
	s.Receive(sent("b"))
	s.Close()
	r.rec.want("down")
	r.send("c", 13)
	s = r.srv.Accept()
	s.Receive(sent("a"))
	s.Receive(sent("b"))
	s.Receive(sent("c"))
	r.send("d", 0)
	s.Receive(sent("d"))
	r.rec.want("up")
	r.settles(11, 13)
}

// A server that owes an answer and says nothing is given up, though nothing is
// to be written.
func TestSilence(t *testing.T) {
	r := newRig(t)
	r.Link.t.silence = 20 * time.Millisecond
	r.start()
	s := r.srv.AcceptRaw()
	s.HoldPings()
	s.Handshake("1", testSecret)
	r.rec.want("up")
	if e := r.rec.want("down"); !errors.Is(e.err, errSilent) {
		t.Error("down:", e.err)
	}
	r.srv.AcceptRaw()
}

// stuck is a Keeper whose process does nothing any more, with a duplicate of
// each connection.
type stuck struct {
	holder
	t testing.TB
}

func (k *stuck) Hold(name string, c net.Conn) error {
	f, err := c.(*net.TCPConn).File()
	if err != nil {
		return err
	}
	k.t.Cleanup(func() { _ = f.Close() })
	return k.holder.Hold(name, c)
}

// A connection that is given up ends for the server, though a keeper has it
// open and is stuck.
func TestGivenUpBesideKeeper(t *testing.T) {
	r := newRig(t)
	r.c.Keeper = &stuck{holder: holder{conns: map[string]net.Conn{}}, t: t}
	r.Link = New(r.c, r.rec, r.j)
	r.hasten()
	r.Link.t.silence = 20 * time.Millisecond
	r.start()
	s := r.srv.AcceptRaw()
	s.HoldPings()
	s.Handshake("1", testSecret)
	r.rec.want("up")
	r.rec.want("down")
	s.Eof()
}

// A server that gives an answer to somebody else, as ejabberd does to a
// connection that was given up and is still registered, is asked again: what
// was written is settled on the same connection, and not written once more.
func TestAskedAgain(t *testing.T) {
	r := newRig(t)
	r.Link.t.silence = patience / 2
	r.start()
	s := r.srv.AcceptRaw()
	s.HoldPings()
	s.Handshake("1", testSecret)
	r.rec.want("up")
	elsewhere := []*componenttest.Node{ping(t, s), ping(t, s)}
	comes := func(id string) {
		t.Helper()
		n := s.Next()
		for ; n.Local == "iq"; n = s.Next() {
		}
		if n.Attr["id"] != id {
			t.Fatal("got", n, "want", id)
		}
	}
	r.send("m", 1)
	comes("m")
	s.AnswerPing(ping(t, s))
	r.settles(1, 1)
	for _, late := range elsewhere {
		s.AnswerPing(late)
	}
	r.send("n", 2)
	comes("n")
	s.AnswerPing(ping(t, s))
	r.settles(2, 2)
}

// A link that waits for its journal says nothing about the server.
func TestSilenceOfJournal(t *testing.T) {
	s := &stream{l: &Link{t: usualTiming}, born: time.Now().Add(-time.Hour)}
	for _, c := range []struct {
		name    string
		owed    time.Duration
		waiting time.Duration // since born; 0: the reader is at work
		want    bool
	}{
		{"both", 2 * time.Minute, time.Minute, true},
		{"nothing owed", 0, time.Minute, false},
		{"the reader is at work", time.Hour, 0, false},
		{"the reader has just come back", time.Hour, time.Hour - time.Second, false},
	} {
		s.waiting.Store(int64(c.waiting))
		if s.silent(c.owed) != c.want {
			t.Error(c.name)
		}
	}
}

// An idle stream is kept alive by pings.
func TestKeepAlivePing(t *testing.T) {
	r := newRig(t)
	r.Link.t.keepAlive = time.Millisecond
	s := held(r)
	for range 3 {
		s.AnswerPing(ping(t, s))
	}
}
