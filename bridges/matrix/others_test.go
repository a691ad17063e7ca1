package matrix

import (
	"encoding/json"
	"fmt"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/bridges/matrix/event"
)

func other(id, kind, content string) event.Event {
	return event.Event{Type: kind, ID: id, Room: "!room", Sender: userID(bob), Content: json.RawMessage(content), Time: at}
}

// TestOthers: what is no message comes as a line that says what it is (xeps.md 0393.9),
// and steps of something that cannot be shown not at all.
func TestOthers(t *testing.T) {
	_, b, h, _ := talking(t)
	const unstable = `{"org.matrix.msc3381.poll.start": {"question": {"org.matrix.msc1767.text": "Lunch?"}, "answers": [{"id": "1", "org.matrix.msc1767.text": "yes"}, {"id": "2"}]}}`
	for i, c := range []struct{ kind, content, want string }{
		{"m.call.invite", `{"call_id": "1", "offer": {}}`, calls},
		{"m.call.candidates", `{"call_id": "1"}`, ""},
		{"m.call.invite", `{}`, ""},
		{"m.key.verification.start", `{"x": 1}`, ""},
		{"m.poll.start", `{"m.poll": {"question": {"m.text": [{"body": "<b>Lunch?</b>", "mimetype": "text/html"}, {"body": "Lunch?"}]}, "answers": [{"m.id": "1", "m.text": [{"body": "yes"}]}]}}`, "Poll: Lunch?\n1. yes\n" + pollHowTo},
		{"org.matrix.msc3381.poll.start", unstable, "Poll: Lunch?\n1. yes\n2. \n" + pollHowTo},
		{"org.matrix.msc3381.poll.start", `{"m.new_content": ` + unstable + `, "m.relates_to": {"rel_type": "m.replace", "event_id": "$p"}}`, "Poll: Lunch?\n1. yes\n2. \n" + pollHowTo + " in place of $p"},
		{"m.poll.start", `{"m.poll": 1, "m.text": "Lunch?"}`, "Lunch?"},
		{"org.matrix.msc3381.poll.response", `{"m.relates_to": {"rel_type": "m.reference", "event_id": "$p"}}`, votes},
		{"m.poll.end", `{"m.text": [{"body": "It was: yes"}]}`, "It was: yes"},
		{"org.matrix.msc3381.poll.end", `{"x": 1}`, pollEnds},
		{"org.example.note", `{"m.text": [{"body": "a note"}]}`, "a note"},
		{"org.example.note", `{"org.matrix.msc1767.text": "a note"}`, "a note"},
		{typeMessage, `{"msgtype": "org.example", "body": "words"}`, "words"},
		{typeMessage, `{"msgtype": "m.key.verification.request", "body": "x wants"}`, wantsKeys},
		{typeMessage, `{"msgtype": "m.location", "body": "the office", "geo_uri": "geo:51.5,-0.1"}`, "the office\ngeo:51.5,-0.1"},
		{typeMessage, `{"msgtype": "m.location", "body": "Location geo:51.5,-0.1", "geo_uri": "geo:51.5,-0.1"}`, "Location geo:51.5,-0.1"},
		{typeMessage, `{"msgtype": "m.location", "geo_uri": "geo:51.5,-0.1"}`, somewhere + "\ngeo:51.5,-0.1"},
		{typeMessage, `{"msgtype": "m.location", "body": "here", "geo_uri": "javascript:x"}`, "here"},
	} {
		if err := push(t, b, other(fmt.Sprint("$", i), c.kind, c.content)); err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(h.came) > 0 {
			switch x := (<-h.came).(type) {
			case bridges.Message:
				got = x.Text
			case bridges.Edit:
				got = x.Text + " in place of " + string(x.Of)
			}
		}
		if got != c.want {
			t.Errorf("%s %s became %q, not %q", c.kind, c.content, got, c.want)
		}
	}
}

// TestUnknownTypes: what nobody here knows is said to be so, once in a chat, also when
// the homeserver says it again.
func TestUnknownTypes(t *testing.T) {
	notes := new(bridgetest.Notes)
	_, b, s := onFake(t, notes)
	h := b.host.(*host)
	note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	game := other("$1", "org.example.game", `{"move": 1}`)
	h.fail(fmt.Errorf("the store is away"))
	if push(t, b, game) == nil {
		t.Error("it was taken")
	}
	h.fail(nil)
	events := []event.Event{game, other("$2", "org.example.game", `{"move": 2}`), other("$3", "m.beacon", `{"x": 1}`), other("$4", "org.example.gone", `{}`)}
	for i := range 2 * maxOdd {
		events = append(events, other(fmt.Sprint("$x", i), fmt.Sprint("org.example.", i), `{"x": 1}`))
	}
	for range 2 {
		if err := push(t, b, events...); err != nil {
			t.Fatal(err)
		}
		b.book = newBook(notes) // as after a start
	}
	got := came(t, h)
	if len(got) != maxOdd || got[0] != "bob:localhost "+named(unheardOf, "org.example.game") || got[1] != "bob:localhost "+named(whereabout, "") {
		t.Errorf("%q came", got)
	}
}

// FuzzOthers: whatever somebody sends, something readable comes of it, or nothing.
func FuzzOthers(f *testing.F) {
	f.Add("m.poll.start", `{"m.poll": {"question": {"m.text": [{"body": "x"}]}, "answers": [null, {}]}}`)
	f.Add("org.matrix.msc3381.poll.start", `{"m.new_content": {"m.new_content": {}}, "m.relates_to": {"rel_type": "m.replace", "event_id": "x"}}`)
	f.Add("m.room.message", `{"msgtype": "m.text", "format": "org.matrix.custom.html", "formatted_body": "<b>x", "m.mentions": []}`)
	f.Fuzz(func(t *testing.T, kind, raw string) {
		if !json.Valid([]byte(raw)) {
			return
		}
		switch x := told(other("$1", kind, raw)).(type) {
		case bridges.Message:
			if x.Text == "" {
				t.Errorf("%s %s is empty", kind, raw)
			}
		case bridges.Edit:
			if x.Text == "" || x.Of == "" {
				t.Errorf("%s %s is empty", kind, raw)
			}
		}
	})
}
