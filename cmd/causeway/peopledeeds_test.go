package main_test

import (
	"fmt"
	"net/http"
	"strings"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// vectors are those of XEP-0106, as localparts of Matrix, which once could be anything
// (0106.3).
func (p *matrixPeople) vectors() {
	for id, local := range map[string]string{
		`c\5commas`: `c\5c5commas`, `c\net`: `c\net`, `foo\bar`: `foo\bar`, `\2plus\2is\4`: `\2plus\2is\4`, `foob\41r`: `foob\41r`,
		`d'artagnan`: `d\27artagnan`, `\3and\2is\5cool`: `\5c3and\2is\5c5cool`,
	} {
		jid := p.prompted("@" + id + ":localhost")
		if want := matrixJID(local); jid != want {
			p.t.Errorf("0106.3: %s is %q, not %q", id, jid, want)
		}
		p.alice.Send(jid, "v "+id, "hello?")
		if e := p.alice.Wait("an error", failure("v "+id)); !strings.Contains(e.Text, "no such person") {
			p.t.Errorf("0106.3: %s is not read back: %s", jid, e.XML)
		}
	}
}

// changesRoster: alice gives bob a name and a group, and takes carol out.
func (p *matrixPeople) changesRoster() {
	for _, item := range []string{
		`<item jid='` + matrixJID("bob") + `' name='Bobby'><group>Friends</group></item>`,
		`<item jid='` + matrixJID("carol") + `' subscription='remove'/>`,
	} {
		if e := p.alice.iq("set", "", setsRoster(item)); e.Type != "result" {
			p.t.Fatalf("%s: %+v", item, e)
		}
	}
}

// keepsRoster wants that to stay, also when the worker was killed and bob has another
// name (0356.7).
func (p *matrixPeople) keepsRoster() {
	p.bob.Do(map[string]any{"do": "name", "name": "Bob B"})
	p.alice.Send(matrixJID("bob"), "who", "who are you?")
	p.bob.Send(said(p.bob, "who are you?"), "Bob B")
	p.alice.Wait("bob", message(matrixJID("bob"), "Bob B"))
	p.quiet()
	e := p.alice.iq("get", "", setsRoster(""))
	if !has(e.XML, `name="Bobby"`, "<group>Friends</group>") || strings.Contains(e.XML, matrixJID("carol")) {
		p.t.Errorf("0356.7: the roster is %s", e.XML)
	}
}

// answers: what bob quotes in an answer comes as a quote for clients that know no
// answers, and its end is told in code points (0461.3).
func (p *matrixPeople) answers() {
	jid := matrixJID("bob")
	p.alice.Send(jid, "q1", "when? 😀")
	e := p.bob.Wait("the question", func(e peer.MatrixEvent) bool { return e.Event == "message" && e.Body == "when? 😀" })
	p.bob.Do(map[string]any{"do": "send_raw", "room": e.Room, "type": "m.room.message", "content": map[string]any{
		"msgtype": "m.text", "body": "> <" + aliceGhost + "> when? 😀\n\nat one",
		"m.relates_to": map[string]any{"m.in_reply_to": map[string]any{"event_id": e.ID}},
	}})
	const quote = "> when? 😀\n"
	a := p.alice.Wait("0461.3: the answer", message(jid, quote+"at one"))
	if !has(a.XML, repliesNS, `id="q1"`, "urn:xmpp:fallback:0", `start="0"`, fmt.Sprintf(`end="%d"`, len([]rune(quote)))) {
		p.t.Errorf("0461.3: %s", a.XML)
	}
}

// reactsTooMuch: more reactions than there may be are refused, and none of them comes
// (0444.5). One more is shown.
func (p *matrixPeople) reactsTooMuch() {
	jid := matrixJID("bob")
	p.alice.Send(jid, "q2", "well?")
	said(p.bob, "well?")
	many := make([]string, 21)
	for i := range many {
		many[i] = fmt.Sprint("+", i)
	}
	p.alice.reacts(jid, "x21", "q2", many...)
	if e := p.alice.Wait("0444.5: the error", failure("x21")); e.Condition != "not-acceptable" || e.Text == "" {
		p.t.Errorf("0444.5: %+v", e)
	}
	p.alice.reacts(jid, "x1", "q2", "👍")
	e := p.bob.Wait("the reaction", func(e peer.MatrixEvent) bool { return e.Type == "m.reaction" && e.Sender == aliceGhost })
	if !has(string(e.Content), `\ud83d\udc4d`) {
		p.t.Errorf("0444.5: bob got %s", e.Content)
	}
}

// littleRoom has the upload service of Prosody refuse all. That of ejabberd gives a
// place at an address which we may not use.
const littleRoom = "http_file_share_daily_quota = 10"

// files: of a file that the upload service does not take the user reads the name, and
// the operator what to open (0363.4-5). Nothing else gives files here.
func (p *matrixPeople) files() {
	jid := matrixJID("bob")
	p.alice.Send(jid, "f0", "the list?")
	room := said(p.bob, "the list?")
	const data = "a list of twelve"
	url := p.late.ask(http.MethodPost, p.home.URL+"/_matrix/media/v3/upload?user_id="+lateUser, data)
	p.bob.Do(map[string]any{"do": "send_raw", "room": room, "type": "m.room.message", "content": map[string]any{
		"msgtype": "m.file", "body": "list.txt", "url": url, "info": map[string]any{"mimetype": "text/plain"},
	}})
	p.alice.Wait("0363.4: what stands for the file", func(e peer.Event) bool {
		return e.Event == "message" && of(e, jid) && strings.Contains(e.Body, "cannot be shown here: list.txt")
	})
	rule := map[string]string{"prosody": "quota is used up: raise it", "ejabberd": "media.fetch_private"}[p.server]
	lab.Await(p.t, "0363.4: a word for the operator", func() bool { return p.gateway.count(rule) > 0 })
}
