package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/matrix/appservice"
	"causeway/bridges/matrix/event"
	"causeway/bridges/takeover"
)

// pushFresh is the first transaction over a connection.
func pushFresh(t *testing.T, b *Bridge, events ...event.Event) error {
	t.Helper()
	return b.Transaction(t.Context(), &appservice.Transaction{ID: "1", Events: events, Fresh: true})
}

// pageOf is an answer with what was said in a room, the newest first.
func pageOf(end string, events ...event.Event) answer {
	chunk := []map[string]any{}
	for _, e := range slices.Backward(events) {
		x := map[string]any{
			"type": e.Type, "event_id": e.ID, "room_id": e.Room, "sender": e.Sender, "content": e.Content,
			"origin_server_ts": e.Time.UnixMilli(),
		}
		if e.StateKey != nil {
			x["state_key"] = *e.StateKey
		}
		if e.Redacts != "" {
			x["redacts"] = e.Redacts
		}
		chunk = append(chunk, x)
	}
	body, _ := json.Marshal(map[string]any{"chunk": chunk, "end": end})
	return answer{http.StatusOK, string(body)}
}

// one is a text of bob with a number.
func one(n int) event.Event { return text("!room", fmt.Sprint("$", n), bob, body(fmt.Sprint(n))) }

// some are texts of bob from one number to another.
func some(from, to int) (all []event.Event) {
	for n := from; n <= to; n++ {
		all = append(all, one(n))
	}
	return all
}

// What a homeserver has said of a room when it was started anew, and what comes then. 1
// was taken before.
func TestReadBack(t *testing.T) {
	own := text("!room", "$own", "_xmpp_alice=40example.org:localhost", body("our own"))
	for _, c := range []struct {
		name   string
		pages  []answer
		pushed []event.Event
		want   string
		asked  int
	}{
		{"nothing is missing", []answer{pageOf("", some(1, 2)...)}, some(2, 2), "[2]", 1},
		{"a gap", []answer{pageOf("", some(1, 4)...)}, some(4, 4), "[2 3 4]", 1},
		{"newer than what is pushed", []answer{pageOf("", some(1, 4)...)}, some(2, 2), "[2 3 4]", 1},
		{"the first and the last were pushed", []answer{pageOf("", some(1, 4)...)}, append(some(2, 2), one(4)), "[2 3 4]", 1},
		{"what was pushed is not there", []answer{pageOf("", some(1, 1)...)}, some(2, 3), "[2 3]", 1},
		{"our own is passed over", []answer{pageOf("", one(1), one(2), own, one(3))}, []event.Event{own}, "[2 3]", 1},
		{"pages", []answer{pageOf("a", some(5, 6)...), pageOf("b"), pageOf("c", some(0, 4)...)}, some(6, 6), "[2 3 4 5 6]", 3},
		{"all that there is", []answer{pageOf("a", some(3, 4)...), pageOf("", one(2))}, some(4, 4), "[2 3 4]", 2},
		{"more than is read", []answer{pageOf("a", one(3))}, some(3, 3), "[3]", pages},
		{"thrown out", []answer{refused(http.StatusForbidden, "M_FORBIDDEN")}, some(2, 2), "[2]", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, b, h, _ := talking(t)
			if err := push(t, b, one(1)); err != nil {
				t.Fatal(err)
			}
			f.say("GET /messages", c.pages...)
			if err := pushFresh(t, b, c.pushed...); err != nil {
				t.Fatal(err)
			}
			if err := push(t, b, c.pushed...); err != nil { // it is asked once
				t.Fatal(err)
			}
			var got []string
			for _, s := range came(t, h)[1:] {
				got = append(got, s[len("bob:localhost "):])
			}
			if fmt.Sprint(got) != c.want || f.count("GET /messages") != c.asked {
				t.Errorf("%q came after %d requests", got, f.count("GET /messages"))
			}
		})
	}
}

