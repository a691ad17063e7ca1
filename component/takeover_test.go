package component

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"causeway/bridges/takeover"
	"causeway/component/componenttest"
)

// holder is a Keeper for a successor in the same process.
type holder struct {
	takeover.Memory
	mu    sync.Mutex
	conns map[string]net.Conn
}

func (h *holder) Hold(name string, c net.Conn) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns[name] = c
	return nil
}

func (h *holder) Adopt(name string) (net.Conn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.conns[name]; c != nil {
		return c, nil
	}
	return nil, takeover.ErrNone
}

func (h *holder) Drop(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c, ok := h.conns[name].(*net.TCPConn); ok {
		_ = c.CloseWrite()
		_ = c.CloseRead()
	}
	delete(h.conns, name)
}

func newHeldRig(t *testing.T) (*rig, *holder) {
	r, h := newRig(t), &holder{conns: map[string]net.Conn{}}
	r.c.Keeper = h
	r.Link = New(r.c, r.rec, r.j)
	r.hasten()
	return r, h
}

// successor takes over what r has left when it has ended.
func (r *rig) successor() *rig {
	n := &rig{t: r.t, srv: r.srv, rec: newRecorder(r.t), j: r.j, logs: make(lines, 1000)}
	c := r.c
	c.Log = slog.New(slog.NewTextHandler(n.logs, nil))
	n.Link = New(c, n.rec, n.j)
	n.Link.t = r.Link.t
	return n
}

// The marks agree with the kernel at every step, so a death there is harmless.
func TestMarks(t *testing.T) {
	r, h := newHeldRig(t)
	wrong := make(chan string, 10000)
	r.step = func(step string) error {
		if c, err := h.Adopt(testDomain + "/" + connName); err == nil {
			if why := disagrees(r.note, step, takeover.Count(c)); why != "" {
				wrong <- step + ": " + why
			}
		}
		return nil
	}
	r.Link.t.settleMax = 1000 // no ping in between
	s := held(r)
	for i := range 100 {
		id := fmt.Sprint(i)
		s.Send(chat(id)[:40])
		r.send(id, uint64(i+1))
		receive(t, s, id)
		s.Send(chat(id)[40:])
		r.hearsOf(id)
	}
	for len(wrong) > 0 {
		t.Error(<-wrong)
	}
}

// disagrees compares a mark with the kernel after a step of the goroutine that
// sets it.
func disagrees(n *note, step string, k takeover.Counts) string {
	good := true
	var m readMark
	var w writeMark
	switch step {
	case "peeked", "committed", "consumed", "dispatched":
		good = m.decode(n.read.Get()) && k.Read == m.offset
	case "noted":
		good = m.decode(n.read.Get()) && k.Read < m.offset
	case "noted write":
		good = w.decode(n.write.Get()) && k.Written-w.base == w.offset && len(w.batch) > 0
	case "written":
		good = w.decode(n.write.Get()) && k.Written-w.base == w.offset+uint64(len(w.batch))
	}
	if good {
		return ""
	}
	return fmt.Sprintf("the note says %d, %d+%d, the kernel %d, %d", m.offset, w.offset, len(w.batch), k.Read, k.Written-w.base)
}

// receive wants the next message to have this id; it answers pings, which the
// server then never does in the middle of a stanza of the test's.
func receive(t *testing.T, s *componenttest.Conn, id string) {
	t.Helper()
	for {
		n := s.Next()
		switch {
		case n.Child("urn:xmpp:ping", "ping") != nil:
			s.AnswerPing(n)
		case n.Attr["id"] != id:
			t.Fatal("got", n, "want", id)
		default:
			return
		}
	}
}

// hearsOf is hears among settlements.
func (r *rig) hearsOf(id string) {
	r.t.Helper()
	for {
		e := r.rec.next()
		if e.what == "settled" {
			continue
		}
		if e.what != "stanza" || e.s.ID != id {
			r.t.Fatalf("got %+v, want %s", e, id)
		}
		return
	}
}

var steps = []string{"peeked", "committed", "noted", "consumed", "dispatched", "noted write", "written"}

// However a link dies, its successor goes on with the same connection: nothing
// is lost, doubled or out of order, either way, and the server sees nothing.
func TestTakeover(t *testing.T) {
	for _, step := range steps {
		for _, after := range []int{0, 1, 2, 5} {
			t.Run(fmt.Sprint(step, " ", after), func(t *testing.T) { dies(t, step, after) })
		}
	}
}

const traffic = 40

