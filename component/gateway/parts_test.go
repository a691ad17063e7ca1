package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

func part(ref string, number, total uint8, text string) bridges.Part {
	return bridges.Part{Chat: phone, Ref: ref, Number: number, Total: total, Data: []byte(text)}
}

// show delivers events and returns the bodies that the user has been shown.
func (r *timeless) show(t *testing.T, events ...bridges.Event) []string {
	t.Helper()
	r.give(events...)
	return bodies(r.drain())
}

func bodies(stanzas []string) (list []string) {
	for _, s := range stanzas {
		if _, b, ok := strings.Cut(s, "<body>"); ok {
			b, _, _ = strings.Cut(b, "</body>")
			list = append(list, b)
		}
	}
	return list
}

func TestParts(t *testing.T) {
	for name, c := range map[string]struct {
		events []bridges.Event
		want   []string
	}{
		"in order":              {[]bridges.Event{part("r", 1, 2, "a"), part("r", 2, 2, "b")}, []string{"ab"}},
		"out of order":          {[]bridges.Event{part("r", 3, 3, "c"), part("r", 1, 3, "a"), part("r", 2, 3, "b")}, []string{"abc"}},
		"twice":                 {[]bridges.Event{part("r", 1, 2, "a"), part("r", 1, 2, "a"), part("r", 2, 2, "b")}, []string{"ab"}},
		"interleaved":           {[]bridges.Event{part("r", 1, 2, "a"), part("s", 1, 2, "c"), part("r", 2, 2, "b"), part("s", 2, 2, "d")}, []string{"ab", "cd"}},
		"before a later text":   {[]bridges.Event{part("r", 1, 2, "a"), part("r", 2, 2, "b"), sms("c")}, []string{"ab", "c"}},
		"a text in between":     {[]bridges.Event{part("r", 1, 2, "a"), sms("c"), part("r", 2, 2, "b")}, []string{"c", "ab"}},
		"a reference used anew": {[]bridges.Event{part("r", 1, 2, "a"), part("r", 1, 2, "x"), part("r", 2, 2, "y")}, []string{"a_", "xy"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *timeless) {
				if got := r.show(t, c.events...); !slices.Equal(got, c.want) {
					t.Errorf("the user saw %q, not %q", got, c.want)
				}
				if n, p := r.store.count(); n+p != 0 || r.g.flights.inbound != 0 || r.g.pieces.n != 0 || len(r.g.pieces.chats) != 0 {
					t.Errorf("left: %d journalled, %d parked, %d in flight, %d parts", n, p, r.g.flights.inbound, r.g.pieces.n)
				}
			})
		})
	}
}

func TestPartsWithoutTheRest(t *testing.T) {
	inBubble(t, func(r *timeless) {
		if got := r.show(t, part("r", 2, 3, "b")); len(got) != 0 {
			t.Errorf("at once the user saw %q", got)
		}
		time.Sleep(partsTime - time.Second)
		if got := bodies(r.drain()); len(got) != 0 {
			t.Errorf("before the time the user saw %q", got)
		}
		time.Sleep(3 * time.Second)
		if got := bodies(r.drain()); !slices.Equal(got, []string{"_b_"}) {
			t.Errorf("after the time the user saw %q", got)
		}
		if n, p := r.store.count(); n+p != 0 {
			t.Errorf("%d journalled, %d parked are left", n, p)
		}
	})
}

func TestPartsSurviveACrash(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.show(t, part("r", 2, 2, "b"), part("s", 1, 2, "c"))
		time.Sleep(time.Minute)
		next := r.crash(bridgetest.SMS())
		if got := next.show(t, part("r", 1, 2, "a")); !slices.Equal(got, []string{"ab"}) {
			t.Errorf("after the crash the user saw %q", got)
		}
		time.Sleep(partsTime - time.Minute + 2*time.Second) // counted from before the crash
		if got := bodies(next.drain()); !slices.Equal(got, []string{"c_"}) {
			t.Errorf("after the time the user saw %q", got)
		}
		*r = *next
	})
}

// What the server had not taken comes again in the order in which it was shown,
// although a whole message is journalled behind what came after its parts.
func TestPartsKeepTheirPlaceInACrash(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.hold = true
		want := []string{"ab", "c", "de", "f"}
		if got := r.show(t, part("r", 1, 2, "a"), part("r", 2, 2, "b"), sms("c"),
			part("s", 1, 2, "d"), part("s", 2, 2, "e"), sms("f")); !slices.Equal(got, want) {
			t.Errorf("the user saw %q", got)
		}
		*r = *r.crash(bridgetest.SMS())
		if got := bodies(r.first); !slices.Equal(got, want) {
			t.Errorf("after the crash the user saw %q", got)
		}
	})
}

func TestPartsAreBounded(t *testing.T) {
	inBubble(t, func(r *timeless) {
		shown := 0
		for i := range maxChatParts + 1 {
			shown += len(r.show(t, part(fmt.Sprint(i), 1, 255, "x")))
		}
		if shown != 1 || r.g.pieces.n != maxChatParts {
			t.Errorf("%d messages were shown, %d parts wait", shown, r.g.pieces.n)
		}
	})
}

func TestImpossiblePartsAreRefused(t *testing.T) {
	inBubble(t, func(r *timeless) {
		for _, p := range []bridges.Part{part("r", 0, 2, ""), part("r", 3, 2, ""), part("r", 1, 1, "")} {
			if err := r.g.Deliver(context.Background(), []bridges.Delivery{{Account: alice, Event: p}}); err == nil {
				t.Errorf("part %d of %d was taken", p.Number, p.Total)
			}
		}
	})
}

// Whatever the order in which parts come, and whichever come again while their
// message waits, each message is shown once, whole.
func TestPartsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []bridges.Part
		for ref := range rapid.IntRange(1, 5).Draw(t, "messages") {
			total := rapid.Uint8Range(2, 6).Draw(t, "total")
			for n := range total {
				all = append(all, part(fmt.Sprint(ref), n+1, total, fmt.Sprint(ref, n)))
			}
		}
		p := newPieces()
		shown := map[string]int{}
		for _, x := range rapid.Permutation(all).Draw(t, "order") {
			for range rapid.IntRange(1, 2).Draw(t, "times") {
				ready, _ := p.add(&incoming{Kind: kindPart, Account: alice, Part: &x})
				for _, parts := range ready {
					shown[parts[0].Part.Ref]++
					if len(parts) != int(parts[0].Part.Total) {
						t.Fatalf("%d of %d parts", len(parts), parts[0].Part.Total)
					}
				}
				if len(ready) > 0 {
					break // a repetition would begin a new message
				}
			}
		}
		for ref, n := range shown {
			if n != 1 {
				t.Fatalf("message %s was shown %d times", ref, n)
			}
		}
		if p.n != 0 || len(p.waiting) != 0 || len(p.chats) != 0 {
			t.Fatalf("%d parts are left", p.n)
		}
	})
}
