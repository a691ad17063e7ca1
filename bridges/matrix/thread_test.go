package matrix

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// TestThreads: an answer is where that is which it answers, and calls its author, but
// nobody for oneself.
func TestThreads(t *testing.T) {
	const mention = `"m.mentions":{"user_ids":["@bob:localhost"]},`
	for _, c := range []struct {
		name   string
		thread bridges.MessageID // that the user wants
		sender bridges.UserID
		says   string
		want   []string // of the first piece, and the second
	}{
		{"0461.1 of another", "", bob, `{"body": "x"}`, []string{mention + `"m.relates_to":{"m.in_reply_to":{"event_id":"$1"}}`, `"m.mentions":{},"org`}},
		{"of one's own", "", "", `{"body": "x"}`, []string{`"m.mentions":{},"m.relates_to":{"m.in_reply_to":{"event_id":"$1"}}`, `"m.mentions":{},"org`}},
		{"in a thread", "", bob, `{"body": "x", "m.relates_to": {"rel_type": "m.thread", "event_id": "$0"}}`, []string{
			mention + `"m.relates_to":{"rel_type":"m.thread","event_id":"$0","m.in_reply_to":{"event_id":"$1"}}`,
			`"m.relates_to":{"rel_type":"m.thread","event_id":"$0","m.in_reply_to":{"event_id":"$0"},"is_falling_back":true}`,
		}},
		{"unknown", "", bob, "", []string{mention + `"m.relates_to":{"m.in_reply_to":{"event_id":"$1"}}`, `"m.mentions":{},"org`}},
		{"in a thread, which is known", "$0", bob, `{"body": "x", "m.relates_to": {"rel_type": "m.thread", "event_id": "$0"}}`, []string{
			mention + `"m.relates_to":{"rel_type":"m.thread","event_id":"$0","m.in_reply_to":{"event_id":"$1"}}`,
		}},
		{"it begins the thread", "$1", bob, `{"body": "x"}`, []string{
			mention + `"m.relates_to":{"rel_type":"m.thread","event_id":"$1","m.in_reply_to":{"event_id":"$1"}}`,
		}},
		{"it cannot begin one", "$1", bob, `{"body": "x", "m.relates_to": {"rel_type": "m.reference", "event_id": "$0"}}`, []string{
			mention + `"m.relates_to":{"m.in_reply_to":{"event_id":"$1"}}`,
		}},
		{"it is in none", "$0", bob, `{"body": "x"}`, []string{mention + `"m.relates_to":{"m.in_reply_to":{"event_id":"$1"}}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, b, s := onFake(t, nil)
			note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
			if c.sender == "" {
				c.sender = s.ghost
			}
			f.say("GET /event/", answer{200, fmt.Sprintf(`{"type": "m.room.message", "event_id": "$1", "room_id": "!room", "sender": %q, "content": %s}`, userID(c.sender), c.says)})
			if c.says == "" {
				f.say("GET /event/", refused(404, "M_NOT_FOUND"))
			}
			var sent []string
			f.before = func(r *http.Request) {
				if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/send/") {
					raw, _ := io.ReadAll(r.Body)
					sent = append(sent, string(raw))
				}
			}
			m := bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: strings.Repeat("word ", 20_000), ReplyTo: "$1", Thread: c.thread}
			if _, err := s.Send(t.Context(), m); err != nil || len(sent) < len(c.want) {
				t.Fatalf("%v: %d pieces", err, len(sent))
			}
			for i, want := range c.want {
				if !strings.Contains(sent[i], want) {
					t.Errorf("piece %d has not %s but %s", i, want, strings.ReplaceAll(sent[i], "word ", ""))
				}
			}
		})
	}
}

// A thread without an answer: it must be known in the room.
func TestThreadAlone(t *testing.T) {
	for says, want := range map[answer]string{
		{200, `{"type": "m.room.message", "event_id": "$1", "room_id": "!room", "sender": "@bob:localhost", "content": {}}`}: `"m.mentions":{},"m.relates_to":{"rel_type":"m.thread","event_id":"$1","m.in_reply_to":{"event_id":"$1"},"is_falling_back":true}`,
		refused(404, "M_NOT_FOUND"): `"m.mentions":{},"org.causeway.key"`,
	} {
		f, b, s := onFake(t, nil)
		note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
		f.say("GET /event/", says)
		all := s.following(t.Context(), place{room: "!room"}, writeAll(bridges.Message{Chat: bridges.ChatID(bob), Text: "x", Thread: "$1"}, s.ghost))
		if got := plainJSON(t, all[0]); !strings.Contains(got, want) {
			t.Errorf("%s", got)
		}
	}
}

// What is said in a thread comes as an answer in it, and who answers that is in the
// thread, as is who writes in it, on a real homeserver; who wants another gets none.
func TestRealThread(t *testing.T) {
	r := onSynapse(t)
	person := lab.Nio(t, r.Matrix, "bob", "autojoin")
	send(t, r.s, bob, "hello")
	chat := joinsRoom(person, person.UserID)
	root := person.Send(chat, "root")
	in := person.Do(map[string]any{"do": "send_raw", "room": chat, "type": typeMessage, "content": map[string]any{
		"msgtype": "m.text", "body": "in it", "m.relates_to": map[string]any{
			"rel_type": "m.thread", "event_id": root, "is_falling_back": true, "m.in_reply_to": map[string]any{"event_id": root},
		},
	}})
	r.wantText(t, bob, "root")
	if m := r.wantText(t, bob, "in it"); string(m.ReplyTo) != root || string(m.Thread) != root {
		t.Errorf("%+v came", m)
	}
	m := bridges.Message{Chat: bridges.ChatID(bob), From: r.s.ghost, Key: "k", Text: "me, too", ReplyTo: bridges.MessageID(in.ID)}
	if _, err := r.s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	e := person.Wait("the answer", func(e peer.MatrixEvent) bool { return e.Event == "message" && e.Body == "me, too" })
	for _, want := range []string{relThread, root, in.ID, person.UserID} {
		if !strings.Contains(string(e.Content), want) {
			t.Errorf("%s is not in %s", want, e.Content)
		}
	}
	for of, in := range map[string]bool{root: true, in.ID: true, "$unknown": false} {
		m := bridges.Message{Chat: bridges.ChatID(bob), From: r.s.ghost, Key: of, Text: "in " + of, Thread: bridges.MessageID(of)}
		if _, err := r.s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		e := person.Wait("a text", func(e peer.MatrixEvent) bool { return e.Event == "message" && e.Body == m.Text })
		if strings.Contains(string(e.Content), root) != in || strings.Contains(string(e.Content), relThread) != in {
			t.Errorf("%s: %s", of, e.Content)
		}
	}
}
