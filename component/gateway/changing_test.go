package gateway

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/mapping"
)

// partsOut are what a user does to a message that is several of the network.
var partsOut = changesOut{
	{"0424.2 all of it is taken back", func(r *timeless) { r.receive(r.t, takingBack("x", "long")) }, "p1 is back, p2 is back", ""},
	{"0424.2 a repetition is one", func(r *timeless) {
		r.receive(r.t, takingBack(lasting("x"), "long"))
		r.receive(r.t, takingBack(lasting("x"), "long"))
	}, "p1 is back, p2 is back", ""},
	{"the second of two that have the same id", func(r *timeless) {
		r.bridge.OnSend(parts("q1"))
		r.receive(r.t, text("long", "short"))
		time.Sleep(time.Millisecond)
		r.handed()
		r.receive(r.t, takingBack("x", "long"))
	}, "q1 is back", ""},
	{"one part the network does not take back", func(r *timeless) {
		r.bridge.OnSign(func(_ context.Context, e bridges.Event) error {
			if e.(bridges.Retraction).Of == "p1" {
				return &bridges.Error{Kind: bridges.Rejected, Text: "Too late."}
			}
			return nil
		})
		r.receive(r.t, takingBack("x", "long"))
	}, "p1 is back, p2 is back", "A part of your message could not be taken back: 1 of 2 that it has on the network. Too late."},
	{"none of them does it take back", func(r *timeless) {
		r.says(&bridges.Error{Kind: bridges.Rejected, Text: "Too late."})
		r.receive(r.t, takingBack("x", "long"))
	}, "p1 is back, p2 is back", ">Too late.<"},
	{"0308.2 all of it is edited", func(r *timeless) { r.receive(r.t, replacing("e", "long", "ONE")) }, "p1+p2 is now ONE", ""},
	{"0308.2 and what is left is edited again", func(r *timeless) {
		r.receive(r.t, replacing("e", "long", "ONE"))
		r.receive(r.t, replacing("f", "long", "Uno"))
		r.receive(r.t, replacing("g", "e", "Eins"))
	}, "p1+p2 is now ONE, p1 is now Uno, p1 is now Eins", ""},
	{"0424.2 and what is left is taken back", func(r *timeless) {
		r.receive(r.t, replacing("e", "long", "ONE"))
		r.receive(r.t, takingBack("x", "long"))
	}, "p1+p2 is now ONE, p1 is back", ""},
	{"0308.2 it becomes longer, and shorter", func(r *timeless) {
		r.receive(r.t, replacing("e", "long", "a|b|c"))
		r.receive(r.t, replacing("f", "e", "A|B"))
		r.receive(r.t, replacing("g", "long", "ONE"))
	}, "p1+p2 is now a|b|c, p1+p2+NEW is now A|B, p1+p2 is now ONE", ""},
	{"0308.2 a short text becomes long, and is taken back", func(r *timeless) {
		r.receive(r.t, replacing("e", "a1", "a|b"))
		r.receive(r.t, takingBack("x", "e"))
	}, "m1 is now a|b, m1 is back, NEW is back", ""},
	{"0461.6 what is left is answered", func(r *timeless) {
		r.receive(r.t, replacing("e", "long", "ONE"))
		r.receive(r.t, answeringLong("b", "long"))
		synctest.Wait()
		if m := r.bridge.All(); m[len(m)-1].ReplyTo != "p1" {
			r.t.Errorf("it answers %q", m[len(m)-1].ReplyTo)
		}
	}, "p1+p2 is now ONE, yes", ""},
	{"0461.6, 0444.4 what has become several is answered, and reacted to", func(r *timeless) {
		r.receive(r.t, replacing("e", "a1", "a|b"))
		r.receive(r.t, answeringLong("b", "a1"))
		r.receive(r.t, answeringLong("c", "e"))
		r.receive(r.t, reacting("d", "e", "x"))
		synctest.Wait()
		for _, m := range r.bridge.All() {
			if m.Text == "yes" && !strings.HasPrefix(string(m.ReplyTo), "edit 1 ") {
				r.t.Errorf("it answers %q", m.ReplyTo)
			}
		}
	}, "m1 is now a|b, NEW has x, yes, yes", ""},
}

func answeringLong(id, of string) string {
	return `<message type='chat' id='` + id + `' from='alice@example.org/phone' to='+12025550100@sms.example.org'>` +
		`<body>yes</body><reply xmlns='urn:xmpp:reply:0' id='` + of + `'/></message>`
}

// TestPartsOut: what a user does to a message is done to all that it is on the network.
func TestPartsOut(t *testing.T) { partsOut.run(t) }

// renames is a session whose network gives edits these ids.
type renames struct {
	bridges.Session
	ids []bridges.MessageID
}

// Edit implements bridges.Editor.
func (r renames) Edit(context.Context, bridges.Edit) ([]bridges.MessageID, error) { return r.ids, nil }

