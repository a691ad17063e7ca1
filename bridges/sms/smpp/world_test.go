package smpp

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"causeway/bridges/takeover/takeovertest"
)

// world is what outlives a client: the keeper, a centre on TCP, and what a
// gateway has on disk.
type world struct {
	*testing.T
	keeper *takeovertest.Keeper
	l      net.Listener
	work   sync.WaitGroup
	cfg    Config
	h      Handler // nil: the world
	now    *life

	// answer, if not nil, says what the centre does with a submit: the answer
	// is sent when it returns true.
	answer func(text string) bool

	mu       sync.Mutex
	conn     net.Conn
	over     bool // nothing is served any more
	binds    int
	unbinds  int
	taken    map[string]int    // texts by how often they came
	order    []string          // in which they came
	texts    []string          // that the centre sends
	replies  map[uint32]int    // answers to these by sequence number
	statuses map[uint32]Status // the last of each
	enquired map[uint32]int    // answers to enquire_link

	offsets  map[uint64]uint64 // the highest journalled of each stream
	journal  []string
	answered map[string]int
	fates    map[string]fate // of texts
	counts   map[Event]int
	changed  chan struct{}
}

func newWorld(t *testing.T) *world {
	w := &world{
		T: t, keeper: takeovertest.New(t), taken: map[string]int{}, replies: map[uint32]int{}, statuses: map[uint32]Status{}, enquired: map[uint32]int{},
		offsets: map[uint64]uint64{}, answered: map[string]int{}, fates: map[string]fate{}, counts: map[Event]int{},
		changed: make(chan struct{}, 1),
	}
	var err error
	if w.l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	w.cfg = Config{Address: w.l.Addr().String(), SystemID: "x", Log: discard, Keeper: w.keeper, Count: w.count}
	w.work.Go(w.accept)
	t.Cleanup(func() {
		w.l.Close()
		w.mu.Lock()
		w.over = true
		w.mu.Unlock()
		w.cut(false)
		w.work.Wait()
	})
	return w
}

// cut ends the centre's connection, by a reset or in order.
func (w *world) cut(reset bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn == nil {
		return
	}
	if reset {
		w.conn.(*net.TCPConn).SetLinger(0)
	}
	w.conn.Close()
	w.conn = nil
}

func (w *world) accept() {
	for {
		conn, err := w.l.Accept()
		if err != nil {
			return
		}
		w.mu.Lock()
		w.conn = conn
		over := w.over
		w.mu.Unlock()
		if !over {
			w.serve(conn)
		}
		conn.Close()
	}
}

func (w *world) serve(conn net.Conn) {
	r := bufio.NewReaderSize(conn, 2*maxPDU)
	for {
		p, size, err := peek(r)
		if err != nil {
			return
		}
		out := w.hear(p)
		r.Discard(size)
		if _, err := conn.Write(out); err != nil {
			return
		}
	}
}

