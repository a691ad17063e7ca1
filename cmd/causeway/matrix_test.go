package main_test

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/cmd/lab/proxy"
)

const (
	matrixDomain = "matrix.localhost"
	aliceGhost   = "@_xmpp_alice=40localhost:localhost"
)

const matrixBridge = `  - domain: matrix.localhost
    network: matrix
    secret: %q
    allow: [localhost]
    homeserver: {url: "http://%s", name: localhost}
    appservice: {registration: "%s", listen: "%s", url: "http://%s"}`

// matrixJID is the address of a person of Matrix at localhost.
func matrixJID(name string) string { return name + `\3alocalhost@` + matrixDomain }

// matrixRig is a gateway between an XMPP server and a homeserver.
type matrixRig struct {
	*rig
	home         *lab.Matrix
	listen       string     // where the gateway listens for the homeserver
	registration string     // the file
	pushed       *proxy.Web // see matrixSetup; may be nil
}

// matrixSetup says what is beside a gateway.
type matrixSetup struct {
	server string   // of lab.Servers
	others []string // registration files of more application services
	// options are of the server, and settings what else the gateway's file has.
	options  peer.Options
	settings settings
	// asked and pushed get what the gateway asks of the homeserver, and what that
	// pushes, on their way. Nil: nothing is in between.
	asked, pushed func(*proxy.Exchange)
}

// newMatrixRigWith starts all three; the program itself makes the registration.
func newMatrixRigWith(t *testing.T, s matrixSetup) *matrixRig {
	t.Helper()
	free, err := peer.Ports(2)
	if err != nil {
		t.Fatal(err)
	}
	home := peer.Local(free[0])
	m := &matrixRig{
		rig:    &rig{t: t, server: lab.Servers[s.server](t, s.options)},
		listen: peer.Local(free[1]), registration: filepath.Join(t.TempDir(), "registration.yaml"),
	}
	callback := m.listen
	if s.asked != nil {
		home = webBetween(t, home, s.asked).Address()
	}
	if s.pushed != nil {
		m.pushed = webBetween(t, callback, s.pushed)
		callback = m.pushed.Address()
	}
	c := s.settings
	c.Server, c.Bridges = m.server.Component, fmt.Sprintf(matrixBridge, peer.Secret, home, m.registration, m.listen, callback)
	m.gateway = newGateway(t, c)
	if status, out := m.gateway.command("registration", matrixDomain); status != 0 {
		t.Fatal(out)
	}
	m.home = lab.Synapse(t, peer.SynapseOptions{Registrations: append(s.others, m.registration), Port: free[0]})
	m.gateway.start()
	return m
}

