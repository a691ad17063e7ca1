package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// A text that cannot be shown is put away, and its user told once, in its
// place. A notice that cannot be shown either is the last. Of a receipt nobody
// is told.
func TestUserIsToldOfALostText(t *testing.T) {
	for name, c := range map[string]struct {
		events []bridges.Event
		panics string // at which passages; at the second the first is told of
		want   []string
		away   int
	}{
		"a text":            {[]bridges.Event{sms("a"), sms("b")}, "1", []string{lostText, "b"}, 1},
		"and its notice":    {[]bridges.Event{sms("a")}, "13", nil, 2},
		"a part":            {[]bridges.Event{part("r", 1, 2, "a")}, "1", []string{lostText}, 1},
		"a receipt":         {[]bridges.Event{delivered("m1")}, "1", nil, 1},
		"without a contact": {[]bridges.Event{bridges.Part{Number: 1, Total: 2}}, "1", nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *timeless) {
				passage := 0
				r.g.step = func(place string) {
					if place != "begin" {
						return
					}
					if passage++; strings.Contains(c.panics, fmt.Sprint(passage)) {
						panic("boom")
					}
				}
				if got := r.show(t, c.events...); !slices.Equal(got, c.want) {
					t.Errorf("the user saw %q", got)
				}
				if n, p := r.store.count(); n+p != 0 || r.g.flights.inbound != 0 || len(r.store.state.quarantined) != c.away {
					t.Errorf("left: %d journalled, %d parked, %d in flight; put away: %+v", n, p, r.g.flights.inbound, r.store.state.quarantined)
				}
			})
		})
	}
}

// The same for one that has killed the program three times, or cannot be read
// to its end: the notice comes where it stood, and after a crash again.
func TestUserIsToldOfAKiller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMorgue(t)
		m.live(0)
		m.bury()
		var all []mapping.Record
		for _, text := range []string{"killer", "cut short", "fine"} {
			in, err := newIncoming(bridges.Delivery{Account: bridges.AccountID(wUser(1)), Event: sms(text)}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			rec, err := in.encode()
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, rec)
		}
		all[1].Data = all[1].Data[:len(all[1].Data)-1]
		_ = m.store.Commit(context.Background(), &mapping.Batch{Cycles: []*mapping.Cycle{{Bridge: domain, Records: all}}})
		for range 3 {
			m.live(1) // at the first record
			m.bury()
		}
		m.live(0)
		m.bury() // before the server has taken anything
		m.live(0)
		m.settle()
		if n := len(m.seen[lostText]); n != 2 || len(m.seen["fine"]) != 1 || len(m.store.state.quarantined) != 2 {
			t.Errorf("seen %v, in quarantine %v", m.seen, m.store.state.quarantined)
		}
		for _, q := range m.store.state.quarantined {
			if from, to := Parties(q); to != wUser(1) || !strings.HasPrefix(from, phone) {
				t.Errorf("%q is from %q to %q", q.Record.Data, from, to)
			}
		}
		m.end()
	})
}
