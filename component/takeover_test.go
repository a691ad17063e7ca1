package component

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"

	"causeway/bridges/takeover"
	"causeway/component/componenttest"
	"causeway/component/stanza"
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

var steps = []string{
	"peeked", "tried", "framed", "committed", "noted", "consumed", "dispatched",
	"ring written", "noted write", halfWritten, "written", "answered", "settled", "done",
}

// halfWritten is a death in the middle of a write.
const halfWritten = "half written"

// However a link dies, its successor goes on with the same connection: nothing
// is lost, doubled or out of order, either way, and the server sees nothing.
func TestTakeover(t *testing.T) {
	for _, step := range steps {
		for _, after := range []int{0, 1, 2, 5} {
			t.Run(fmt.Sprint(step, " ", after), func(t *testing.T) { diesAt(t, step, after) })
		}
	}
}

func diesAt(t *testing.T, step string, after int) {
	w := newWorld(t, 40)
	l := w.live(dying(w, step, after), func() bool { return false })
	s := w.srv.Accept()
	feed(s, rand.New(rand.NewPCG(1, uint64(after))), 0, w.keys)
	<-l.ended
	w.ends(s, nil)
}

// dying kills a link at one of its steps, when it has passed it some times; at
// the latest when nothing but pings is left.
func dying(w *world, step string, after int) func(*life, string) bool {
	answers := 0
	return func(l *life, at string) bool {
		if at == "answered" {
			answers++
		}
		if answers == 50 {
			return true
		}
		half := step == halfWritten && at == "noted write"
		if at != step && !half {
			return false
		}
		if after--; after >= 0 {
			return false
		}
		if half {
			w.writeHalf(l)
		}
		return true
	}
}

// writeHalf writes half of the batch that is noted.
func (w *world) writeHalf(l *life) {
	var m writeMark
	c, err := w.h.Adopt(testDomain + "/" + connName)
	if err == nil && m.decode(l.note.write.Get()) {
		_, err = c.Write(m.batch[:len(m.batch)/2])
	}
	if err != nil {
		w.t.Error(err)
	}
}

// The server may be gone when a worker dies: what it had handed over before
// that is taken once by the successor, and what it had answered for does not
// come again.
func TestTakeoverOfTheDead(t *testing.T) {
	for name, end := range map[string]func(*componenttest.Conn){
		"FIN": (*componenttest.Conn).HalfClose, "closed": (*componenttest.Conn).Close, "RST": (*componenttest.Conn).Reset,
		"FIN, RST": func(s *componenttest.Conn) { s.HalfClose(); s.Reset() },
	} {
		for _, step := range []string{"peeked", "committed", "noted", "consumed", "answered", "written", halfWritten} {
			t.Run(name+" "+step, func(t *testing.T) { takesOverDead(t, step, end) })
		}
	}
}

func takesOverDead(t *testing.T, step string, end func(*componenttest.Conn)) {
	w := newWorld(t, 20)
	l := w.live(dying(w, step, 2), func() bool { return true })
	s := w.srv.Accept()
	r := rand.New(rand.NewPCG(1, 1))
	feed(s, r, 0, w.keys/2)
	<-l.ended
	feed(s, r, w.keys/2, w.keys) // this nobody has seen
	_, sure, err := l.note.left(l.c.Address)
	if err != nil {
		t.Fatal(err)
	}
	s.Delivered()
	end(s)
	n := w.live(never, func() bool { return false })
	s = w.srv.AcceptRaw()
	s.HoldPings()
	s.Handshake("1", testSecret)
	<-n.sentAll
	var has []string
	for _, p := range sure {
		if p.taken {
			has = append(has, fmt.Sprint("o", p.key.Cycle-1))
		}
	}
	if m := s.Next(); m.Local == "message" { // in any case, the link is up
		has = append(has, m.Attr["id"])
	} else {
		s.AnswerPing(m)
	}
	s.AnswerPings()
	n.end()
	w.ends(s, has)
}

// On a handover the server may read nothing: what was written in part is
// written to its end, once.
func TestHandover(t *testing.T) {
	r, _ := newHeldRig(t)
	s := r.deaf()
	text := strings.Repeat("x", 100<<10)
	n := r.fill(func(n uint64) (*stanza.Out, Key) { return message(fmt.Sprint(n), text), Key{Cycle: n + 1} })
	r.cancel(takeover.ErrHandover)
	r.ended()
	next := r.successor()
	next.start()
	if next.rec.want("up").fresh {
		t.Error("the adopted stream is called fresh")
	}
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
		"gone":           func(_ *rig, h *holder) { clear(h.conns) },
		"read offset":    reread(func(m *readMark) { m.offset -= 5 }),
		"framer":         reread(func(m *readMark) { m.framer = []byte("?") }),
		"no read mark":   func(r *rig, _ *holder) { r.note.read.Set([]byte("?")) },
		"no write mark":  func(r *rig, _ *holder) { r.note.write.Set([]byte("?")) },
		"another server": func(r *rig, _ *holder) { r.note.server.Set([]byte("xmpp.example.org:5347")) },
		"no ring":        func(r *rig, _ *holder) { r.note.pending.Write([]byte("?")) },
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
			if !n.rec.want("up").fresh {
				t.Error("the new stream is not called fresh")
			}
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
	h.mu.Lock()
	held := len(h.conns)
	h.mu.Unlock()
	if held > 0 {
		t.Error("TLS is held")
	}
	s.Close()
	r.rec.want("down")
	r.srv.Accept()
	r.rec.want("up")
}