// What is pushed again of what was read back is a repetition.
func TestReadBackThenPushed(t *testing.T) {
	f, b, h, _ := talking(t)
	for _, err := range []error{push(t, b, one(1)), push(t, b, one(2))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	f.say("GET /messages", pageOf("", some(1, 5)...))
	for _, err := range []error{pushFresh(t, b, one(3)), push(t, b, one(4)), push(t, b, one(5)), push(t, b, one(6))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := came(t, h); len(got) != 6 || got[5] != "bob:localhost 6" {
		t.Errorf("%q came", got)
	}
}

// A homeserver that cannot read a room has it pushed again, some times.
func TestReadBackFails(t *testing.T) {
	f, b, h, _ := talking(t)
	if err := push(t, b, one(1)); err != nil {
		t.Fatal(err)
	}
	f.say("GET /messages", refused(http.StatusInternalServerError, "M_UNKNOWN"))
	for range readTries - 2 {
		b.anchors.fails("!room")
	}
	if err := pushFresh(t, b, one(4)); err == nil {
		t.Error("what may come behind something else was taken")
	}
	f.say("GET /messages", pageOf("", some(1, 4)...))
	h.fail(errors.New("the store is away"))
	if push(t, b, one(4)) == nil {
		t.Error("what was not kept was taken")
	}
	h.fail(nil)
	if err := push(t, b, one(4)); err != nil {
		t.Fatal(err)
	}
	f.say("GET /messages", refused(http.StatusInternalServerError, "M_UNKNOWN"))
	for range readTries - 1 {
		b.anchors.fails("!room")
	}
	if err := pushFresh(t, b, one(5)); err != nil {
		t.Errorf("nothing comes any more: %v", err)
	}
	if got := came(t, h); fmt.Sprint(got) != "[bob:localhost 1 bob:localhost 2 bob:localhost 3 bob:localhost 4 bob:localhost 5]" {
		t.Errorf("%q came", got)
	}
}

// Where nobody knows how far a room was read, only what is young is, and nothing from
// before the ghost was invited.
func TestReadBackWithoutAnchor(t *testing.T) {
	old, now := time.Now().Add(-2*unanchored), time.Now()
	then := func(e event.Event, at time.Time) event.Event { e.Time = at; return e }
	for _, c := range []struct {
		name string
		said func(ghost bridges.UserID) []event.Event
		want int
	}{
		{"young", func(bridges.UserID) []event.Event {
			return []event.Event{then(one(1), old), then(one(2), now), then(one(3), now)}
		}, 2},
		{"from before the invitation", func(ghost bridges.UserID) []event.Event {
			return []event.Event{then(one(1), now), then(memberIs("!room", "$i", ghost, bob, invited), now), then(one(3), now)}
		}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, b, h, ghost := talking(t)
			all := c.said(ghost)
			f.say("GET /messages", pageOf("", all...))
			if err := pushFresh(t, b, all[len(all)-1]); err != nil {
				t.Fatal(err)
			}
			if len(h.came) != c.want {
				t.Errorf("%d came, want %d", len(h.came), c.want)
			}
		})
	}
}

// Changes, reactions and what is said of the room are read back as texts are.
func TestReadBackOfAllKinds(t *testing.T) {
	f, b, h, _ := talking(t)
	if err := push(t, b, one(1)); err != nil {
		t.Fatal(err)
	}
	next(t, h.came)
	redaction := event.Event{Type: typeRedaction, ID: "$r", Room: "!room", Sender: userID(bob), Redacts: "$1", Content: json.RawMessage(`{}`), Time: at}
	reacts := event.Event{
		Type: typeReaction, ID: "$x", Room: "!room", Sender: userID(bob), Time: at,
		Content: json.RawMessage(`{"m.relates_to": {"rel_type": "m.annotation", "event_id": "$1", "key": "👍"}}`),
	}
	edit := text("!room", "$e", bob, `{"msgtype": "m.text", "body": "* x", "m.new_content": {"msgtype": "m.text", "body": "x"}, "m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}}`)
	f.say("GET /messages", pageOf("", one(1), edit, reacts, redaction, state("!room", "$s", typeEncryption, "", bob, `{}`), one(2)))
	if err := pushFresh(t, b, one(2)); err != nil {
		t.Fatal(err)
	}
	if e, ok := next(t, h.came).(bridges.Edit); !ok || e.Of != "$1" || e.Text != "x" {
		t.Errorf("%+v came", e)
	}
	if r, ok := next(t, h.came).(bridges.Reaction); !ok || r.Of != "$1" {
		t.Errorf("%+v came", r)
	}
	if r, ok := next(t, h.came).(bridges.Retraction); !ok || r.Of != "$1" {
		t.Errorf("%+v came", r)
	}
	if x, err := b.book.look(t.Context()).room("!room"); err != nil || !x.Encrypted {
		t.Errorf("the room is not known to be encrypted: %v", err)
	}
}

// A successor goes on where its predecessor was, also in a room of which nothing is
// pushed any more, and a request without an answer is a sign as good as a connection.
func TestReadBackBySuccessor(t *testing.T) {
	f, b, h, ghost := talking(t)
	keeper := new(takeover.Memory)
	if err := b.anchors.goOn(keeper); err != nil {
		t.Fatal(err)
	}
	for _, e := range some(1, 3) {
		if err := push(t, b, e); err != nil {
			t.Fatal(err)
		}
	}
	c := setting(t, f.URL, "127.0.0.1:0")
	successor := newBridge(t, c, b.book.notes)
	successor.host = h
	if err := successor.anchors.goOn(keeper); err != nil {
		t.Fatal(err)
	}
	f.say("GET /messages", pageOf("", some(1, 5)...))
	if err := successor.look(t.Context()); err != nil || f.count("GET /messages") != 0 {
		t.Errorf("without a reason rooms are read: %v", err)
	}
	f.say("PUT /typing/", answer{})
	if err := successor.as(ghost).Typing(t.Context(), "!room", false, 0); err == nil {
		t.Error("a request was answered")
	}
	for range 2 {
		if err := successor.look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := came(t, h); len(got) != 5 || got[4] != "bob:localhost 5" || f.count("GET /messages") != 1 {
		t.Errorf("%q came after %d requests", got, f.count("GET /messages"))
	}
}

// What a homeserver does not push again after a failure, as Synapse may, is read a
// while after that.
func TestLookWhenCalm(t *testing.T) {
	f, b, h, _ := talking(t)
	if err := push(t, b, one(1)); err != nil {
		t.Fatal(err)
	}
	f.say("GET /messages", pageOf("", some(1, 3)...))
	h.fail(errors.New("the store is away"))
	if push(t, b, one(2)) == nil {
		t.Error("what was not kept was taken")
	}
	if len(b.anchors.later) == 0 {
		t.Error("no look will be had")
	}
	h.fail(nil)
	b.calm = time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { b.lookBack(ctx) })
	for n := range 3 {
		if got := next(t, h.came).(bridges.Message).ID; got != bridges.MessageID(fmt.Sprint("$", n+1)) {
			t.Errorf("%s came", got)
		}
	}
	cancel()
	work.Wait()
}

// Where others have transactions, too, one that is left out after a failure leaves no
// gap: then each room is read before something of it is taken.
func TestReadBackOfShared(t *testing.T) {
	f, b, h, _ := talking(t)
	b.order.shared = true
	f.say("GET /messages", pageOf("", one(1)))
	if err := push(t, b, one(1)); err != nil {
		t.Fatal(err)
	}
	f.say("GET /messages", pageOf("", some(1, 4)...))
	if err := push(t, b, one(4)); err != nil {
		t.Fatal(err)
	}
	b.anchors.failed = time.Time{}
	if err := push(t, b, one(5)); err != nil || f.count("GET /messages") != 2 {
		t.Errorf("%d requests, %v", f.count("GET /messages"), err)
	}
	if got := came(t, h); fmt.Sprint(got) != "[bob:localhost 1 bob:localhost 2 bob:localhost 3 bob:localhost 4 bob:localhost 5]" {
		t.Errorf("%q came", got)
	}
}

// A room that was quiet for long is not looked at.
func TestLately(t *testing.T) {
	a := newAnchors()
	a.took("!quiet", "$1")
	a.of[hash("!quiet")].at -= 2 * lively.Milliseconds()
	a.took("!lively", "$1")
	if rooms, _ := a.lately(); len(rooms) != 0 {
		t.Errorf("%q are looked at without a reason", rooms)
	}
	a.doubt()
	rooms, life := a.lately()
	if fmt.Sprint(rooms) != "[!lively]" {
		t.Errorf("%q are looked at", rooms)
	}
	a.doubt()
	a.looked(life)
	if rooms, life = a.lately(); len(rooms) != 1 {
		t.Errorf("%q are looked at once more", rooms)
	}
	a.looked(life)
	if rooms, _ = a.lately(); len(rooms) != 0 {
		t.Errorf("%q are looked at for ever", rooms)
	}
}

// The bounds of anchors hold, and a successor has them.
func TestAnchors(t *testing.T) {
	keeper, a := new(takeover.Memory), newAnchors()
	if err := a.goOn(keeper); err != nil {
		t.Fatal(err)
	}
	a.took("!old", "$1")
	a.of[hash("!old")].at--
	for n := range anchorsKept {
		a.took(fmt.Sprint("!", n), "$1")
	}
	if len(a.of) != anchorsKept || a.anchor("!old").set {
		t.Errorf("%d anchors are kept", len(a.of))
	}
	a.begin("!0", "") // something was taken there
	if a.anchor("!0").event == 0 {
		t.Error("an anchor is lost")
	}
	a.doubt()
	if rooms, _ := a.lately(); len(rooms) != lookedAt {
		t.Errorf("%d rooms are looked at", len(rooms))
	}
	if rooms, life := a.unread([]string{"!1", "!1a"}, false); len(rooms) != 2 || life != 1 {
		t.Errorf("%q are unread in life %d", rooms, life)
	}
	b := newAnchors()
	if err := b.goOn(keeper); err != nil || len(b.of) != anchorsKept || b.anchor("!7").event != hash("$1") || !b.nameless() {
		t.Errorf("a successor has %d anchors, %v", len(b.of), err)
	}
}
