package main_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// threadID finds the thread of a message.
var threadID = regexp.MustCompile(`<thread[^>]*>([^<]+)</thread>`)

// What is said in a thread is in one, and an answer to it; who writes in it is in it
// there, as is who only answers. A thread that a program has made up is none.
func TestMatrixThread(t *testing.T) { each(t, matrixThread) }

func matrixThread(t *testing.T, server string) {
	m := newMatrixRigWith(t, matrixSetup{server: server})
	alice, bob := m.registered("alice"), lab.Nio(t, m.home, "bob", "autojoin")
	jid := matrixJID("bob")
	alice.Send(jid, "1", "hello")
	room := said(bob, "hello")
	root := bob.Send(room, "root")
	begun := alice.Wait("the root", message(jid, "root"))
	bob.Do(map[string]any{"do": "send_raw", "room": room, "type": "m.room.message", "content": map[string]any{
		"msgtype": "m.text", "body": "in it", "m.relates_to": map[string]any{
			"rel_type": "m.thread", "event_id": root, "is_falling_back": true, "m.in_reply_to": map[string]any{"event_id": root},
		},
	}})
	in := alice.Wait("a text of the thread", message(jid, "in it"))
	id := threadID.FindStringSubmatch(in.XML)
	if id == nil || id[1] != begun.ID || !strings.Contains(in.XML, "urn:xmpp:reply:0") {
		t.Fatalf("0201, 0461.1: %s", in.XML)
	}
	m.gateway.killWorker()
	for i, c := range []struct {
		payload string
		there   bool
	}{
		{`<thread>` + id[1] + `</thread>`, true},
		{`<reply xmlns='urn:xmpp:reply:0' to='` + jid + `' id='` + in.ID + `'/>`, true},
		{`<thread>made-up</thread>`, false},
	} {
		body := fmt.Sprint("answer ", i)
		alice.Do(map[string]any{"do": "raw", "xml": fmt.Sprintf(`<message to='%s' type='chat' id='t%d'><body>%s</body>%s</message>`, jid, i, body, c.payload)})
		e := bob.Wait("an answer", func(e peer.MatrixEvent) bool { return e.Event == "message" && e.Body == body })
		if got := strings.Contains(string(e.Content), "m.thread") && strings.Contains(string(e.Content), root); got != c.there {
			t.Errorf("%s became %s", c.payload, e.Content)
		}
	}
}