// TestPartsWithoutIDs: of an edit whose parts have no ids the message keeps those that
// are known.
func TestPartsWithoutIDs(t *testing.T) {
	markerRig(t, func(r *timeless) {
		r.correspond()
		row, _, _ := r.store.MessageByID(t.Context(), domain, "p1")
		want := func(ids ...bridges.MessageID) {
			t.Helper()
			if got := r.g.partsOf(t.Context(), row); !slices.Equal(got, ids) {
				t.Errorf("the parts are %q, not %q", got, ids)
			}
		}
		for _, ids := range [][]bridges.MessageID{nil, {"e", "", "", "n"}} {
			x := r.g.edits(new(outgoing), bridges.Message{Key: "k"}, []bridges.MessageID{"p1", "p2"}).(noting)
			got, err := x.do(t.Context(), renames{ids: slices.Clone(ids)})
			if err != nil {
				t.Fatal(err)
			}
			put := new(mapping.Batch)
			for _, id := range got {
				put.PutMessages = append(put.PutMessages, mapping.Message{Bridge: domain, ID: id, Account: alice, At: time.Now()})
			}
			if len(got) > 0 {
				put.PutMessages = append(put.PutMessages, x.rows(r.g, put.PutMessages)...)
			}
			if err := r.store.Commit(t.Context(), put); err != nil {
				t.Fatal(err)
			}
			if ids == nil {
				want("p1", "p2")
			}
		}
		want("p1", "p2", "n")
		old := mapping.Message{Bridge: domain, ID: partsID("p1"), Account: alice} // of an older version
		if err := r.store.Commit(t.Context(), &mapping.Batch{PutMessages: []mapping.Message{old}}); err != nil {
			t.Fatal(err)
		}
		want("p1", "p2")
	})
}

// TestPartsOutAfterACrash: which parts a message has is on disk, and who dies between
// two of them goes on with the same keys.
func TestPartsOutAfterACrash(t *testing.T) {
	markerRig(t, func(r *timeless) {
		r.correspond()
		r.receive(t, replacing("e", "long", "a|b|c"))
		synctest.Wait()
		r.handed()
		r.bridge.OnSign(func(_ context.Context, e bridges.Event) error {
			if e.(bridges.Retraction).Of != "p1" {
				return later
			}
			return nil
		})
		r.receive(t, takingBack("x", "long"))
		synctest.Wait()
		before := keysOf(r.bridge)
		info := bridgetest.Rich()
		info.Unknown = bridges.Idempotent
		next := r.crash(info)
		next.g.Ready()
		time.Sleep(time.Minute)
		after := keysOf(next.bridge)
		if len(before) != 2 || len(after) != 3 || before[0] != after[0] || before[1] != after[1] || after[1] == after[2] {
			t.Errorf("%q, then %q", before, after)
		}
		*r = *next
	})
}

// keysOf are those of what was taken back.
func keysOf(b *bridgetest.Bridge) (all []string) {
	for len(b.Events()) > 0 {
		if x, ok := (<-b.Events()).(bridges.Retraction); ok {
			all = append(all, x.Key)
		}
	}
	return all
}

func playPartsOut(r *theater) {
	r.receive(text("t", "t"), true)
	r.receive(replacing("e", "t", "a|b|c"), true)
	r.receive(takingBack("x", "t"), true)
}

// endPartsOut: of all parts each was taken back once, or none was and the user is told.
func endPartsOut(r *theater) {
	parts := map[bridges.MessageID]string{}
	for len(r.bridge.Events()) > 0 {
		x, ok := (<-r.bridge.Events()).(bridges.Retraction)
		if key := parts[x.Of]; ok && key != "" && key != x.Key {
			r.w.t.Errorf("%s was taken back twice", x.Of)
		}
		if ok {
			parts[x.Of] = x.Key
		}
	}
	if told := r.saw("type='error'", "id='x'"); told > 1 || told == 1 && len(parts) > 0 || told == 0 && len(parts) == 2 {
		r.w.t.Errorf("told %d times, taken back %v", told, parts)
	}
}

// keeps is a session whose network takes nothing back that is in it: it says why.
type keeps struct {
	bridges.Session
	why   map[bridges.MessageID]error
	asked []bridges.MessageID
}

// Retract implements bridges.Retractor.
func (k *keeps) Retract(_ context.Context, x bridges.Retraction) error {
	k.asked = append(k.asked, x.Of)
	return k.why[x.Of]
}

// TestRetractionGoesOn: another attempt goes on with the part at which the last one
// ended, and tells of all that stay.
func TestRetractionGoesOn(t *testing.T) {
	k := &keeps{why: map[bridges.MessageID]error{
		"p1": &bridges.Error{Kind: bridges.Rejected, Text: "Too old."},
		"p2": &bridges.Error{Kind: bridges.Temporary, Text: "Not now."},
	}}
	m := new(outgoing)
	attempt := func() error {
		m.errand = retraction(m, bridges.Message{Key: "k"}, []bridges.MessageID{"p1", "p2", "p3"})
		_, err := m.errand.do(t.Context(), k)
		return err
	}
	if err := attempt(); bridges.KindOf(err) != bridges.Temporary {
		t.Errorf("at first: %v", err)
	}
	delete(k.why, "p2")
	if err := attempt(); err == nil || !strings.Contains(err.Error(), "1 of 3") {
		t.Errorf("of what stays: %v", err)
	}
	if !slices.Equal(k.asked, []bridges.MessageID{"p1", "p2", "p2", "p3"}) {
		t.Errorf("asked: %q", k.asked)
	}
}