// webBetween starts a proxy for the web server at an address.
func webBetween(t *testing.T, to string, meddle func(*proxy.Exchange)) *proxy.Web {
	t.Helper()
	p, err := proxy.ListenWeb(to, meddle)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// registered logs a user in and registers it: no field is asked.
func (m *matrixRig) registered(name string) *user {
	m.t.Helper()
	u := m.login(m.t, name)
	u.Do(map[string]any{"do": "register", "to": matrixDomain})
	u.gather(map[string]func(peer.Event) bool{"the result": answer, "the welcome": func(e peer.Event) bool {
		return e.Event == "message" && e.From == matrixDomain && strings.Contains(e.Body, aliceGhost)
	}})
	return u
}

// said waits for a text of alice's ghost, wherever it comes.
func said(c *lab.MatrixClient, body string) (room string) {
	return c.Wait("the text", func(e peer.MatrixEvent) bool {
		return e.Event == "message" && e.Body == body && e.Sender == aliceGhost
	}).Room
}

// Both sides begin a chat; between two texts the worker is killed.
func TestMatrixChat(t *testing.T) { each(t, matrixChat) }

func matrixChat(t *testing.T, server string) {
	m := newMatrixRigWith(t, matrixSetup{server: server})
	alice := m.registered("alice")
	bob, carol := lab.Nio(t, m.home, "bob", "autojoin"), lab.Nio(t, m.home, "carol")

	alice.Send(matrixJID("bob"), "1", "hello")
	room := said(bob, "hello")
	bob.Send(room, "hi")
	alice.Wait("the answer", message(matrixJID("bob"), "hi"))
	m.gateway.killWorker()
	alice.Send(matrixJID("bob"), "2", "still here?")
	bob.WaitMessage(room, "still here?")
	bob.Send(room, "yes")
	alice.Wait("the answer", message(matrixJID("bob"), "yes"))

	room = carol.CreateDM(aliceGhost)
	carol.Send(room, "may I?")
	alice.Wait("the first words", message(matrixJID("carol"), "may I?"))
	m.gateway.killWorker()
	alice.Send(matrixJID("carol"), "3", "you may")
	carol.WaitMessage(room, "you may")

	alice.Send(matrixJID("nobody"), "4", "is there somebody?")
	e := alice.Wait("an error", failure("4"))
	if !strings.Contains(e.Text, "no such person") {
		t.Errorf("the error says %q", e.Text)
	}
	if status, out := m.gateway.command("check"); status != 0 {
		t.Errorf("check: %s", out)
	}
}

// Who types and what was read is seen on both sides (xeps.md 0085.1, 0085.5, 0333.1,
// 0333.3).
func TestMatrixSigns(t *testing.T) { each(t, matrixSigns) }

func matrixSigns(t *testing.T, server string) {
	m := newMatrixRigWith(t, matrixSetup{server: server})
	alice, bob := m.registered("alice"), lab.Nio(t, m.home, "bob", "autojoin")
	jid := matrixJID("bob")
	alice.add(jid)
	alice.Send(jid, "m1", "hello")
	text := bob.Wait("the text", func(e peer.MatrixEvent) bool { return e.Body == "hello" })
	for _, words := range []string{"hi", "there", "again"} { // Synapse drops typing until it knows that we take all
		bob.Send(text.Room, words)
		alice.Wait("a text", message(jid, words))
	}
	bob.Do(map[string]any{"do": "typing", "room": text.Room, "on": true})
	alice.other("0085.1", "composing", "bob")
	bob.Do(map[string]any{"do": "read", "room": text.Room, "id": text.ID})
	alice.other("0333.3", "displayed", `id="m1"`)

	said := bob.Send(text.Room, "how are you?")
	got := alice.Wait("the answer", message(jid, "how are you?"))
	if !strings.Contains(got.XML, "markable") {
		t.Errorf("0333.1: %s", got.XML)
	}
	says := func(payload string) {
		alice.Do(map[string]any{"do": "raw", "xml": fmt.Sprintf(`<message to='%s' type='chat'>%s</message>`, jid, payload)})
	}
	says(`<composing xmlns='` + statesNS + `'/>`)
	bob.Wait("typing", func(e peer.MatrixEvent) bool { return e.Event == "typing" && slices.Contains(e.Users, aliceGhost) })
	says(`<displayed xmlns='` + marksNS + `' id='` + got.ID + `'/>`)
	bob.Wait("a receipt", func(e peer.MatrixEvent) bool {
		return e.Event == "receipt" && e.User == aliceGhost && e.ID == said
	})
}

// A user who asks for it is seen with the name and the picture of the vCard, each
// as soon as it is another (xeps.md 0084.10, 0153).
func TestMatrixFace(t *testing.T) {
	t.Parallel()
	m := newMatrixRigWith(t, matrixSetup{server: "prosody"})
	alice, bob := m.registered("alice"), lab.Nio(t, m.home, "bob", "autojoin")
	alice.Send(matrixJID("bob"), "1", "hello")
	sees := func(name string, picture bool) {
		t.Helper()
		seesFace(t, bob, name, func(url string) bool { return (url != "") == picture })
	}
	sees("alice", false)
	card := func(name, photo string) {
		alice.Do(map[string]any{"do": "iq", "type": "set", "xml": `<vCard xmlns='vcard-temp'><FN>Alice Example</FN><NICKNAME>` + name +
			`</NICKNAME><PHOTO><TYPE>image/png</TYPE><BINVAL>` + photo + `</BINVAL></PHOTO></vCard>`})
	}
	card("Ally", facePNG)
	alice.Send(matrixDomain, "2", "settings profile=true")
	sees("Ally", true)
	card("Alice", otherPNG) // the server says in presence that the picture is another
	sees("Alice", true)
	alice.Send(matrixDomain, "3", "settings profile=false")
	sees("alice", false)
}

// seesFace waits until bob sees alice with a name and a picture, and returns the
// address of that.
func seesFace(t *testing.T, bob *lab.MatrixClient, name string, picture func(url string) bool) string {
	t.Helper()
	var f struct{ Displayname, Avatar_url string }
	bob.Wait("the face of alice", func(e peer.MatrixEvent) bool {
		f.Displayname, f.Avatar_url = "", ""
		return e.Event == "member" && e.User == aliceGhost && e.Membership == "join" &&
			json.Unmarshal(e.Content, &f) == nil && f.Displayname == name+" (XMPP)" && picture(f.Avatar_url)
	})
	return f.Avatar_url
}

// A user whose programs publish a picture and a name, and no vCard, is seen with them,
// and with the next picture (xeps.md 0084.1-3, 0084.10, 0172). Prosody makes a vCard of
// what is published, ejabberd does not as it is set up here.
func TestMatrixFacePublished(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		m := newMatrixRigWith(t, matrixSetup{server: server})
		alice, bob := m.registered("alice"), lab.Nio(t, m.home, "bob", "autojoin")
		publish := func(node, id, inside string) {
			alice.result("set", "", `<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='`+node+`'><item id='`+id+`'>`+inside+`</item></publish></pubsub>`, &struct{}{})
		}
		shows := func(picture string) {
			data, err := base64.StdEncoding.DecodeString(picture)
			if err != nil {
				t.Fatal(err)
			}
			id := fmt.Sprintf("%x", sha1.Sum(data))
			publish("urn:xmpp:avatar:data", id, `<data xmlns='urn:xmpp:avatar:data'>`+picture+`</data>`)
			publish("urn:xmpp:avatar:metadata", id, fmt.Sprintf(`<metadata xmlns='urn:xmpp:avatar:metadata'><info id='%s' bytes='%d' type='image/png' width='1' height='1'/></metadata>`, id, len(data)))
		}
		publish("http://jabber.org/protocol/nick", "current", `<nick xmlns='http://jabber.org/protocol/nick'>Ally</nick>`)
		shows(facePNG)
		alice.Send(matrixJID("bob"), "1", "hello")
		alice.Send(matrixDomain, "2", "settings profile=true")
		first := seesFace(t, bob, "Ally", func(url string) bool { return url != "" })
		shows(otherPNG)
		seesFace(t, bob, "Ally", func(url string) bool { return url != "" && url != first })
	})
}

