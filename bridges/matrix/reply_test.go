package matrix

import (
	"encoding/json"
	"testing"

	"causeway/bridges"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

func TestRepliesIn(t *testing.T) {
	_, b, h, _ := talking(t)
	answer := func(body, more string) string {
		raw, _ := json.Marshal(body)
		return `{"msgtype": "m.text", "body": ` + string(raw) + `, "m.relates_to": {"m.in_reply_to": {"event_id": "$1"}` + more + `}}`
	}
	for _, c := range []struct{ content, text, of, quote string }{
		{answer("yes", ""), "yes", "$1", ""},
		{answer("> <@alice:hs> when?\n> or where?\n\nat one\n> no", ""), "at one\n> no", "$1", "when?\nor where?"},
		{answer("> * <@alice:hs> waves\n\nhello", ""), "hello", "$1", "waves"},
		{answer("> <@alice:hs> when?", ""), "> <@alice:hs> when?", "$1", ""},
		{answer("> a quote of one's own\n\nyes", ""), "> a quote of one's own\n\nyes", "$1", ""},
		{answer("> <@alice:hs>\nyes", ""), "yes", "$1", "<@alice:hs>"},
		{answer("yes", `, "rel_type": "m.thread", "event_id": "$0", "is_falling_back": true`), "yes", "$1", ""},
		{answer("yes", `, "rel_type": "m.thread", "event_id": "$0"`), "yes", "$1", ""},
		{`{"msgtype": "m.text", "body": "> <@a:hs> x\n\ny"}`, "> <@a:hs> x\n\ny", "", ""},
		{`{"msgtype": "m.text", "body": "yes", "m.relates_to": {"m.in_reply_to": 1}}`, "yes", "", ""},
		{`{"msgtype": "m.emote", "body": "waves", "m.relates_to": {"m.in_reply_to": {"event_id": "$1"}}}`, "/me waves", "$1", ""},
		{`{"msgtype": "m.image", "body": "a.png", "m.relates_to": {"m.in_reply_to": {"event_id": "$1"}}}`, "(a picture, which can be seen on Matrix only: a.png)", "$1", ""},
	} {
		if err := push(t, b, text("!room", "$e"+c.content, bob, c.content)); err != nil {
			t.Fatal(err)
		}
		m, ok := (<-h.came).(bridges.Message)
		if !ok || m.Text != c.text || string(m.ReplyTo) != c.of || m.Quote != c.quote {
			t.Errorf("%s became %+v", c.content, m)
		}
	}
}

func TestWriteReply(t *testing.T) {
	for of, want := range map[bridges.MessageID]string{
		"":   `{"msgtype":"m.text","body":"yes","m.mentions":{},"org.causeway.key":"`,
		"$1": `{"msgtype":"m.text","body":"yes","m.mentions":{"user_ids":["@bob:localhost"]},"m.relates_to":{"m.in_reply_to":{"event_id":"$1"}},"org.causeway.key":"`,
	} {
		all := writeAll(bridges.Message{Chat: bridges.ChatID(bob), Key: "k", Text: "yes", ReplyTo: of}, "alice:localhost")
		if got := plainJSON(t, all[0]); len(all) != 1 || got != want+transaction("alice:localhost", "k")+`"}` {
			t.Errorf("%s", got)
		}
	}
}

// A text calls whom it names by the whole id, and nobody by less.
func TestMention(t *testing.T) {
	for text, want := range map[string]string{
		"@bob:localhost: hello": `{"user_ids":["@bob:localhost"]}`, "hello (@bob:localhost)!": `{"user_ids":["@bob:localhost"]}`,
		"@bob: hello": `{}`, "@room": `{}`, "@bob:localhost.example.org": `{}`, "a@bob:localhost": `{}`, "@carol:localhost": `{}`,
	} {
		all := writeAll(bridges.Message{Chat: bridges.ChatID(bob), Key: "k", Text: text}, "alice:localhost")
		if got := plainJSON(t, *all[0].Mentions); len(all) != 1 || got != want {
			t.Errorf("%q calls %s", text, got)
		}
	}
}

// FuzzUnquoted: what is left of a text is its end, and there is something.
func FuzzUnquoted(f *testing.F) {
	f.Add("> <@a:hs> x\n> y\n\nz")
	f.Add("> * <")
	f.Fuzz(func(t *testing.T, body string) {
		text, quote := unquoted(body)
		if len(text) > len(body) || body[len(body)-len(text):] != text || text == "" && body != "" || len(quote) > len(body) {
			t.Errorf("%q became %q and %q", body, text, quote)
		}
	})
}

// Answers pass both ways, on a real homeserver.
func TestRealReplies(t *testing.T) {
	r := onSynapse(t)
	person := lab.Nio(t, r.Matrix, "bob", "autojoin")
	own := send(t, r.s, bob, "lunch?")
	room := joinsRoom(person, person.UserID)
	said := person.Do(map[string]any{"do": "send_raw", "room": room, "type": typeMessage, "content": map[string]any{
		"msgtype": "m.text", "body": "> <@_xmpp_alice=40example.org:localhost> lunch?\n\nat one",
		"m.relates_to": map[string]any{"m.in_reply_to": map[string]any{"event_id": own}},
	}})
	if m := r.wantText(t, bob, "at one"); string(m.ReplyTo) != own || m.Quote != "lunch?" {
		t.Errorf("%+v came", m)
	}
	m := bridges.Message{Chat: bridges.ChatID(bob), From: r.s.ghost, Key: "k", Text: "fine", ReplyTo: bridges.MessageID(said.ID)}
	if _, err := r.s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	e := person.Wait("the answer", func(e peer.MatrixEvent) bool { return e.Event == "message" && e.Body == "fine" })
	var c content
	if json.Unmarshal(e.Content, &c) != nil || c.answers() != said.ID {
		t.Errorf("it is %s", e.Content)
	}
}
