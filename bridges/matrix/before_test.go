package matrix

import (
	"testing"

	"causeway/bridges"
	"causeway/cmd/lab"
)

// TestRecall: what a text is now is what its newest edit says, of its author, else what
// it was at first; what was redacted is nothing.
func TestRecall(t *testing.T) {
	f, b, s := onFake(t, nil)
	note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	first := func(content, unsigned string) answer {
		return answer{200, `{"type": "m.room.message", "event_id": "$1", "room_id": "!room", "sender": "@bob:localhost", "content": ` + content + `, "unsigned": ` + unsigned + `}`}
	}
	edited := func(sender, of string) string {
		return `{"m.relations": {"m.replace": {"type": "m.room.message", "event_id": "$2", "room_id": "!room", "sender": "` + sender + `", "content":
			{"msgtype": "m.text", "body": "* two", "m.new_content": {"msgtype": "m.text", "body": "two"}, "m.relates_to": {"rel_type": "m.replace", "event_id": "` + of + `"}}}}}`
	}
	for name, c := range map[string]struct {
		says answer
		want string
		kind bridges.Kind
	}{
		"no edit is left":       {first(body("one"), `{}`), "one", 0},
		"one is left":           {first(body("one"), edited(bobID, "$1")), "two", 0},
		"of another":            {first(body("one"), edited("@carol:localhost", "$1")), "one", 0},
		"of another event":      {first(body("one"), edited(bobID, "$9")), "one", 0},
		"one that is none":      {first(body("one"), `{"m.relations": {"m.replace": []}}`), "one", 0},
		"relations of a number": {first(body("one"), `{"m.relations": 1}`), "one", 0},
		"redacted":              {first(`{}`, edited(bobID, "$1")), "", bridges.NotFound},
		"a picture":             {first(`{"msgtype": "m.image", "body": "a.png", "url": "mxc://localhost/a"}`, `{}`), "", 0},
		"its caption": {
			first(`{"msgtype": "m.image", "body": "look", "filename": "a.png", "url": "mxc://localhost/a"}`, `{}`),
			"look", 0,
		},
		"not there": {refused(404, "M_NOT_FOUND"), "", bridges.Rejected},
		"not now":   {refused(502, "M_UNKNOWN"), "", bridges.Temporary},
	} {
		f.say("GET /event/", c.says)
		m, err := s.Recall(t.Context(), bridges.ChatID(bob), "$1")
		if m.Text != c.want || (err == nil) != (c.kind == 0) || err != nil && bridges.KindOf(err) != c.kind {
			t.Errorf("%s: %q, %v", name, m.Text, err)
		}
	}
}

// TestRealRecall: a real homeserver says what a text is when edits of it were redacted,
// one after the other, and in the end the text.
func TestRealRecall(t *testing.T) {
	r := onSynapse(t)
	person := lab.Nio(t, r.Matrix, "bob", "autojoin")
	send(t, r.s, bob, "hello")
	room := joinsRoom(person, person.UserID)
	first := person.Send(room, "one")
	r.wantText(t, bob, "one")
	edits := []string{first}
	for _, text := range []string{"two", "three"} {
		person.Do(map[string]any{"do": "send_raw", "room": room, "type": typeMessage, "content": map[string]any{
			"msgtype": "m.text", "body": "* " + text, "m.new_content": map[string]any{"msgtype": "m.text", "body": text},
			"m.relates_to": map[string]any{"rel_type": "m.replace", "event_id": first},
		}})
		x := nextOf[bridges.Edit](t, r.came)
		edits = append(edits, string(x.ID))
	}
	want := func(text string) {
		t.Helper()
		m, err := r.s.Recall(t.Context(), bridges.ChatID(bob), bridges.MessageID(first))
		if m.Text != text || text == "" && bridges.KindOf(err) != bridges.NotFound || text != "" && err != nil {
			t.Errorf("it is %q, not %q; %v", m.Text, text, err)
		}
	}
	want("three")
	for i, left := range []string{"two", "one", ""} {
		id := edits[2-i]
		person.Do(map[string]any{"do": "redact", "room": room, "id": id})
		if x := nextOf[bridges.Retraction](t, r.came); string(x.Of) != id {
			t.Errorf("%+v came", x)
		}
		want(left)
	}
}

// nextOf waits for the next event of a kind.
func nextOf[T bridges.Event](t *testing.T, came <-chan bridges.Event) T {
	t.Helper()
	for {
		if x, ok := next(t, came).(T); ok {
			return x
		}
	}
}