// Two pictures of one pixel.
const (
	facePNG  = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
	otherPNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGM4AQAAygDJmcpdfgAAAABJRU5ErkJggg=="
)

// Both sides see whether the other is there (xeps.md 0100.19, 0100.24), also after the
// worker was killed.
func TestMatrixPresence(t *testing.T) { each(t, matrixPresence) }

func matrixPresence(t *testing.T, server string) {
	m := newMatrixRigWith(t, matrixSetup{server: server})
	alice, bob := m.registered("alice"), lab.Nio(t, m.home, "bob", "autojoin")
	jid := matrixJID("bob")
	alice.add(jid)
	alice.Send(jid, "1", "hello")
	room := said(bob, "hello")
	bob.Send(room, "hi")
	alice.Wait("the answer", message(jid, "hi"))
	sees := func(presence, status string) {
		t.Helper()
		bob.Wait("the presence of alice", func(e peer.MatrixEvent) bool {
			return e.Event == "presence" && e.User == aliceGhost && e.Type == presence && e.Body == status
		})
	}
	is := func(inside string) {
		alice.Do(map[string]any{"do": "raw", "xml": `<presence>` + inside + `</presence>`})
	}
	is(`<status>hi</status>`)
	sees("online", "hi")
	is(`<show>away</show>`)
	sees("unavailable", "")
	m.gateway.killWorker()
	is(`<show>xa</show><status>back soon</status>`)
	sees("unavailable", "back soon")
	bob.Send(room, "and?") // until that has come the homeserver may drop presence
	alice.Wait("the text", message(jid, "and?"))
	bob.Do(map[string]any{"do": "presence", "is": "unavailable", "status": "at lunch"})
	atLunch := func(e peer.Event) bool {
		return e.Event == "presence" && of(e, jid) && strings.Contains(e.XML, "<show>away</show>") && e.Status == "at lunch"
	}
	alice.Wait("the presence of bob", atLunch)
	m.gateway.killWorker()
	alice.Wait("the presence of bob after a start", atLunch)
	is(`<status>here</status>`)
	sees("online", "here")
	alice.Do(map[string]any{"do": "quit"})
	sees("offline", "")
}

// 200 texts at once each way arrive once and in order, while the homeserver is killed
// in their midst, and then the worker again and again (issue 6).
func TestMatrixBurst(t *testing.T) { each(t, matrixBurst) }

func matrixBurst(t *testing.T, server string) {
	const burst, before = 200, 50
	m := newMatrixRigWith(t, matrixSetup{server: server})
	alice := m.registered("alice")
	bob := lab.Nio(t, m.home, "bob", "autojoin")
	alice.Send(matrixJID("bob"), "0", "begin")
	room := said(bob, "begin")
	sent, midst := make(chan error, 1), make(chan struct{})
	go func() {
		var err error
		for i := 0; i < burst && err == nil; i++ {
			if i == before {
				close(midst)
			}
			_, err = bob.Nio.Do(t.Context(), map[string]any{"do": "send", "room": room, "body": fmt.Sprint("down ", i), "txn": fmt.Sprint(i)})
		}
		sent <- err
	}()
	for i := range burst {
		alice.Send(matrixJID("bob"), fmt.Sprint("up", i), fmt.Sprint("up ", i))
	}
	select {
	case <-midst:
	case err := <-sent:
		t.Fatal(err)
	}
	m.home.Kill()
	m.home.Restart()
	for range 5 {
		m.gateway.killWorker()
	}
	for i := range burst {
		bob.WaitMessage(room, fmt.Sprint("up ", i))
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	for i := range burst {
		if got, want := alice.nextText(matrixJID("bob")), fmt.Sprint("down ", i); got != want {
			t.Fatalf("alice got %q, not %q", got, want)
		}
	}
	alice.Send(matrixJID("bob"), "end", "the end") // behind it nothing can be doubled
	bob.WaitMessage(room, "the end")
	bob.Send(room, "the end")
	if got := alice.nextText(matrixJID("bob")); got != "the end" {
		t.Errorf("alice got %q at the end", got)
	}
}

// nextText waits for the next text of a contact.
func (u *user) nextText(contact string) string {
	u.t.Helper()
	return u.Wait("a text", func(e peer.Event) bool { return e.Event == "message" && of(e, contact) && e.Body != "" }).Body
}
