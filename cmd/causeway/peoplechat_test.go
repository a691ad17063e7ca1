package main_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"causeway/cmd/lab/peer"
)

// payloads: what is no text does not come as one (xeps.md 0384.1-4, 0424.4, 0184).
func (p *matrixPeople) payloads() {
	jid := matrixJID("bob")
	p.alice.Send(jid, "before", "before all that")
	room := said(p.bob, "before all that")
	for _, name := range []string{"0085.5 state", "0384.4 key exchange", "empty", "0384.3 encrypted", "0384.5 in a text"} {
		c := notTexts[name]
		p.alice.Do(map[string]any{"do": "raw", "xml": `<message type='chat' id='` + name + `' to='` + jid + `'>` + c.inside + `</message>`})
		if c.condition == "" {
			continue
		}
		if e := p.alice.Wait("the error of "+name, failure(name)); e.Condition != c.condition || e.Text == "" {
			p.t.Errorf("%s: %+v", name, e)
		}
	}
	for _, node := range []string{"eu.siacs.conversations.axolotl.devicelist", "urn:xmpp:omemo:2:devices", "urn:xmpp:omemo:2:bundles"} {
		if e := p.alice.iq("get", jid, itemsOf(node, "")); e.Condition != "item-not-found" {
			p.t.Errorf("0384.1: %s: %+v", node, e)
		}
	}
	p.alice.Do(map[string]any{"do": "discover", "to": jid})
	if info := p.alice.Wait("disco#info", answer); has(strings.Join(info.Features, " "), "omemo") || has(strings.Join(info.Features, " "), "axolotl") {
		p.t.Errorf("0384.2: %q", info.Features)
	}
	p.alice.Send(jid, "back", "too early")
	p.bob.WaitMessage(room, "too early")
	p.alice.retracts(jid, "0424.4", "back")
	p.alice.Send(jid, "end", "after all that")
	p.bob.WaitMessage(room, "after all that")
}

// receipts: who has read a text has it, and those before it (0184.1-3, 0333.3).
func (p *matrixPeople) receipts() {
	jid := matrixJID("bob")
	var last peer.MatrixEvent
	for _, id := range []string{"r1", "r2", "r3"} {
		p.alice.Do(map[string]any{"do": "send", "to": jid, "id": id, "body": id, "receipt": id != "r3"})
		last = p.bob.Wait(id, func(e peer.MatrixEvent) bool { return e.Event == "message" && e.Body == id })
	}
	none(p.t, "0184.1: a receipt of what nobody has read", p.quiet(), func(e peer.Event) bool { return e.Receipt != "" })
	p.bob.Do(map[string]any{"do": "read", "room": last.Room, "id": last.ID})
	seen := p.alice.gather(map[string]func(peer.Event) bool{
		"0184.1: the first": receipt("r1"), "0184.1: the second": receipt("r2"),
		"0333.3: the mark": func(e peer.Event) bool { return e.Event == "other" && has(e.XML, "<displayed", `id="r3"`) },
	})
	p.bob.Send(last.Room, "barrier")
	seen = append(seen, p.alice.until("the barrier", message(jid, "barrier"))...)
	count := map[string]int{}
	for _, e := range seen {
		if strings.HasPrefix(e.Receipt, "r") {
			count[e.Receipt]++
		}
		if e.Event == "other" && strings.Contains(e.XML, "<displayed") {
			count["marks"]++
		}
	}
	if want := map[string]int{"r1": 1, "r2": 1, "marks": 1}; fmt.Sprint(count) != fmt.Sprint(want) {
		p.t.Errorf("0184.2-3, 0333.3: %v, not %v", count, want)
	}
}

// marks: what alice has read is told up to the newest, never back (0333.2).
func (p *matrixPeople) marks() {
	jid := matrixJID("bob")
	p.alice.Send(jid, "m0", "ask")
	room := said(p.bob, "ask")
	events, ids := map[string]string{}, map[string]string{}
	for _, text := range []string{"first", "second", "third"} {
		events[text] = p.bob.Send(room, text)
		ids[text] = p.alice.Wait(text, message(jid, text)).ID
	}
	read := func(text string) {
		p.alice.Do(map[string]any{"do": "raw", "xml": `<message to='` + jid + `' type='chat'><displayed xmlns='` + marksNS + `' id='` + ids[text] + `'/></message>`})
	}
	told := func(text string) {
		p.t.Helper()
		if e := p.bob.Wait("a receipt", func(e peer.MatrixEvent) bool { return e.Event == "receipt" && e.User == aliceGhost }); e.ID != events[text] {
			p.t.Errorf("0333.2: bob is told of %s, not of the %s", e.ID, text)
		}
	}
	read("second")
	told("second")
	read("first")
	read("third")
	told("third")
}

