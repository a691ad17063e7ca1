package smpp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges/takeover/takeovertest"
)

// FuzzNote reads each record from octets that nobody vouches for. What can be
// read is written again as it was.
func FuzzNote(f *testing.F) {
	b := bindRecord{1, 2, 3}
	w := writeRecord{stream: 1, offset: 2, answeredTo: 3, repliedTo: 4, sequence: 5, parted: true, batch: []byte("batch")}
	s := submitRecord{serial: 1, stream: 2, end: 3, sequence: 4, status: 5, state: open, part: 6, mark: 7, key: digestOf("k"), id: "id"}
	p := poisonRecord{1, []uint64{2, 3}}
	f.Add(b.encode())
	f.Add(append(w.head(), w.batch...))
	f.Add(s.append(nil))
	f.Add(p.encode())
	f.Add(bytes.Repeat([]byte{255}, trialSize))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, in []byte) {
		if r, ok := decodeBind(in); ok && !bytes.Equal(r.encode(), in) {
			t.Errorf("bind %+v", r)
		}
		if r, ok := decodeWrite(in); ok {
			if again, _ := decodeWrite(append(r.head(), r.batch...)); !reflect.DeepEqual(again, r) || r.sequence > maxSeq {
				t.Errorf("write %+v", r)
			}
		}
		if r, ok := decodeSubmit(in); ok && !bytes.Equal(r.append(nil), in) {
			t.Errorf("submit %+v", r)
		}
		if r, ok := decodeTrial(in); ok && r.from >= r.to {
			t.Errorf("trial %+v", r)
		}
		if r := decodePoison(in, 1); len(r.places) > maxPoison {
			t.Errorf("poison %+v", r)
		}
	})
}

// FuzzTakeover opens a note of any octets: it is usable, and full of nothing.
func FuzzTakeover(f *testing.F) {
	f.Add(bytes.Repeat([]byte{255}, 64), uint32(0))
	f.Add([]byte{2, 0, 0, 0, 0, 0, 0, 0, 24}, uint32(16))
	f.Add([]byte{3}, uint32(1<<20))
	k := takeovertest.New(f)
	area, _ := k.Area(noteName, noteSize())
	f.Fuzz(func(t *testing.T, in []byte, at uint32) {
		clear(area)
		copy(area[int(at)%len(area):], in)
		n, err := openNote(k)
		if err != nil {
			t.Fatal(err)
		}
		all := newSubmits(n.submits)
		all.adopt(1, 100)
		decodeBind(n.bind.Get())
		decodeWrite(n.write.Get())
		decodePoison(n.poison.Get(), 1)
		(&trial{slot: n.reading, stream: 1}).adopt()
		n.bound(bindRecord{stream: 1}, 0, 0, 1)
		if e, _ := all.claim(t.Context(), Ticket{Key: "k"}); e == nil {
			t.Error("no place")
		}
	})
}

// noted counts the places that are taken.
func (t *submits) noted() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maxNoted - len(t.free)
}

// fill takes n places with answered submits, two parts a message.
func fill(t *testing.T, all *submits, n int) {
	t.Helper()
	for i := range n {
		e, _ := all.claim(t.Context(), Ticket{Key: fmt.Sprint(i / 2), Part: byte(i % 2)})
		all.queued(e, 1, uint64(i), uint32(i))
		all.responded(e, answer{id: "x"})
		all.release(e, false)
	}
}

