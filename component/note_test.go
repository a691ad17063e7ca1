package component

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"causeway/bridges/takeover"
)

func TestSurvivors(t *testing.T) {
	k := func(n uint64) Key { return Key{Cycle: n} }
	for _, c := range []struct {
		name              string
		all               []pending
		answered, written uint64
		want              []pending
	}{
		{name: "none"},
		{
			"answered, written, and noted alone",
			[]pending{{key: k(1), end: 10}, {key: k(2), end: 20}, {key: k(3), end: 30}},
			10, 20,
			[]pending{{key: k(1), end: 10, taken: true}, {key: k(2), end: 20}},
		},
		{"no connection", []pending{{key: k(1)}, {key: k(2), end: 20}}, 0, 0, []pending{{key: k(1), taken: true}}},
		{
			"a rewriting that was interrupted",
			[]pending{{key: k(1), end: 10}, {key: k(2), end: 20}, {key: k(1)}},
			0, 20,
			[]pending{{key: k(1), taken: true}, {key: k(2), end: 20}},
		},
		{"sent again", []pending{{key: k(1), end: 10}, {key: k(1), end: 20}}, 10, 20, []pending{{key: k(1), end: 20}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := survivors(c.all, c.answered, c.written); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// noted is a link on a note.
func noted(t testing.TB, k takeover.Keeper) *Link {
	t.Helper()
	d := &diary{}
	return New(Config{Domain: testDomain, Address: "127.0.0.1:1", Secret: "s", MaxStanza: 300, Keeper: k}, d, d)
}

// Of two marks of different connections, or of one that was closed, nothing
// is adopted; what the server has for certain is known all the same.
func TestNothingToAdopt(t *testing.T) {
	for name, change := range map[string]func(r *readMark, w *writeMark){
		"another connection": func(r *readMark, _ *writeMark) { r.conn = 7 },
		"closed":             func(_ *readMark, w *writeMark) { w.closed = true },
	} {
		t.Run(name, func(t *testing.T) {
			k := &takeover.Memory{}
			n := noted(t, k).note
			r, w := readMark{conn: 5}, writeMark{conn: 5, offset: 100}
			change(&r, &w)
			n.setRead(r)
			n.setWrite(w)
			n.setAnswered(5, 50)
			n.pending.Write(appendPending(appendPending(nil, pending{key: Key{Cycle: 1}, end: 50}), pending{key: Key{Cycle: 2}, end: 60}))
			l := noted(t, k)
			if _, ok := l.out.adopted[Key{Cycle: 1}]; !ok || l.marks != nil || len(l.out.entries) != 1 {
				t.Errorf("marks %v, entries %v", l.marks, l.out.entries)
			}
		})
	}
}

// What a ledger holds is released in the order of the answers, whatever the
// order of their settlement on disk.
func TestLedger(t *testing.T) {
	o := noted(t, nil).out
	o.state = linkUp
	var rs []*receipt
	for i := range 4 {
		if err := o.send(context.Background(), Key{Cycle: uint64(i + 1)}, 1000, message("x", "y")); err != nil {
			t.Fatal(err)
		}
		o.take(uint64(1000 * i))
		_, r := o.settle(uint64(1000*i+999), 0)
		rs = append(rs, r)
	}
	var got []int
	for _, i := range []int{1, 0, 3, 3, 2} {
		o.done(rs[i])
		got = append(got, len(o.ledger.ring.Content())/entrySize)
	}
	if fmt.Sprint(got) != "[4 2 2 2 0]" || o.ledger.answered != 0 {
		t.Error("held", got, o.ledger.answered)
	}
}

// Send waits while the settlements of too much are not on disk.
func TestLedgerBounded(t *testing.T) {
	o := noted(t, nil).out
	o.state, o.window = linkUp, maxWindow
	full, cancel := context.WithCancel(t.Context())
	cancel()
	var r *receipt
	n := 0
	for o.send(full, Key{Cycle: uint64(n + 1)}, 1000, message("x", "y")) == nil {
		n++
		for o.take(0).data != nil {
		}
		_, r = o.settle(1<<40, 0)
	}
	if n != maxPending || o.ledger.ring.Room() < 2*maxPending*entrySize {
		t.Error("took", n)
	}
	for _, r := range o.ledger.receipts {
		o.done(r)
	}
	o.done(r)
	if err := o.send(full, Key{Cycle: 1}, 1000, message("x", "y")); err != nil {
		t.Error(err)
	}
}

// FuzzNote: whatever a predecessor has left, a link starts, and what it knows
// of it is what the next one will know.
func FuzzNote(f *testing.F) {
	k := &takeover.Memory{}
	n := noted(f, k).note
	n.setRead(readMark{conn: 5, offset: 100, framer: []byte{1, 0, 0, 1, 2, 3, 4, 5}, tail: []byte("<message")})
	n.setWrite(writeMark{conn: 5, offset: 100, batch: []byte("<presence/>")})
	n.setAnswered(5, 50)
	n.setTrial(trial{conn: 5, to: 200, deaths: 2})
	ring := appendPending(appendPending(nil, pending{key: Key{Cycle: 1}, end: 50}), pending{key: Key{Cycle: 2}, end: 110})
	f.Add(n.read.Get(), n.write.Get(), n.answered.Get(), n.trial.Get(), ring)
	f.Add([]byte{}, []byte("?"), []byte{1}, []byte{}, bytes.Repeat(ring, 100))
	f.Add([]byte{}, []byte{}, []byte{}, []byte{}, bytes.Repeat([]byte{255}, entrySize))
	f.Fuzz(func(t *testing.T, read, write, answered, tr, ring []byte) {
		k := &takeover.Memory{}
		n := noted(t, k).note
		for _, x := range []struct {
			s   *takeover.Slot
			b   []byte
			max int
		}{{n.read, read, peekSize}, {n.write, write, batchSize}, {n.answered, answered, answeredSize}, {n.trial, tr, trialSize}} {
			x.s.Set(x.b[:min(len(x.b), x.max)])
		}
		n.pending.Write(ring[:min(len(ring), n.pending.Room())])
		first := noted(t, k)
		if m := first.marks; m != nil {
			_, _ = restoreReader(first, m.r, 0)
			_ = first.note.suspect(m.r.conn)
		}
		second := noted(t, k)
		if a, b := len(first.out.adopted), len(second.out.adopted); a != b {
			t.Errorf("%d known, then %d", a, b)
		}
	})
}
