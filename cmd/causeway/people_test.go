package main_test

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"html"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// matrixPeople are alice of XMPP, and bob and carol of Matrix.
type matrixPeople struct {
	*matrixRig
	server     string
	alice      *user
	bob, carol *lab.MatrixClient
	late       *late
}

// TestMatrixPeople: what an independent client would test first, with people of
// Matrix; TestMatrixChanges has 29 to 32, TestFiles 23 and 24, TestMatrixStyling 38.
// To send from another program (26 to 28) takes an account of one's own there.
func TestMatrixPeople(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		l := newLate(t)
		p := &matrixPeople{matrixRig: newMatrixRigWith(t, matrixSetup{
			server: server, others: []string{l.file}, options: peer.Options{Extra: map[string]string{"prosody": littleRoom}[server]},
		}), server: server, late: l}
		p.alice = p.login(t, "alice")
		p.alice.Do(map[string]any{"do": "register", "to": matrixDomain})
		p.alice.gather(map[string]func(peer.Event) bool{"the result": answer, "the welcome": func(e peer.Event) bool {
			return e.Event == "message" && e.From == matrixDomain && strings.Contains(e.Body, aliceGhost)
		}})
		p.bob, p.carol = lab.Nio(t, p.home, "bob", "autojoin"), lab.Nio(t, p.home, "carol")
		p.discovery()
		p.prompts()
		p.vectors()
		p.subscribes()
		p.changesRoster()
		p.addresses()
		p.keepsRoster()
		p.strangers()
		p.payloads()
		p.receipts()
		p.marks()
		p.types()
		p.answers()
		p.reactsTooMuch()
		p.comesLate()
		p.files()
	})
}

// quiet returns what comes to alice before the answer to an order, which comes
// behind all that the gateway does at once.
func (p *matrixPeople) quiet() []peer.Event {
	p.t.Helper()
	p.alice.Send(matrixDomain, rand.Text(), "status")
	return p.alice.until("the status", func(e peer.Event) bool {
		return e.Event == "message" && of(e, matrixDomain) && strings.HasPrefix(e.Body, "Connected as")
	})
}

// F5, 0030.5: whoever asks about a contact gets an answer, known or not.
func (p *matrixPeople) discovery() {
	stranger := p.login(p.t, "carol")
	for _, jid := range []string{matrixJID("bob"), matrixJID("nobody"), `nobody\3aelsewhere.example@` + matrixDomain, "nobody@" + matrixDomain} {
		stranger.Do(map[string]any{"do": "discover", "to": jid})
		if e := stranger.Wait("disco#info", answer); e.Type == "error" || !slices.ContainsFunc(e.Identities, func(i []string) bool {
			return slices.Equal(i, []string{"account", "registered"})
		}) {
			p.t.Errorf("0030.5: %s: %+v", jid, e)
		}
	}
}

// 0100.41-43: each spelling of a person, and nonsense. 0106.7: ids that differ in
// case are different contacts.
func (p *matrixPeople) prompts() {
	var offer struct {
		Label string `xml:"query>prompt"`
	}
	if p.alice.result("get", matrixDomain, `<query xmlns="jabber:iq:gateway"/>`, &offer); offer.Label == "" {
		p.t.Errorf("0100.41: %+v", offer)
	}
	for typed, want := range map[string]string{
		"@bob:localhost": matrixJID("bob"), "bob:localhost": matrixJID("bob"), "bob": matrixJID("bob"),
		"https://matrix.to/#/@bob:localhost": matrixJID("bob"), "matrix:u/bob:localhost": matrixJID("bob"),
		"@alice:example.org": `alice\3aexample.org@` + matrixDomain,
	} {
		if got := p.prompted(typed); got != want {
			p.t.Errorf("0100.42: %q is %q", typed, got)
		}
	}
	if upper := p.prompted("@Bob:localhost"); upper == "" || strings.EqualFold(upper, matrixJID("bob")) {
		p.t.Errorf("0106.7: @Bob:localhost is %q", upper)
	}
	for _, typed := range []string{"", "#room:localhost", "!room:localhost", aliceGhost, "a b", "@:"} {
		if e := p.alice.iq("set", matrixDomain, typedIn(typed)); e.Condition != "not-acceptable" || e.Text == "" {
			p.t.Errorf("0100.43: %q: %+v", typed, e)
		}
	}
}

func typedIn(text string) string {
	return `<query xmlns="jabber:iq:gateway"><prompt>` + html.EscapeString(text) + `</prompt></query>`
}

