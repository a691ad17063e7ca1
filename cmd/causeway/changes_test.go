package main_test

import (
	"encoding/json"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

const (
	editsNS    = "urn:xmpp:message-correct:0"
	retractsNS = "urn:xmpp:message-retract:1"
	reactsNS   = "urn:xmpp:reactions:0"
	repliesNS  = "urn:xmpp:reply:0"
)

// edits has a user's client correct a text.
func (u *user) edits(to, id, of, body string) {
	u.Do(map[string]any{"do": "raw", "xml": `<message type='chat' id='` + id + `' to='` + to + `'><body>` + body +
		`</body><replace xmlns='` + editsNS + `' id='` + of + `'/></message>`})
}

// corrected waits for a correction of a text of a contact.
func (u *user) corrected(contact, of, body string) {
	u.t.Helper()
	e := u.Wait(body, message(contact, body))
	if !has(e.XML, editsNS, `"`+of+`"`) {
		u.t.Errorf("0308.1: %q in place of %s is %s", body, of, e.XML)
	}
}

// retracts has a user's client take a text back, with words for others.
func (u *user) retracts(to, id, of string) {
	u.Do(map[string]any{"do": "raw", "xml": `<message type='chat' id='` + id + `' to='` + to + `'><retract xmlns='` + retractsNS +
		`' id='` + of + `'/><fallback xmlns='urn:xmpp:fallback:0' for='` + retractsNS + `'/><body>not for the network</body></message>`})
}

// retracted waits until a contact has taken a text back.
func (u *user) retracted(contact, of string) {
	u.t.Helper()
	u.Wait("0424.1", func(e peer.Event) bool {
		return e.Event == "message" && strings.HasPrefix(e.From, contact) && has(e.XML, retractsNS, `"`+of+`"`)
	})
}

// reacts has a user's client react to a text with all of these.
func (u *user) reacts(to, id, of string, emojis ...string) {
	all := ""
	for _, x := range emojis {
		all += "<reaction>" + x + "</reaction>"
	}
	u.Do(map[string]any{"do": "raw", "xml": `<message type='chat' id='` + id + `' to='` + to + `'><reactions xmlns='` + reactsNS +
		`' id='` + of + `'>` + all + `</reactions></message>`})
}

// reacted waits until a contact reacts to a text.
func (u *user) reacted(contact, of string, words ...string) {
	u.t.Helper()
	u.Wait("0444.1", func(e peer.Event) bool {
		return e.Event == "other" && strings.HasPrefix(e.From, contact) && has(e.XML, append(words, reactsNS, `"`+of+`"`)...)
	})
}

// replies has a user's client answer a text, with a quote.
func (u *user) replies(to, id, of, body string) {
	u.Do(map[string]any{"do": "raw", "xml": `<message type='chat' id='` + id + `' to='` + to + `'><body>&gt; 😀` + "\n" + body + `</body><reply xmlns='` + repliesNS +
		`' to='` + to + `' id='` + of + `'/><fallback xmlns='urn:xmpp:fallback:0' for='` + repliesNS + `'><body start='0' end='4'/></fallback></message>`})
}

// replied waits until a contact answers a text.
func (u *user) replied(contact, of, body string) {
	u.t.Helper()
	if e := u.Wait(body, message(contact, body)); !has(e.XML, repliesNS, `id="`+of+`"`, `to="alice@localhost"`) {
		u.t.Errorf("0461.1: %s", e.XML)
	}
}

// TestChanges: what is done to earlier texts goes both ways where the network has
// it, on real servers.
func TestChanges(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		c := newCorrespondent(t, server)
		c.announces(editsNS)
		c.Send(whoMarks, "t1", "one")
		<-c.bridge.Sent()
		c.edits(whoMarks, "e1", "t1", "ONE")
		first := <-c.bridge.Events()
		c.edits(whoMarks, "e2", "e1", "Uno")
		for text, e := range map[string]bridges.Event{"ONE": first, "Uno": <-c.bridge.Events()} {
			if x, ok := e.(bridges.Edit); !ok || x.Of != "m1" || x.Text != text {
				t.Errorf("0308.2: the network was told %+v", e)
			}
		}
		id := c.came("n1", "first")
		for _, text := range []string{"second", "third"} {
			m := bridges.Message{ID: bridges.MessageID(text), Chat: "+" + phone, From: "+" + phone, Text: text}
			c.s.deliver("alice", bridges.Edit{Message: m, Of: "n1"})
			c.corrected(whoMarks, id, text)
		}
		c.announces(repliesNS)
		c.replies(whoMarks, "p1", id, "yes")
		if m := <-c.bridge.Sent(); m.Text != "yes" || m.ReplyTo != "n1" {
			t.Errorf("0461.4: the network got %+v", m)
		}
		c.s.deliver("alice", bridges.Message{ID: "re", Chat: "+" + phone, From: "+" + phone, Text: "no", ReplyTo: "m1", Quote: "one"})
		c.replied(whoMarks, "t1", "> one\nno")
		c.announces(reactsNS)
		c.reacts(whoMarks, "x1", id, "👍", "🎉")
		if x, ok := (<-c.bridge.Events()).(bridges.Reaction); !ok || x.Of != "n1" || strings.Join(x.Emojis, "") != "👍🎉" {
			t.Errorf("0444.2: the network was told %+v", x)
		}
		c.s.deliver("alice", bridges.Reaction{Chat: "+" + phone, From: "+" + phone, Of: "m1", Emojis: []string{"👍"}})
		c.reacted(whoMarks, "t1", "<reaction>👍</reaction>")
		c.s.deliver("alice", bridges.Reaction{Chat: "+" + phone, From: "+" + phone, Of: "m1"})
		c.reacted(whoMarks, "t1")
		c.announces(retractsNS)
		c.retracts(whoMarks, "r1", "t1")
		if x, ok := (<-c.bridge.Events()).(bridges.Retraction); !ok || x.Of != "m1" {
			t.Errorf("0424.2: the network was told %+v", x)
		}
		c.s.deliver("alice", bridges.Retraction{ID: "back", Chat: "+" + phone, From: "+" + phone, Of: "n1"})
		c.retracted(whoMarks, id)
	})
}

