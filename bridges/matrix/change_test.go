package matrix

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/matrix/event"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

func TestEditsIn(t *testing.T) {
	_, b, h, ghost := talking(t)
	relates := func(of, fresh string) string {
		return `{"msgtype": "m.text", "body": "* now", "m.relates_to": ` + of + fresh + `}`
	}
	const first, fresh = `{"rel_type": "m.replace", "event_id": "$1"}`, `, "m.new_content": {"msgtype": "m.emote", "body": "waves"}`
	events := []struct {
		e    event.Event
		want string
	}{
		{text("!room", "$1", bob, body("one")), "one"},
		{text("!room", "$2", bob, relates(first, fresh)), "/me waves in place of $1"},
		{text("!room", "$3", bob, relates(first, "")), "now in place of $1"},
		{text("!room", "$4", bob, relates(first, `, "m.new_content": {}`)), "now in place of $1"},
		{text("!room", "$5", bob, relates(`{"rel_type": "m.replace"}`, fresh)), "* now"},
		{text("!room", "$6", bob, relates(`{"rel_type": "m.thread", "event_id": "$1"}`, fresh)), "* now"},
		{text("!room", "$7", bob, relates(`{"rel_type": 1, "event_id": "$1"}`, "")), "* now"},
		{text("!room", "$8", bob, relates(`[]`, "")), "* now"},
		{text("!room", "$9", bob, relates(first, `, "m.new_content": []`)), odd},
		{text("!room", "$10", ghost, relates(first, fresh)), ""},
		{text("!room", "$11", bob, relates(first, `, "m.new_content": {"msgtype": "m.image", "body": "a.png"}`)), "(a picture, which can be seen on Matrix only: a.png) in place of $1"},
	}
	for _, c := range events {
		if err := push(t, b, c.e); err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(h.came) > 0 {
			switch x := (<-h.came).(type) {
			case bridges.Message:
				got = x.Text
			case bridges.Edit:
				got = fmt.Sprintf("%s in place of %s", x.Text, x.Of)
				if x.ID != bridges.MessageID(c.e.ID) || x.From != bob || x.Chat != bridges.ChatID(bob) || x.Key != "" || !x.Sent.Equal(at) {
					t.Errorf("%s is %+v", c.e.ID, x)
				}
			}
		}
		if got != c.want {
			t.Errorf("%s became %q, not %q", c.e.ID, got, c.want)
		}
	}
}

// edit changes what was said in the chat with bob.
func edit(t *testing.T, s *session, of, text string) (bridges.MessageID, error) {
	t.Helper()
	m := bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "key " + text, Text: text}
	return s.Edit(t.Context(), bridges.Edit{Message: m, Of: bridges.MessageID(of)})
}

// What is not in the room stays as it is, in words, and nothing goes elsewhere, or
// unencrypted into a room that is.
func TestEditsOut(t *testing.T) {
	for _, c := range []struct {
		name  string
		room  room
		says  answer
		kind  bridges.Kind
		sends int
	}{
		{"an unknown event", room{PersonIs: joined, GhostIs: joined}, refused(400, "M_UNKNOWN"), bridges.Rejected, 1},
		{"the ghost is thrown out", room{PersonIs: joined, GhostIs: joined}, refused(403, "M_FORBIDDEN"), bridges.Rejected, 1},
		{"no room", room{PersonIs: joined, GhostIs: left}, answer{}, bridges.Rejected, 0},
		{"encrypted", room{PersonIs: joined, GhostIs: joined, Encrypted: true}, answer{}, bridges.Unsupported, 0},
		{"a homeserver that limits", room{PersonIs: joined, GhostIs: joined}, refused(429, "M_LIMIT_EXCEEDED"), bridges.Temporary, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, b, s := onFake(t, nil)
			c.room.Ghost, c.room.Person = s.ghost, bob
			note(t, b, "!room", c.room)
			f.say("PUT /send/", c.says)
			_, err := edit(t, s, "$1", "now")
			var e *bridges.Error
			if !errors.As(err, &e) || e.Kind != c.kind || f.count("PUT /send/") != c.sends || f.count("POST /createRoom") != 0 {
				t.Errorf("%v, %d events", err, f.count("PUT /send/"))
			}
		})
	}
	_, err := writeEdit(strings.Repeat("x", maxBody), "k", "$1")
	if bridges.KindOf(err) != bridges.TooLong {
		t.Error(err)
	}
	c, err := writeEdit("/me waves", "k", "$1")
	raw, _ := json.Marshal(c)
	const want = `{"msgtype":"m.emote","body":"* waves","m.new_content":{"msgtype":"m.emote","body":"waves"},` +
		`"m.relates_to":{"rel_type":"m.replace","event_id":"$1"},"org.causeway.key":"k"}`
	if err != nil || string(raw) != want {
		t.Errorf("%s, %v", raw, err)
	}
}

// Edits pass both ways, on a real homeserver: of the first event, whichever was
// edited last, and of none that the room does not have.
func TestRealEdits(t *testing.T) {
	r := onSynapse(t)
	bob := lab.Nio(t, r.Matrix, "bob", "autojoin")
	first := send(t, r.s, "bob:localhost", "helo")
	room := joinsRoom(bob, bob.UserID)
	for _, text := range []string{"hello", "hello!", "hello!"} { // one of them again, with the same key
		if _, err := edit(t, r.s, first, text); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{"* hello", "* hello!"} {
		e := bob.Wait(text, isText(text))
		if e.Room != room || !strings.Contains(string(e.Content), `"m.replace"`) || !strings.Contains(string(e.Content), first) {
			t.Errorf("bob got %+v", e)
		}
	}
	send(t, r.s, "bob:localhost", "behind")
	if e := bob.Wait("the next text", func(e peer.MatrixEvent) bool { return e.Event == "message" }); e.Body != "behind" {
		t.Errorf("an edit came again: %+v", e)
	}
	if _, err := edit(t, r.s, "$unknown", "of nothing"); bridges.KindOf(err) != bridges.Rejected {
		t.Errorf("an unknown text is changed: %v", err)
	}
	said := bob.Send(room, "yse")
	r.wantText(t, "bob:localhost", "yse")
	bob.Do(map[string]any{"do": "send_raw", "room": room, "type": typeMessage, "content": map[string]any{
		"msgtype": "m.text", "body": "* yes", "m.new_content": map[string]any{"msgtype": "m.text", "body": "yes"},
		"m.relates_to": map[string]any{"rel_type": "m.replace", "event_id": said},
	}})
	for {
		e := next(t, r.came)
		if x, ok := e.(bridges.Edit); ok {
			if x.Text != "yes" || string(x.Of) != said || x.From != "bob:localhost" {
				t.Errorf("%+v came", x)
			}
			return
		}
	}
}