// types: who types is shown while it lasts, and is not archived (0085.1-4).
func (p *matrixPeople) types() {
	jid := matrixJID("bob")
	p.alice.Send(jid, "t0", "type")
	room := said(p.bob, "type")
	p.bob.Do(map[string]any{"do": "typing", "room": room, "on": true})
	p.alice.other("0085.1", "<composing", statesNS)
	p.bob.Do(map[string]any{"do": "typing", "room": room, "on": false})
	p.alice.other("0085.2", "<paused", statesNS)
	for _, state := range []string{"composing", "paused"} {
		p.alice.Do(map[string]any{"do": "raw", "xml": `<message to='` + jid + `' type='chat'><` + state + ` xmlns='` + statesNS + `'/></message>`})
		p.bob.Wait(state, func(e peer.MatrixEvent) bool {
			return e.Event == "typing" && slices.Contains(e.Users, aliceGhost) == (state == "composing")
		})
	}
	const newest = `<query xmlns="urn:xmpp:mam:2" queryid="q"><set xmlns="http://jabber.org/protocol/rsm"><max>20</max><before/></set></query>` // XEP-0313, XEP-0059
	archived := false
	for _, e := range p.alice.ask("set", newest) {
		archived = archived || has(e.XML, "urn:xmpp:mam:2", "<forwarded", "<body>type</body>")
		if has(e.XML, "urn:xmpp:mam:2", "<forwarded", statesNS) && !has(e.XML, "<body") {
			p.t.Errorf("0085.4: archived: %s", e.XML)
		}
	}
	if !archived {
		p.t.Error("0085.4: the text before it is not in the archive that was asked for")
	}
}

// comesLate: what comes late says when it was sent, and keeps its order; nothing is
// of the future (0203.1-5).
func (p *matrixPeople) comesLate() {
	room, jid := p.late.invites(aliceGhost, p.home.URL), `late_eve\3alocalhost@`+matrixDomain
	old := time.Now().Add(-2 * time.Hour).Truncate(time.Second)
	for i, at := range []time.Time{old, old.Add(time.Hour), time.Now().Add(time.Hour)} {
		p.late.send(p.home.URL, room, fmt.Sprint("late ", i), at)
	}
	for i, want := range []time.Time{old, old.Add(time.Hour), {}} {
		e := p.alice.Wait("what is late", func(e peer.Event) bool { return e.Event == "message" && of(e, jid) })
		var m struct {
			Delay struct {
				From  string    `xml:"from,attr"`
				Stamp time.Time `xml:"stamp,attr"`
			} `xml:"urn:xmpp:delay delay"`
		}
		if err := xml.Unmarshal([]byte(e.XML), &m); err != nil || e.Body != fmt.Sprint("late ", i) || !m.Delay.Stamp.Equal(want) {
			p.t.Errorf("0203.1-5: %v, text %d of %v is %s", err, i, want, e.XML)
		}
		if !want.IsZero() && m.Delay.From != matrixDomain {
			p.t.Errorf("0203.2: from %q", m.Delay.From)
		}
	}
}

// late is a user of another application service, who says when something was said.
type late struct {
	t    *testing.T
	file string // the registration
	sent int
}

const lateUser = "@late_eve:localhost"

func newLate(t *testing.T) *late {
	l := &late{t: t, file: filepath.Join(t.TempDir(), "late.yaml")}
	const registration = "{id: late, url: null, as_token: late, hs_token: unused, sender_localpart: late_bot, rate_limited: false,\n" +
		" namespaces: {users: [{exclusive: true, regex: '@late_.*:localhost'}], aliases: [], rooms: []}}\n"
	if err := os.WriteFile(l.file, []byte(registration), 0o600); err != nil {
		t.Fatal(err)
	}
	return l
}

// invites opens a chat with somebody and returns its room.
func (l *late) invites(who, home string) string {
	l.t.Helper()
	l.ask(http.MethodPost, home+"/_matrix/client/v3/register", map[string]any{
		"type": "m.login.application_service", "username": "late_eve", "inhibit_login": true,
	})
	return l.ask(http.MethodPost, home+"/_matrix/client/v3/createRoom?user_id="+lateUser, map[string]any{
		"preset": "trusted_private_chat", "is_direct": true, "invite": []string{who},
	})
}

func (l *late) send(home, room, body string, at time.Time) {
	l.t.Helper()
	l.sent++
	where := fmt.Sprintf("%s/_matrix/client/v3/rooms/%s/send/m.room.message/%d?user_id=%s&ts=%d", home, url.PathEscape(room), l.sent, lateUser, at.UnixMilli())
	l.ask(http.MethodPut, where, map[string]any{"msgtype": "m.text", "body": body})
}

// ask returns the id of a room, or where a file is, if the answer has one.
func (l *late) ask(method, where string, question any) string {
	l.t.Helper()
	body, err := json.Marshal(question)
	if err != nil {
		l.t.Fatal(err)
	}
	q, err := http.NewRequestWithContext(l.t.Context(), method, where, bytes.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	q.Close = true
	q.Header.Set("Authorization", "Bearer late")
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		l.t.Fatal(err)
	}
	defer a.Body.Close()
	var said struct {
		Room string `json:"room_id"`
		URI  string `json:"content_uri"`
	}
	if err := json.NewDecoder(a.Body).Decode(&said); err != nil || a.StatusCode != http.StatusOK {
		l.t.Fatalf("%s: %s, %v", where, a.Status, err)
	}
	return said.Room + said.URI
}