// announces wants clients to find a feature of contacts.
func (c *correspondent) announces(feature string) {
	c.t.Helper()
	for _, jid := range []string{whoMarks, whoMarks + "/gateway"} {
		c.Do(map[string]any{"do": "discover", "to": jid})
		if info := c.Wait("disco#info", answer); !has(strings.Join(info.Features, " "), feature) {
			c.t.Errorf("%s does not announce %s", jid, feature)
		}
	}
}

// related is the content of an event that has to do with another.
type related struct {
	Body    string                `json:"body"`
	Fresh   struct{ Body string } `json:"m.new_content"`
	Relates struct {
		Type  string `json:"rel_type"`
		Event string `json:"event_id"`

		InReplyTo struct {
			Event string `json:"event_id"`
		} `json:"m.in_reply_to"`
	} `json:"m.relates_to"`
}

// relates waits for an event of alice's ghost with a body.
func relates(t *testing.T, c *lab.MatrixClient, body string) (x related) {
	t.Helper()
	e := c.Wait(body, func(e peer.MatrixEvent) bool { return e.Event == "message" && e.Body == body && e.Sender == aliceGhost })
	if err := json.Unmarshal(e.Content, &x); err != nil {
		t.Error(err)
	}
	return x
}

// TestMatrixChanges: the whole path, between a client of XMPP and one of Matrix;
// in between the worker is killed.
func TestMatrixChanges(t *testing.T) { each(t, matrixChanges) }

func matrixChanges(t *testing.T, server string) {
	m := newMatrixRigWith(t, matrixSetup{server: server})
	alice := m.registered("alice")
	bob := lab.Nio(t, m.home, "bob", "autojoin")
	alice.Send(matrixJID("bob"), "1", "helo")
	said := bob.Wait("the text", func(e peer.MatrixEvent) bool { return e.Event == "message" && e.Body == "helo" })
	for i, text := range []string{"hello", "hello!"} {
		alice.edits(matrixJID("bob"), text, []string{"1", "hello"}[i], text)
		x := relates(t, bob, "* "+text)
		if x.Relates.Type != "m.replace" || x.Relates.Event != said.ID || x.Fresh.Body != text {
			t.Errorf("0308.2: bob got %+v", x)
		}
		m.gateway.killWorker()
	}
	answered := bob.Send(said.Room, "yse")
	id := alice.Wait("the answer", message(matrixJID("bob"), "yse")).ID
	var edit string
	for _, text := range []string{"yes", "yes!"} {
		edit = bob.Do(map[string]any{"do": "send_raw", "room": said.Room, "type": "m.room.message", "content": map[string]any{
			"msgtype": "m.text", "body": "* " + text, "m.new_content": map[string]any{"msgtype": "m.text", "body": text},
			"m.relates_to": map[string]any{"rel_type": "m.replace", "event_id": answered},
		}}).ID
		alice.corrected(matrixJID("bob"), id, text)
		m.gateway.killWorker()
	}
	bob.Do(map[string]any{"do": "redact", "room": said.Room, "id": edit})
	m.gateway.killWorker()
	alice.corrected(matrixJID("bob"), id, "yes")
	alice.replies(matrixJID("bob"), "p1", id, "fine")
	if x := relates(t, bob, "fine"); x.Relates.InReplyTo.Event != answered {
		t.Errorf("0461.4: bob got %+v", x)
	}
	m.gateway.killWorker()
	bob.Do(map[string]any{"do": "send_raw", "room": said.Room, "type": "m.room.message", "content": map[string]any{
		"msgtype": "m.text", "body": "good", "m.relates_to": map[string]any{"m.in_reply_to": map[string]any{"event_id": said.ID}},
	}})
	alice.replied(matrixJID("bob"), "1", "good")
	alice.reacts(matrixJID("bob"), "x1", id, "👍", "🎉")
	thumb := bob.Wait("0444.3", func(e peer.MatrixEvent) bool {
		return e.Type == "m.reaction" && has(string(e.Content), answered, `\ud83d\udc4d`)
	})
	m.gateway.killWorker()
	alice.reacts(matrixJID("bob"), "x2", id, "🎉")
	bob.Wait("0444.3", func(e peer.MatrixEvent) bool { return e.Event == "redaction" && e.Redacts == thumb.ID })
	liked := bob.Do(map[string]any{"do": "send_raw", "room": said.Room, "type": "m.reaction", "content": map[string]any{
		"m.relates_to": map[string]any{"rel_type": "m.annotation", "event_id": said.ID, "key": "👍"},
	}})
	alice.reacted(matrixJID("bob"), "1", "👍")
	m.gateway.killWorker()
	bob.Do(map[string]any{"do": "redact", "room": said.Room, "id": liked.ID})
	alice.reacted(matrixJID("bob"), "1")
	alice.retracts(matrixJID("bob"), "r", "1")
	bob.Wait("0424.2", func(e peer.MatrixEvent) bool {
		return e.Event == "redaction" && e.Redacts == said.ID && e.Sender == aliceGhost
	})
	m.gateway.killWorker()
	bob.Do(map[string]any{"do": "redact", "room": said.Room, "id": answered})
	alice.retracted(matrixJID("bob"), id)
}