func dies(t *testing.T, step string, after int) {
	r, _ := newHeldRig(t)
	r.step = dying(step, after)
	r.start()
	s := r.srv.AcceptRaw()
	s.HoldPings()
	s.Handshake("1", testSecret)
	r.rec.want("up")
	for i := range traffic { // the dead refuse it
		_ = r.Send(t.Context(), message(fmt.Sprint("o", i), "text"), Key{Cycle: uint64(i + 1)})
	}
	half := chat("i0")[:50]
	s.Send(half)
	s.Send(chat("i0")[50:])
	for i := 1; i < traffic; i++ {
		s.Send(chat(fmt.Sprint("i", i)))
	}
	r.cancel(takeover.ErrHandover) // if it has not died
	r.ended()
	n := r.successor()
	first := settledBy(r)
	n.start()
	for i := first; i < traffic; i++ { // as a gateway does from its journal
		n.send(fmt.Sprint("o", i), uint64(i+1))
	}
	for i := range traffic {
		receive(t, s, fmt.Sprint("o", i))
	}
	s.Send(chat("last"))
	s.AnswerPings()
	for e := n.rec.next(); e.s == nil || e.s.ID != "last"; e = n.rec.next() {
	}
	want := make([]string, 0, traffic+1)
	for i := range traffic {
		want = append(want, fmt.Sprint("i", i))
	}
	if got, want := fmt.Sprint(r.j.stanzas()), fmt.Sprint(append(want, "last")); got != want {
		t.Errorf("journalled\n%s, want\n%s", got, want)
	}
	n.settled()
	s.Close()
}

// dying kills the link at one of its steps.
func dying(step string, after int) func(string) error {
	var mu sync.Mutex
	dead := false
	return func(at string) error {
		mu.Lock()
		defer mu.Unlock()
		if at == step && !dead {
			after--
			dead = after < 0
		}
		if dead {
			return errKilled
		}
		return nil
	}
}

// settledBy returns how many messages a dead link has seen settled.
func settledBy(r *rig) (n int) {
	for len(r.rec.events) > 0 {
		n += len((<-r.rec.events).keys)
	}
	return n
}

// settled waits until all traffic is settled that was not.
func (r *rig) settled() {
	r.t.Helper()
	for r.out.unsettled() > 0 {
		r.rec.want("settled")
	}
}

// On a handover the server may read nothing: what was written in part is
// written to its end, once.
func TestHandover(t *testing.T) {
	r, _ := newHeldRig(t)
	r.start()
	s := r.srv.AcceptRaw()
	s.Greet("1", testSecret)
	r.rec.want("up")
	full, stop := context.WithCancel(t.Context())
	stop()
	text := strings.Repeat("x", 100<<10)
	n := uint64(0)
	for r.Send(full, message(fmt.Sprint(n), text), Key{Cycle: n + 1}) == nil {
		n++
	}
	r.cancel(takeover.ErrHandover)
	r.ended()
	next := r.successor()
	next.start()
	next.rec.want("up")
	for i := range n {
		if err := next.Send(t.Context(), message(fmt.Sprint(i), text), Key{Cycle: i + 1}); err != nil {
			t.Fatal(err)
		}
	}
	s.Open()
	for i := range n {
		if got := s.Next(); got.Attr["id"] != fmt.Sprint(i) || got.Child("", "body").Text != text {
			t.Fatal("got", got.Attr["id"], "want", i)
		}
	}
	next.settles(1, n)
	s.Close()
}

// A note that does not fit the connection or cannot be read, and a connection
// that is gone, are given up: the link connects anew, and what is unsettled
// goes once more.
func TestTakeoverImpossible(t *testing.T) {
	reread := func(change func(m *readMark)) func(*rig, *holder) {
		return func(r *rig, _ *holder) {
			m := r.readMark()
			change(&m)
			r.note.setRead(m)
		}
	}
	for name, spoil := range map[string]func(*rig, *holder){
		"gone":          func(_ *rig, h *holder) { clear(h.conns) },
		"read offset":   reread(func(m *readMark) { m.offset -= 5 }),
		"framer":        reread(func(m *readMark) { m.framer = []byte("?") }),
		"no read mark":  func(r *rig, _ *holder) { r.note.read.Set([]byte("?")) },
		"no write mark": func(r *rig, _ *holder) { r.note.write.Set([]byte("?")) },
		"no ring":       func(r *rig, _ *holder) { r.note.pending.Write([]byte("?")) },
		"written offset": func(r *rig, _ *holder) {
			var w writeMark
			_ = w.decode(r.note.write.Get())
			w.offset += 1 << 20
			r.note.setWrite(w)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, h := newHeldRig(t)
			s := held(r)
			r.send("m", 1)
			s.Receive(sent("m"))
			s.Send(chat("x"))
			r.hears("x")
			r.cancel(takeover.ErrHandover)
			r.ended()
			spoil(r, h)
			n := r.successor()
			n.start()
			n.send("m", 1)
			n.logged("cannot be adopted")
			n.srv.Accept().Receive(sent("m"))
			n.rec.want("up")
		})
	}
}

// The keys of TLS die with the worker: its successor connects anew.
func TestTLS(t *testing.T) {
	file, client := Certificate(t)
	pair, err := tls.X509KeyPair(file, file)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	r, h := newHeldRig(t)
	r.srv = componenttest.Serve(t, l, testDomain, testSecret)
	r.c.Address, r.c.TLS = r.srv.Addr(), client
	s := r.up()
	s.Send(chat("1") + strings.Repeat(chat("2"), 1000))
	r.hears("1")
	for range 1000 {
		r.hears("2")
	}
	r.send("m", 1)
	s.Receive(sent("m"))
	r.settles(1, 1)
	if len(h.conns) > 0 {
		t.Error("TLS is held")
	}
	s.Close()
	r.rec.want("down")
	r.srv.Accept()
	r.rec.want("up")
}
