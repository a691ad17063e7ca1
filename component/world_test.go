package component

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"causeway/bridges/takeover"
	"causeway/component/componenttest"
	"causeway/component/stanza"
)

// world is what outlives a worker: the server, the keeper, the disk.
type world struct {
	t       *testing.T
	srv     *componenttest.Server
	h       *holder
	j       *memory
	keys    int
	mu      sync.Mutex
	settled map[Key]bool // on disk
}

func newWorld(t *testing.T, keys int) *world {
	return &world{
		t: t, srv: componenttest.New(t, testDomain, testSecret), j: &memory{}, keys: keys,
		h: &holder{conns: map[string]net.Conn{}}, settled: map[Key]bool{},
	}
}

// life is a worker: a link with a handler that has on disk what is settled,
// and sends what is not.
type life struct {
	*Link
	w      *world
	dies   func(l *life, step string) bool
	lazy   func() bool // the disk has time until later
	cancel context.CancelCauseFunc
	ended  chan struct{}
	// sentAll is closed when the handler has no more to send.
	sentAll chan struct{}
	hasUp   chan struct{} // of Up

	mu    sync.Mutex
	dead  bool
	sent  map[Key]bool
	held  map[Key][]*debt
	queue []func() // what the disk is to do
}

// debt is a settlement that waits for keys which are yet to be sent.
type debt struct {
	n    int
	done func()
}

func (w *world) live(dies func(*life, string) bool, lazy func() bool) *life {
	l := &life{w: w, dies: dies, lazy: lazy, ended: make(chan struct{}), sentAll: make(chan struct{}), hasUp: make(chan struct{}, 10), sent: map[Key]bool{}, held: map[Key][]*debt{}}
	l.Link = New(Config{
		Domain: testDomain, Address: w.srv.Addr(), Secret: testSecret, Keeper: w.h,
		Log: slog.New(slog.NewTextHandler(w.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}, l, w.j)
	l.Link.t.settle, l.Link.t.settleMax, l.Link.t.keepAlive = time.Millisecond, 3, time.Millisecond
	l.Link.t.retry[0] = time.Millisecond
	l.Link.t.drain, l.Link.t.closing = patience, patience
	l.step = l.at
	ctx, cancel := context.WithCancelCause(context.Background())
	l.cancel = cancel
	var wg sync.WaitGroup
	wg.Go(func() { _ = l.Run(ctx) })
	wg.Go(l.sendAll)
	go func() {
		wg.Wait()
		close(l.ended)
	}()
	w.t.Cleanup(l.end)
	return l
}

// at is a step of the link: from its death on, none is made.
func (l *life) at(step string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.passes(step)
}

func (l *life) passes(step string) error {
	if !l.dead && l.dies(l, step) {
		l.dead = true
		l.cancel(takeover.ErrHandover) // who waits shall see it
	}
	if l.dead {
		return errKilled
	}
	return nil
}

// end stops a life that has not died.
func (l *life) end() {
	l.cancel(takeover.ErrHandover)
	<-l.ended
}

func (l *life) sendAll() {
	defer close(l.sentAll)
	for i := range l.w.keys {
		k := Key{Cycle: uint64(i + 1)}
		l.w.mu.Lock()
		settled := l.w.settled[k]
		l.w.mu.Unlock()
		if settled {
			continue
		}
		l.mu.Lock()
		l.sent[k] = true
		l.mu.Unlock()
		if l.Send(context.Background(), message(fmt.Sprint("o", i), "text"), k) != nil {
			return
		}
	}
}

func (l *life) Up(bool)                    { l.hasUp <- struct{}{} }
func (l *life) Handle(*stanza.Stanza, Key) {}
func (l *life) Down(error)                 {}

func (l *life) Settled(keys []Key, done func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, func() { l.commit(keys, done) })
	if l.lazy() {
		return
	}
	l.work()
}

// work has the disk do all that it was given.
func (l *life) work() {
	queue := l.queue
	l.queue = nil
	for _, f := range queue {
		if !l.dead {
			f()
		}
	}
}

// commit writes that keys are settled, but for those that are yet to be sent:
// these hold done back.
func (l *life) commit(keys []Key, done func()) {
	h := &debt{n: 1, done: done}
	free := []*debt{h}
	l.w.mu.Lock()
	for _, k := range keys {
		switch {
		case l.sent[k]:
			l.w.settled[k] = true
			free = append(free, l.held[k]...)
			delete(l.held, k)
		case !l.w.settled[k]:
			h.n++
			l.held[k] = append(l.held[k], h)
		}
	}
	l.w.mu.Unlock()
	for _, h := range free {
		if h.n--; h.n == 0 {
			l.mu.Unlock() // a step of the link
			h.done()
			l.mu.Lock()
		}
	}
}

// random dies at any step after some others, by a seed.
func random(r *rand.Rand, steps int) func(*life, string) bool {
	return after(r.IntN(steps))
}

// after dies at the step that comes after so many others.
func after(left int) func(*life, string) bool {
	return func(*life, string) bool {
		left--
		return left < 0
	}
}

func never(*life, string) bool { return false }

// feed sends chat messages from..to, each cut at any byte.
func feed(s *componenttest.Conn, r *rand.Rand, from, to int) {
	for i := from; i < to; i++ {
		m := chat(fmt.Sprint("i", i))
		a, b := r.IntN(len(m)), r.IntN(len(m))
		a, b = min(a, b), max(a, b)
		if s.SendCut(m[:a], m[a:b], m[b:]) != nil {
			return
		}
	}
}

func names(prefix string, n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprint(prefix, i))
	}
	return all
}