// prompted returns the address of who has been typed.
func (p *matrixPeople) prompted(typed string) string {
	p.t.Helper()
	var got struct {
		JID string `xml:"query>jid"`
	}
	p.alice.result("set", matrixDomain, typedIn(typed), &got)
	return got.JID
}

// 0100.27-30, .37, 0172.2: a contact consents once, and is there. What clients see
// of it is below.
func (p *matrixPeople) subscribes() {
	file := filepath.Join(p.t.TempDir(), "face.jpg")
	if err := os.WriteFile(file, portrait(p.t, color.White), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.bob.Do(map[string]any{"do": "avatar", "file": file, "type": "image/jpeg"})
	p.alice.Do(map[string]any{"do": "features", "add": []string{"urn:xmpp:avatar:metadata+notify", nickNS + "+notify"}})
	p.alice.Wait("the features", func(e peer.Event) bool { return e.Event == "features" })
	jid := matrixJID("bob")
	p.alice.Do(map[string]any{"do": "presence", "to": jid, "type": "subscribe"})
	wanted := map[string]func(peer.Event) bool{
		"0100.27: the consent": presence(jid, "subscribed"), "0084.1: the event": anyPictureEvent(jid),
		"0100.29: its presence": showsPicture(p.t, jid, ""),
	}
	if p.server == "prosody" { // ejabberd 23.01 refuses every set
		wanted["0356.5: the push"] = pushed(jid, "bob", "Matrix")
	} else {
		wanted["0100.27: the question"] = presence(jid, "subscribe")
	}
	seen := append(p.alice.gather(wanted), p.quiet()...)
	if p.server == "prosody" {
		none(p.t, "0356.6: a question", seen, presence(jid, "subscribe"))
	}
	shown := seen[slices.IndexFunc(seen, showsPicture(p.t, jid, ""))]
	none(p.t, "0172.2: a nick in presence", seen, func(e peer.Event) bool {
		return presence(jid, "available")(e) && strings.Contains(e.XML, "protocol/nick")
	})
	p.alice.Do(map[string]any{"do": "presence", "to": jid, "type": "subscribe"})
	p.alice.Wait("0100.30: presence again", presence(jid, "available"))
	none(p.t, "0100.30, .37: a loop", p.quiet(), func(e peer.Event) bool {
		return presence(jid, "subscribe")(e) || presence(jid, "available")(e)
	})
	sameEverywhere(p.t, p.alice, jid, hashOf(p.t, shown))
	p.cards(jid)
	p.caps(jid, shown)
}

// 0084.6, .11: the cards of a contact name the person as Matrix does.
func (p *matrixPeople) cards(jid string) {
	var c struct {
		Name  string `xml:"vCard>FN"`
		URL   string `xml:"vCard>URL"`
		About string `xml:"vCard>DESC"`
	}
	p.alice.result("get", jid, `<vCard xmlns="vcard-temp"/>`, &c)
	if c.Name != "bob" || c.URL != "matrix:u/bob:localhost" || !strings.Contains(c.About, "@bob:localhost") {
		p.t.Errorf("0084.6: %+v", c)
	}
	e := p.alice.iq("get", jid, itemsOf("urn:xmpp:vcard4", ""))
	if !has(e.XML, "<uri>matrix:u/bob:localhost</uri>") {
		p.t.Errorf("0084.11: %s", e.XML)
	}
}

// 0115.2-4: the hash in a presence is that of what its node answers, and others
// have it, too.
func (p *matrixPeople) caps(jid string, shown peer.Event) {
	caps := capsOf(p.t, shown)
	p.alice.Do(map[string]any{"do": "discover", "to": shown.From, "node": caps.Node + "#" + caps.Ver})
	e := p.alice.Wait("disco#info", answer)
	var info struct {
		Query struct {
			Node       string `xml:"node,attr"`
			Identities []struct {
				Category string `xml:"category,attr"`
				Type     string `xml:"type,attr"`
				Name     string `xml:"name,attr"`
			} `xml:"identity"`
			Limits []struct {
				Var    string   `xml:"var,attr"`
				Values []string `xml:"value"`
			} `xml:"jabber:x:data x>field"`
		} `xml:"query"`
	}
	if err := xml.Unmarshal([]byte(e.XML), &info); err != nil {
		p.t.Fatal(err)
	}
	if got := fmt.Sprint(info.Query.Limits); got != "[{FORM_TYPE [urn:xmpp:reactions:0:restrictions]} {max_reactions_per_user [20]}]" {
		p.t.Errorf("0444.4: %s", got)
	}
	var identities []string
	for _, i := range info.Query.Identities {
		identities = append(identities, fmt.Sprintf("%s/%s//%s<", i.Category, i.Type, i.Name))
	}
	slices.Sort(identities)
	slices.Sort(e.Features)
	sum := sha1.Sum([]byte(strings.Join(identities, "") + strings.Join(e.Features, "<") + "<" +
		"urn:xmpp:reactions:0:restrictions<max_reactions_per_user<20<"))
	if base64.StdEncoding.EncodeToString(sum[:]) != caps.Ver || info.Query.Node != caps.Node+"#"+caps.Ver {
		p.t.Errorf("0115.2-3: %s is not the hash of %s", caps.Ver, e.XML)
	}
	other := matrixJID("carol")
	p.alice.Do(map[string]any{"do": "presence", "to": other, "type": "subscribe"})
	if got := capsOf(p.t, p.alice.Wait("carol", presence(other, "available"))); got != caps {
		p.t.Errorf("0115.4: %s has %+v, %s has %+v", jid, caps, other, got)
	}
}

type entityCaps struct {
	Node string `xml:"node,attr"`
	Ver  string `xml:"ver,attr"`
}

func capsOf(t *testing.T, e peer.Event) entityCaps {
	t.Helper()
	var p struct {
		Caps entityCaps `xml:"http://jabber.org/protocol/caps c"`
	}
	if err := xml.Unmarshal([]byte(e.XML), &p); err != nil || p.Caps.Ver == "" {
		t.Errorf("0115.1: %v, %s", err, e.XML)
	}
	return p.Caps
}

// 0106.2, .7, .12, .13: an address leads back to its person, also after the worker was
// killed, and in upper case, and another spelling of it to the address.
func (p *matrixPeople) addresses() {
	upper := p.prompted("@Bob:localhost")
	for _, round := range []string{"before", "after"} {
		p.alice.Send(matrixJID("bob"), "u-"+round, round)
		said(p.bob, round)
		p.shouts(round + ", louder")
		for to, words := range map[string]string{upper: "no such person", `\40bob\3alocalhost@` + matrixDomain: matrixJID("bob")} {
			p.alice.Send(to, "x-"+round, "hello?")
			if e := p.alice.Wait("an error", failure("x-"+round)); !strings.Contains(e.XML, words) {
				p.t.Errorf("0106.12: %s: %s", to, e.XML)
			}
		}
		p.gateway.killWorker()
	}
}

// shouts writes to bob, and asks for a subscription, which there is, by the address in
// upper case: nothing that comes is from there, since some servers would take it for
// bob's own word (0106.13).
func (p *matrixPeople) shouts(text string) {
	upper := strings.ToUpper(matrixJID("bob"))
	p.alice.Do(map[string]any{"do": "raw", "xml": fmt.Sprintf(`<presence to='%s' type='subscribe'/>`, upper)})
	p.alice.Do(map[string]any{"do": "raw", "xml": fmt.Sprintf(`<message to='%s' id='%s' type='chat'><body>%[2]s</body></message>`, upper, text)})
	said(p.bob, text)
	none(p.t, "0106.13: an error, or the end of a subscription", p.quiet(), func(e peer.Event) bool {
		return e.Type == "error" || e.Type == "unsubscribed"
	})
}

// 0172.1, 0100.37: who begins a chat asks to be a contact, with name and picture, and
// consents to nothing. 0172.3: what it calls itself later is told.
func (p *matrixPeople) strangers() {
	dora := lab.Nio(p.t, p.home, "dora")
	dora.Do(map[string]any{"do": "name", "name": "Dora D"})
	room := dora.CreateDM(aliceGhost)
	dora.Send(room, "may I?")
	jid := matrixJID("dora")
	asks := func(e peer.Event) bool {
		return presence(jid, "subscribe")(e) && has(e.XML, nickNS, "Dora D") && hashOf(p.t, e) != ""
	}
	seen := p.alice.gather(map[string]func(peer.Event) bool{"the first words": message(jid, "may I?"), "0172.1: the question": asks})
	question := slices.IndexFunc(seen, asks) // alice's client answers that with one of its own
	none(p.t, "0100.37: a consent", seen[:question], presence(jid, "subscribed"))
	p.alice.Do(map[string]any{"do": "presence", "to": jid, "type": "subscribe"})
	p.alice.Wait("0100.30: its presence", presence(jid, "available"))
	dora.Do(map[string]any{"do": "name", "name": "Dora E"})
	p.alice.other("0172.3", nickNS, "Dora E")
}

const nickNS = "http://jabber.org/protocol/nick"