// When all places are taken, the oldest messages go that nobody asked for in
// keepTime, whole; and if there is none, the next submit waits.
func TestPlacesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, _ := openNote(takeovertest.New(t))
		all := newSubmits(n.submits)
		fill(t, all, maxNoted)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		if e, a := all.claim(ctx, Ticket{Key: "new"}); e != nil || errors.Is(a.err, ErrUnknown) {
			t.Errorf("got %v, %+v", e, a)
		}
		start := time.Now()
		e, _ := all.claim(t.Context(), Ticket{Key: "new"})
		if waited := time.Since(start); e == nil || waited < keepTime/2 || waited > 2*keepTime {
			t.Errorf("%v after %s", e, waited)
		}
		if got := all.noted(); got != maxNoted-maxNoted/8+1 {
			t.Errorf("%d places are taken", got)
		}
		if all.find(digestOf("0"), 0) != nil || all.find(digestOf("0"), 1) != nil || all.find(digestOf(fmt.Sprint(maxNoted/2-1)), 0) == nil {
			t.Error("not the oldest went")
		}
		// A successor finds the same, and nothing of it is in use.
		again := newSubmits(n.submits)
		if got := again.noted(); got != maxNoted-maxNoted/8 {
			t.Errorf("a successor finds %d", got)
		}
	})
}

func TestSettledFreesPlaces(t *testing.T) {
	c := New(Config{Log: discard}, &recorder{})
	fill(t, c.submits, 10)
	underWay, _ := c.submits.claim(t.Context(), Ticket{Key: "0", Part: 2})
	c.submits.queued(underWay, 1, 1, 1)
	if mark, doubt, ok := c.Progress("0"); mark != 0 || !doubt || !ok {
		t.Error(mark, doubt, ok)
	}
	c.Settled("0")
	c.Settled("nobody")
	if got := c.submits.noted(); got != 9 { // one is under way, and of nobody
		t.Errorf("%d places are taken", got)
	}
	c.submits.release(underWay, true)
	c.submits.ended(underWay, lost)
	for i := range 10 {
		c.Settled(fmt.Sprint(i))
	}
	if got := c.submits.noted(); got != 0 {
		t.Errorf("%d places are taken", got)
	}
}

// A part that is taken out of the middle leaves the others.
func TestPartsOfAMessage(t *testing.T) {
	c := New(Config{Log: discard}, &recorder{})
	var parts []*entry
	for i := range byte(3) {
		e, _ := c.submits.claim(t.Context(), Ticket{Key: "k", Part: i, Mark: 42})
		c.submits.queued(e, 1, 1, uint32(i))
		parts = append(parts, e)
	}
	c.submits.responded(parts[1], answer{status: Throttling})
	c.submits.release(parts[1], false)
	c.submits.responded(parts[0], answer{id: "0"})
	c.submits.responded(parts[2], answer{status: InvalidDest})
	for i, want := range []bool{true, false, true} {
		if certain, ok := c.Knows("k", byte(i)); certain != want || ok != want {
			t.Errorf("part %d: %v, %v", i, certain, ok)
		}
	}
	if mark, doubt, ok := c.Progress("k"); mark != 42 || doubt || !ok {
		t.Error(mark, doubt, ok)
	}
	var s *StatusError
	if _, err := c.Submit(t.Context(), Ticket{Key: "k", Part: 2}, message("x")); !errors.As(err, &s) || s.Status != InvalidDest {
		t.Errorf("part 2: %v", err)
	}
	if id, err := c.Submit(t.Context(), Ticket{Key: "k"}, message("x")); id != "0" || err != nil {
		t.Errorf("part 0: %q, %v", id, err)
	}
	if _, err := c.Submit(t.Context(), Ticket{Key: "k", Part: 1}, message("x")); !errors.Is(err, ErrNotBound) {
		t.Errorf("part 1: %v", err)
	}
}

// An id that is longer than any may be is noted in part.
func TestLongIDIsNoted(t *testing.T) {
	r := submitRecord{state: answered, id: strings.Repeat("x", 500)}
	if got, ok := decodeSubmit(r.append(nil)); !ok || len(got.id) != maxID {
		t.Errorf("%+v, %v", got, ok)
	}
}

func TestKeysHaveDigestsOfTheirOwn(t *testing.T) {
	seen := map[digest]string{}
	for n := range 40 {
		for _, key := range []string{strings.Repeat("a", n), strings.Repeat("\x00", n), strings.Repeat("a", n) + "\x00"} {
			d := digestOf(key)
			if other, ok := seen[d]; ok && other != key {
				t.Errorf("%q and %q are the same", key, other)
			}
			seen[d] = key
		}
	}
}
