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
	ids, err := s.Edit(t.Context(), bridges.Edit{Message: m, Of: bridges.MessageID(of)})
	if err != nil {
		return "", err
	}
	return ids[0], nil
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
	calls := pieces(bridges.Message{Chat: bridges.ChatID(bob), Text: "ask " + bobID}, "")[0].editing("$1")
	if len(calls.Mentions.Users) != 0 || len(calls.New.Mentions.Users) != 1 {
		t.Errorf("%v is called by an edit, and %v by what the text is", calls.Mentions, calls.New.Mentions)
	}
	for text, want := range map[string]string{
		"/me waves": `{"msgtype":"m.emote","body":"* waves","m.mentions":{},"m.new_content":{"msgtype":"m.emote","body":"waves","m.mentions":{}},` +
			`"m.relates_to":{"rel_type":"m.replace","event_id":"$1"},"org.causeway.key":"k"}`,
		"_x_": `{"msgtype":"m.text","body":"* _x_","format":"org.matrix.custom.html","formatted_body":"* <em>x</em>","m.mentions":{},` +
			`"m.new_content":{"msgtype":"m.text","body":"_x_","format":"org.matrix.custom.html","formatted_body":"<em>x</em>","m.mentions":{}},` +
			`"m.relates_to":{"rel_type":"m.replace","event_id":"$1"},"org.causeway.key":"k"}`,
		strings.Repeat("x", 40_000): "",
	} {
		c := write(text, false, "k").editing("$1")
		if got := plainJSON(t, c); !c.within(maxContent+editFrame) || want != "" && got != want {
			t.Errorf("%.100s", got)
		}
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

func retractBob(t *testing.T, s *session, of string) error {
	t.Helper()
	return s.Retract(t.Context(), bridges.Retraction{Chat: bridges.ChatID(bob), From: s.ghost, Key: "back " + of, Of: bridges.MessageID(of)})
}

// Retractions pass both ways, on a real homeserver, in both places where an event
// may say what it redacts.
func TestRealRetractions(t *testing.T) {
	r := onSynapse(t)
	person := lab.Nio(t, r.Matrix, "bob", "autojoin")
	own := send(t, r.s, bob, "oops")
	first := joinsRoom(person, person.UserID)
	for range 2 { // whoever does it twice has done it once
		if err := retractBob(t, r.s, own); err != nil {
			t.Error(err)
		}
	}
	person.Wait("a redaction", func(e peer.MatrixEvent) bool { return e.Event == "redaction" && e.Redacts == own })
	if err := retractBob(t, r.s, "$unknown"); bridges.KindOf(err) != bridges.Rejected {
		t.Errorf("an unknown text: %v", err)
	}
	second := person.CreateDM(userID(r.s.ghost)) // the chat goes on elsewhere
	person.Send(second, "here")
	r.wantText(t, bob, "here")
	r.known(t, second, func(x room) bool { return x.GhostIs == joined && x.Invite == "" })
	if own = send(t, r.s, bob, "there"); person.Wait("there", isText("there")).Room != second {
		t.Error("the answer is in another room")
	}
	person.Send(first, "back here")
	r.wantText(t, bob, "back here")
	if err := retractBob(t, r.s, own); err != nil {
		t.Error(err)
	}
	if e := person.Wait("a redaction", func(e peer.MatrixEvent) bool { return e.Event == "redaction" && e.Redacts == own }); e.Room != second {
		t.Errorf("it is in %s, not %s", e.Room, second)
	}
	said := person.Send(first, "sorry")
	r.wantText(t, bob, "sorry")
	person.Do(map[string]any{"do": "redact", "room": first, "id": said})
	for {
		if x, ok := next(t, r.came).(bridges.Retraction); ok {
			if string(x.Of) != said || x.From != bob || x.Chat != bridges.ChatID(bob) || x.ID == "" {
				t.Errorf("%+v came", x)
			}
			return
		}
	}
}

func TestRetractions(t *testing.T) {
	_, b, h, ghost := talking(t)
	of := func(id string, from bridges.UserID, redacts string) event.Event {
		return event.Event{Type: typeRedaction, ID: id, Room: "!room", Sender: userID(from), Content: json.RawMessage(`{}`), Time: at, Redacts: redacts}
	}
	if err := push(t, b, of("$1", ghost, "$a"), of("$2", bob, ""), of("$3", bob, "$a")); err != nil {
		t.Fatal(err)
	}
	want := bridges.Retraction{ID: "$3", Chat: bridges.ChatID(bob), From: bob, Of: "$a"}
	if x := next(t, h.came); x != want || len(h.came) > 0 {
		t.Errorf("%+v, and %d more", x, len(h.came))
	}
	f, b, s := onFake(t, nil)
	if err := retractBob(t, s, "$1"); bridges.KindOf(err) != bridges.Rejected || f.count("PUT /redact/") != 0 {
		t.Errorf("without a room: %v", err)
	}
	note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined, Encrypted: true})
	if err := retractBob(t, s, "$1"); err != nil || f.count("PUT /redact/") != 1 {
		t.Errorf("in an encrypted room, where it says nothing: %v", err)
	}
	for code, x := range map[string]struct {
		status int
		kind   bridges.Kind
	}{"M_NOT_FOUND": {404, bridges.Rejected}, "M_FORBIDDEN": {403, bridges.Rejected}, "M_LIMIT_EXCEEDED": {429, bridges.Temporary}, "M_UNKNOWN": {502, bridges.Unknown}} {
		if f.say("PUT /redact/", refused(x.status, code)); bridges.KindOf(retractBob(t, s, "$2")) != x.kind {
			t.Errorf("%s is no %d", code, x.kind)
		}
	}
	f.say("GET /event/", refused(404, "M_NOT_FOUND"))
	if err := retractBob(t, s, "$3"); bridges.KindOf(err) != bridges.Rejected {
		t.Errorf("what is in no room: %v", err)
	}
}
