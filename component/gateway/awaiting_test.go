package gateway

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/mapping"
)

// awaited counts the messages that wait for a report without a row, and rows.
func (m *memStore) awaited() (records, rows int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.state.records {
		if r.Kind == mapping.Awaited {
			records++
		}
	}
	return records, len(m.state.messages)
}

// awaits checks what is on disk.
func (r *timeless) awaits(when string, records, rows int) {
	r.t.Helper()
	synctest.Wait()
	if n, m := r.store.awaited(); n != records || m != rows {
		r.t.Errorf("%s: %d records and %d rows, want %d and %d", when, n, m, records, rows)
	}
}

func (r *timeless) receipts() int {
	return strings.Count(strings.Join(r.drain(), ""), "urn:xmpp:receipts")
}

func TestAwaiting(t *testing.T) {
	for name, f := range map[string]func(r *timeless){
		"delivered soon, it never has a row": deliveredSoon,
		"what waits longer gets a row":       deliveredLate,
		"a crash forgets nothing":            deliveredAfterCrash,
		"a failure has a row":                failedSoon,
		"many at once are bounded":           awaitingBounded,
		"nothing is left of who leaves":      awaitingLeaves,
	} {
		t.Run(name, func(t *testing.T) { inBubble(t, f) })
	}
}

func deliveredSoon(r *timeless) {
	r.receive(r.t, text("a1", "x"))
	r.awaits("sent", 1, 0)
	r.hold = true
	r.give(delivered("m1"))
	r.awaits("the server may not have the receipt", 1, 0)
	r.settle()
	r.awaits("the server has it", 0, 0)
	r.give(delivered("m1"))
	if n := r.receipts(); n != 1 {
		r.t.Errorf("%d receipts", n)
	}
}

func deliveredLate(r *timeless) {
	r.receive(r.t, text("a1", "x"))
	time.Sleep(2*awaitTime + 2*time.Second)
	r.awaits("after some time", 0, 1)
	next := r.crash(bridgetest.SMS())
	next.give(delivered("m1"))
	if n := next.receipts(); n != 1 {
		r.t.Errorf("%d receipts", n)
	}
	*r = *next
}

func deliveredAfterCrash(r *timeless) {
	r.receive(r.t, text("a1", "x"))
	synctest.Wait()
	r.hold = true
	r.give(delivered("m1")) // shown, and not taken by the server
	next := r.crash(bridgetest.SMS())
	if got := strings.Join(next.first, ""); strings.Count(got, "urn:xmpp:receipts") != 1 {
		r.t.Errorf("sent after the crash: %s", got)
	}
	next.awaits("in the end", 0, 0)
	*r = *next
}

func failedSoon(r *timeless) {
	r.receive(r.t, text("a1", "x"))
	synctest.Wait()
	r.give(failedReceipt("m1", bridges.Absent))
	r.awaits("failed", 0, 1)
	r.give(delivered("m1"))
	if n := r.receipts(); n != 1 {
		r.t.Errorf("%d receipts after the failure", n)
	}
}

func awaitingBounded(r *timeless) {
	for i := range awaitLimit + 1 {
		r.g.await(mapping.Key{Cycle: 1 << 40, Index: uint32(i)}, mapping.Message{ID: bridges.MessageID(fmt.Sprint(i))})
	}
	if n := len(r.g.awaiting.new) + len(r.g.awaiting.old); n > awaitLimit {
		r.t.Errorf("%d are in memory", n)
	}
	if _, rows := r.store.awaited(); rows == 0 {
		r.t.Error("none has a row")
	}
}

func awaitingLeaves(r *timeless) {
	r.receive(r.t, text("a1", "x"))
	r.awaits("sent", 1, 0)
	r.receive(r.t, `<iq type='set' id='u' from='alice@example.org/x' to='sms.example.org'><query xmlns='jabber:iq:register'><remove/></query></iq>`)
	r.awaits("left", 0, 0)
	time.Sleep(3 * awaitTime)
	r.awaits("later", 0, 0)
}

// What encode wrote is read again, and nothing else is accepted.
func FuzzAwaited(f *testing.F) {
	full := encodeAwaited(&mapping.Message{
		ID: "causeway/1a", Account: alice, Chat: phone, Stanza: "s1", Resource: "x", Receipt: true, At: time.Unix(1, 2),
	})
	f.Add(full.Data)
	f.Add(encodeAwaited(&mapping.Message{ID: "1"}).Data)
	f.Add(slices.Concat(full.Data, []byte{0}))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decodeAwaited(b)
		if err != nil {
			return
		}
		again, err := decodeAwaited(encodeAwaited(&m).Data)
		if err != nil || again != m {
			t.Errorf("%+v becomes %+v, %v", m, again, err)
		}
		if bytes.Equal(b, full.Data) && (m.Account != alice || m.Parts != 1 || !m.Receipt) {
			t.Errorf("got %+v", m)
		}
	})
}
