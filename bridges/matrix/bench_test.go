package matrix

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/bridges/matrix/appservice"
	"causeway/bridges/matrix/event"
	"causeway/cmd/lab/peer"
)

// idleGhost bounds what a ghost that does nothing costs here, in octets: it is half of
// what an idle user may cost in all (issue 6).
const idleGhost = 2000

// A start asks nothing about anybody, however many there are, and has little of each in
// memory (issue 6).
func TestManyGhosts(t *testing.T) {
	const many = 10_000
	notes, all := new(bridgetest.Notes), map[string][]byte{}
	for i := range many {
		ghost := someGhosts.of(bridges.AccountID(fmt.Sprintf("user%d@example.org", i)))
		r, err := json.Marshal(room{Ghost: ghost, Person: bob, GhostIs: joined, PersonIs: joined})
		if err != nil {
			t.Fatal(err)
		}
		all[ghostNotes+string(ghost)] = []byte(`{"name": "x"}`)
		all[roomNotes+fmt.Sprint("!", i)] = r
		all[pair{ghost, bob}.key()] = []byte(fmt.Sprintf(`{"room": "!%d"}`, i))
	}
	if err := notes.Keep(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	f := newFake(t)
	free, err := peer.Ports(1)
	if err != nil {
		t.Fatal(err)
	}
	all = nil
	before := bridgetest.LiveHeap()
	b := newBridge(t, setting(t, f.URL, peer.Local(free[0])), notes)
	stop := run(t, b, newHost()) // until it is ready
	each := func() int { return (bridgetest.LiveHeap() - before) / many }
	for end := time.Now().Add(patience); each() > idleGhost; wait(t) { // the notes are still read
		if time.Now().After(end) {
			t.Fatalf("a ghost costs %d octets", each())
		}
	}
	stop()
	if n := f.count("POST /"); n != 1 || len(f.asked) != 1 {
		t.Errorf("the homeserver is asked %q", f.asked)
	}
}

// A file goes to the homeserver in memory that does not grow with its size: what is
// allocated for a large one, at both ends, would not hold it (issue 6).
func TestFileInMemory(t *testing.T) {
	const large, most = 24_000_000, 6_000_000
	f, _, s := onFake(t, nil)
	f.before = func(r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }
	m := bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "large", File: bridgetest.FileOf("a.bin", "", make([]byte, large))}
	n := bridgetest.Allocated(func() {
		if _, err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	})
	if n > most || f.count("POST /upload") != 1 {
		t.Errorf("%d bytes were allocated for a file of %d, which was uploaded %d times", n, large, f.count("POST /upload"))
	}
}

// BenchmarkTransaction is what a text from Matrix costs here.
func BenchmarkTransaction(b *testing.B) {
	x := bare(b)
	h := x.host.(*host)
	go func() {
		for range h.came {
		}
	}()
	defer close(h.came)
	for i := 0; b.Loop(); i++ {
		e := text("!room", fmt.Sprint("$", i), bob, body("a text of some length, as people write it"))
		if err := x.Transaction(b.Context(), &appservice.Transaction{Events: []event.Event{e}}); err != nil {
			b.Fatal(err)
		}
	}
}
