package matrix

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/matrix/appservice"
	"causeway/bridges/matrix/event"
)

// Who has read a text has read those before it, and each is said once.
func TestUnread(t *testing.T) {
	u := newUnread()
	for _, id := range []bridges.MessageID{"$1", "$2", "$2", "$3"} {
		u.add("!bob", id)
	}
	u.add("!bob", "$5a", "", "$5b")
	u.add("!bob", "$6", "")
	u.add("!carol", "$4")
	for _, c := range []struct {
		name string
		upTo bridges.MessageID
		want string
	}{
		{"one that nobody knows", "$0", "[$0] $0"},
		{"the second", "$2", "[$1 $2] $2"},
		{"the second again", "$2", "[$2] $2"},
		{"of another room", "$4", "[$4] $4"},
		{"the first part of one", "$5a", "[$3 $5a] $3"},
		{"the last part", "$5b", "[$5b] $5b"},
		{"of what ends with what stays as it was", "$6", "[$6] "},
	} {
		texts, last := u.upTo(readMark{"!bob", c.upTo})
		u.read(readMark{"!bob", c.upTo})
		if got := fmt.Sprint(texts, " ", last); got != c.want {
			t.Errorf("%s: %s, not %s", c.name, got, c.want)
		}
	}
	if _, is := u.rooms.Get("!bob"); is {
		t.Error("a room is remembered of which all was read")
	}
}

// What is remembered has bounds, and texts do not go because others speak.
func TestUnreadBounds(t *testing.T) {
	u := newUnread()
	for i := range unreadKept + 1 {
		u.add("!bob", bridges.MessageID(fmt.Sprint(i)))
	}
	last := bridges.MessageID(fmt.Sprint(unreadKept))
	if got, _ := u.upTo(readMark{"!bob", last}); len(got) != unreadKept || got[0] != "1" {
		t.Errorf("%d, from %s", len(got), got[0])
	}
	u.passes("!bob", last, true)
	for i := range 10 * behindKept {
		u.passes("!bob", bridges.MessageID(fmt.Sprint("other", i)), false)
	}
	if all, _ := u.rooms.Get("!bob"); len(all) != unreadKept || len(all[unreadKept-1].behind) != behindKept {
		t.Errorf("%d texts, %d events behind the last", len(all), len(all[unreadKept-1].behind))
	}
}

// marksRead is a receipt of bob's, behind # of a thread, and marked what came of it.
func marksRead(id string) event.Event {
	id, thread, _ := strings.Cut(id, "#")
	return event.Event{Type: typeReceipt, Room: "!room", Content: json.RawMessage(
		fmt.Sprintf(`{%q: {"m.read": {"@bob:localhost": {"ts": 1, "thread_id": %q}}}}`, id, thread))}
}

func marked(t *testing.T, h *host) string {
	t.Helper()
	var all []string
	for len(h.came) > 0 {
		switch x := (<-h.came).(type) {
		case bridges.Receipt:
			if x.Chat != bridges.ChatID(bob) || x.State != bridges.Delivered {
				t.Errorf("%+v", x)
			}
			all = append(all, string(x.ID))
		case bridges.Displayed:
			if x.Chat != bridges.ChatID(bob) || x.From != bob {
				t.Errorf("%+v", x)
			}
			all = append(all, "read:"+string(x.UpTo))
		}
	}
	return strings.Join(all, " ")
}

// ours is an event of the ghost's as it is pushed.
func ours(ghost bridges.UserID, id, kind, content string) event.Event {
	e := text("!room", id, ghost, content)
	e.Type = kind
	return e
}

func ownText(ghost bridges.UserID, id string) event.Event {
	return ours(ghost, id, typeMessage, `{"msgtype": "m.text", "body": "x", "org.causeway.key": "k"}`)
}

// readsOf are what the homeserver says, and what comes of it: $1 and $2 are on their way
// when it begins, and $3 when it says +$3.
var readsOf = map[string]struct {
	happens func(ghost bridges.UserID) []any // events; a text is one that is sent, or read
	want    string
}{
	"a text":                       {func(g bridges.UserID) []any { return []any{ownText(g, "$1"), "$1"} }, "$1 read:$1"},
	"0333.3 a reaction":            {after("$r", typeReaction, `{"m.relates_to": {"rel_type": "m.annotation", "event_id": "$b", "key": "x"}}`), "$1 $2 read:$2"},
	"0333.3 a redaction":           {after("$r", typeRedaction, `{"redacts": "$0"}`), "$1 $2 read:$2"},
	"0333.3 a text of the other's": {func(g bridges.UserID) []any { return twoThen(g, text("!room", "$b", bob, body("y")), "$b") }, "$1 $2 read:$2"},
	"0333.3 a state event": {func(g bridges.UserID) []any {
		return twoThen(g, state("!room", "$s", "m.room.topic", "", bob, `{"topic": "x"}`), "$s")
	}, "$1 $2 read:$2"},
	"an event between two": {func(g bridges.UserID) []any {
		return []any{ownText(g, "$1"), text("!room", "$b", bob, body("y")), ownText(g, "$2"), "$b"}
	}, "$1 read:$1"},
	"of two who speak at once": {func(g bridges.UserID) []any { // as the homeserver has them
		return []any{text("!room", "$b", bob, body("y")), ownText(g, "$1"), ownText(g, "$2"), "$b"}
	}, ""},
	"a text that is pushed before it is answered": {func(g bridges.UserID) []any {
		return twoThen(g, ownText(g, "$3"), text("!room", "$b", bob, body("y")), "+$3", "$b")
	}, "$1 $2 $3 read:$3"},
	"twice, and nothing new": {func(g bridges.UserID) []any {
		return twoThen(g, text("!room", "$b", bob, body("y")), text("!room", "$c", bob, body("z")), "$b", "$c")
	}, "$1 $2 read:$2"},
	"0333.3 in a thread": {func(g bridges.UserID) []any {
		return twoThen(g, text("!room", "$b", bob, `{"msgtype": "m.text", "body": "y", "m.relates_to": {"rel_type": "m.thread", "event_id": "$0"}}`), "$b#$0")
	}, ""},
	"0333.3 beside all threads": {func(g bridges.UserID) []any { return []any{ownText(g, "$1"), "$1#main"} }, "$1 read:$1"},
	"of another life":           {func(bridges.UserID) []any { return []any{"$0"} }, "$0 read:$0"},
}