// However often workers die, at whatever steps, one connection carries
// everything once and in order, both ways, and at the end nothing is noted.
func TestManyTakeovers(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { manyTakeovers(t, seed) })
	}
}

func manyTakeovers(t *testing.T, seed uint64) {
	const n, lives = 60, 25
	w := newWorld(t, n)
	r := rand.New(rand.NewPCG(seed, 0))
	first := w.live(never, func() bool { return true })
	s := w.srv.Accept()
	<-first.hasUp
	var wg sync.WaitGroup
	wg.Go(func() { feed(s, rand.New(rand.NewPCG(seed, 1)), 0, n) })
	all := make(chan struct{}) // that is sent has come
	wg.Go(func() {
		first.end()
		for i := range lives {
			lazy := rand.New(rand.NewPCG(seed, r.Uint64()))
			die := random(r, 40)
			if i%3 == 2 { // three deaths at one stanza would put it away
				die = after(40 + r.IntN(40))
			}
			l := w.live(die, func() bool { return lazy.IntN(2) == 0 })
			select {
			case <-l.ended:
			case <-all:
				l.end()
			}
		}
	})
	var got []string
	for len(got) < n {
		got = append(got, s.Next().Attr["id"])
	}
	close(all)
	wg.Wait()
	w.ends(s, got)
}

// ends has a last life close the stream in order, and looks for what is lost,
// doubled or noted for ever. got has come already.
func (w *world) ends(s *componenttest.Conn, got []string) {
	w.t.Helper()
	l := w.live(never, func() bool { return false })
	<-l.hasUp
	<-l.sentAll
	l.cancel(nil)
	for n := s.Next(); n.Local != "end"; n = s.Next() {
		got = append(got, n.Attr["id"])
	}
	s.End()
	<-l.ended
	if want := names("o", w.keys); fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Errorf("the server got\n%s", got)
	}
	if got := w.j.stanzas(); fmt.Sprint(got) != fmt.Sprint(names("i", w.keys)) {
		w.t.Errorf("journalled\n%s", got)
	}
	if r := l.note.pending; r.Head() != r.Tail() || len(w.settled) != w.keys {
		w.t.Errorf("%d bytes are noted, %d keys settled", r.Tail()-r.Head(), len(w.settled))
	}
}