// hear notes a PDU and returns what the centre says to it.
func (w *world) hear(p pdu) []byte {
	if p.command == cmdSubmit {
		return w.submitted(p)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	defer poke(w.changed)
	switch p.command {
	case cmdBindTransceiver:
		w.binds++
		return appendBare(nil, cmdBindTransceiver|response, OK, p.sequence)
	case cmdUnbind:
		w.unbinds++
	case cmdDeliver | response:
		w.replies[p.sequence]++
		w.statuses[p.sequence] = p.status
	case cmdEnquireLink | response:
		w.enquired[p.sequence]++
	}
	if p.command&response != 0 {
		return nil
	}
	return appendBare(nil, p.command|response, OK, p.sequence)
}

func (w *world) submitted(p pdu) []byte {
	var m SM
	decodeSM(&m, p.body)
	text := string(m.ShortMessage)
	w.mu.Lock()
	w.taken[text]++
	w.order = append(w.order, text)
	w.mu.Unlock()
	poke(w.changed)
	if w.answer != nil && !w.answer(text) {
		return nil
	}
	return answerTo(p.sequence, text)
}

// answerTo accepts a text, which is its id.
func answerTo(sequence uint32, text string) []byte {
	return end(append(append(begin(nil, cmdSubmit|response, OK, sequence), text...), 0), 0)
}

// send sends n messages and an enquire_link with each.
func (w *world) send(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []byte
	for range n {
		text := fmt.Sprint("mo ", len(w.texts))
		w.texts = append(w.texts, text)
		out = append(out, w.deliverSM(uint32(len(w.texts)), text)...)
		out = appendBare(out, cmdEnquireLink, OK, uint32(len(w.texts)))
	}
	if w.conn != nil {
		w.conn.Write(out)
	}
}

func (w *world) deliverSM(sequence uint32, text string) []byte {
	return end(appendSM(begin(nil, cmdDeliver, OK, sequence), &SM{ShortMessage: []byte(text)}), 0)
}

func (w *world) count(e Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[e]++
}

func (w *world) Bound() { poke(w.changed) }

// Deliver journals as the gateway does: what came before a place that is on
// disk is there.
func (w *world) Deliver(_ context.Context, stream uint64, batch []*DeliverSM, try func(func())) []Status {
	try(func() {})
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range batch {
		if d.Offset > w.offsets[stream] {
			w.offsets[stream] = d.Offset
			w.journal = append(w.journal, string(d.Payload()))
		}
	}
	return make([]Status, len(batch))
}

func (w *world) Answered(_ uint64, batch []*DeliverSM) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range batch {
		w.answered[string(d.Payload())]++
	}
	poke(w.changed)
}

func (w *world) fate(text string) fate {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fates[text]
}

// came returns how many texts the centre has.
func (w *world) came() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.order)
}

// unknown counts the texts of which nobody knows whether the centre has them.
func (w *world) unknown() (n int) {
	for _, f := range w.fates {
		if f.unknown {
			n++
		}
	}
	return n
}

// await waits until f is true, which is called with mu held.
func (w *world) await(what string, f func() bool) {
	w.Helper()
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	for {
		w.mu.Lock()
		ok := f()
		w.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-w.changed:
		case <-late.C:
			w.mu.Lock()
			defer w.mu.Unlock()
			w.Fatalf("in vain waited for: %s; %d texts came, %d have a fate, %d of %d messages answered, %v", what,
				len(w.taken), len(w.fates), len(w.replies), len(w.texts), w.counts)
		}
	}
}

// finish lets a client do what is left, and checks the count at both ends.
func (w *world) finish(people, each, sent int) {
	w.Helper()
	l := w.live(nil)
	l.talk(people, each)
	w.await("the end", func() bool {
		return len(w.fates) == people*each && len(w.replies) == sent && len(w.enquired) == sent && len(w.answered) == sent
	})
	l.cancel(nil)
	l.over()
	w.check(sent)
}

func (w *world) check(sent int) {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	last := map[string]int{}
	for _, text := range w.order {
		var person string
		var n int
		fmt.Sscanf(text, "%s %d", &person, &n)
		if i, ok := last[person]; ok && n <= i {
			w.Errorf("%q came after %d", text, i)
		}
		last[person] = n
	}
	for text, f := range w.fates {
		if w.taken[text] != 1 || f.unknown || f.refused {
			w.Errorf("%+v: taken %d times", f, w.taken[text])
		}
	}
	if !slices.Equal(w.journal, w.texts) {
		w.Errorf("journal %q, sent %q", w.journal, w.texts)
	}
	for i := range uint32(sent) {
		if w.replies[i+1] != 1 || w.statuses[i+1] != OK || w.enquired[i+1] != 1 {
			w.Errorf("message %d: %d answers, status %v; enquire_link: %d", i+1, w.replies[i+1], w.statuses[i+1], w.enquired[i+1])
		}
	}
	if w.binds != 1 || w.unbinds != 1 || len(w.keeper.Held()) > 0 {
		w.Errorf("%d binds, %d unbinds, held: %v", w.binds, w.unbinds, w.keeper.Held())
	}
}