// twoThen has the homeserver push both texts, and then more.
func twoThen(ghost bridges.UserID, more ...any) []any {
	return append([]any{ownText(ghost, "$1"), ownText(ghost, "$2")}, more...)
}

// after has the ghost do something behind both that is no text, and bob read that.
func after(id, kind, content string) func(bridges.UserID) []any {
	return func(ghost bridges.UserID) []any { return twoThen(ghost, ours(ghost, id, kind, content), id) }
}

// Who has read an event that is no text of ours has read the texts before it: nothing
// else is handed on, whatever it is (0184.1, 0333.3).
func TestReadUpTo(t *testing.T) {
	for name, c := range readsOf {
		t.Run(name, func(t *testing.T) {
			b := bare(t)
			b.unread.add("!room", "$1")
			b.unread.add("!room", "$2")
			for _, x := range c.happens(b.ghosts.of(alice)) {
				var batch appservice.Transaction
				if e, ok := x.(event.Event); ok {
					batch.Events = []event.Event{e}
				} else if id, sent := strings.CutPrefix(x.(string), "+"); sent {
					b.unread.add("!room", bridges.MessageID(id))
					continue
				} else {
					batch.Ephemeral = []event.Event{marksRead(id)}
				}
				if err := b.Transaction(t.Context(), &batch); err != nil {
					t.Fatal(err)
				}
			}
			if got := marked(t, b.host.(*host)); got != c.want {
				t.Errorf("%q came, not %q", got, c.want)
			}
		})
	}
}

// A transaction that was not taken comes again, and says the same.
func TestReadAgain(t *testing.T) {
	b := bare(t)
	h, ghost := b.host.(*host), b.ghosts.of(alice)
	b.unread.add("!room", "$1")
	x := &appservice.Transaction{
		Events:    []event.Event{ownText(ghost, "$1"), ours(ghost, "$r", typeRedaction, `{"redacts": "$0"}`)},
		Ephemeral: []event.Event{marksRead("$r")},
	}
	h.fail(errors.New("the disk is full"))
	if err := b.Transaction(t.Context(), x); err == nil {
		t.Error("it is taken")
	}
	h.fail(nil)
	if err := b.Transaction(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	if got := marked(t, h); got != "$1 read:$1" {
		t.Errorf("%q came", got)
	}
}

// Synapse sends a transaction that was not taken again without its receipts.
func TestReadOwed(t *testing.T) {
	b := bare(t)
	h, ghost := b.host.(*host), b.ghosts.of(alice)
	b.unread.add("!room", "$1")
	x := func(ephemeral ...event.Event) error {
		return b.Transaction(t.Context(), &appservice.Transaction{ID: "7", Events: []event.Event{ownText(ghost, "$1")}, Ephemeral: ephemeral})
	}
	h.fail(errors.New("the disk is full"))
	for _, err := range []error{x(marksRead("$1")), x()} {
		if err == nil {
			t.Error("it is taken")
		}
	}
	h.fail(nil)
	for range 2 {
		if err := x(); err != nil {
			t.Fatal(err)
		}
	}
	if got := marked(t, h); got != "$1 read:$1" {
		t.Errorf("%q came", got)
	}
	for i := range 2 * owedKept {
		b.owed.keep(&appservice.Transaction{ID: fmt.Sprint(i), Ephemeral: []event.Event{marksRead("$1")}})
	}
	if len(b.owed) > owedKept {
		t.Errorf("those of %d are remembered", len(b.owed))
	}
}

// What was sent is remembered in its room.
func TestSentIsUnread(t *testing.T) {
	_, b, s := onFake(t, nil)
	note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	one, two := send(t, s, bob, "one"), send(t, s, bob, "two")
	texts, last := b.unread.upTo(readMark{"!room", bridges.MessageID(two)})
	if fmt.Sprint(texts) != fmt.Sprint([]string{one, two}) || string(last) != two {
		t.Errorf("%q, up to %s", texts, last)
	}
}
