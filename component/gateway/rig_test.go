package gateway

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component"
	"causeway/component/componenttest"
	"causeway/mapping"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	domain = "sms.example.org"
	alice  = "alice@example.org"
	phone  = "+12025550100"
	number = "+12025550199"
)

// rig is a gateway between a fake XMPP server and a scripted network.
type rig struct {
	*componenttest.Conn
	t      *testing.T
	srv    *componenttest.Server
	g      *Gateway
	bridge *bridgetest.Bridge
	store  mapping.Store
	stop   func() // as SIGTERM
	ended  chan error
}

type option func(*Config)

// start runs a gateway on a store, connected.
func start(t *testing.T, store mapping.Store, info bridges.Info, opts ...option) *rig {
	t.Helper()
	witness := false
	if s, ok := store.(*memStore); ok && len(s.state.accounts) == 0 {
		// When this one is greeted, the accounts have been read: whoever
		// registers in the test is not greeted by the start.
		registered(s, "witness@example.org", "nobody")
		witness = true
	}
	r := &rig{
		t: t, store: store, ended: make(chan error, 1), srv: componenttest.New(t, domain, "secret"),
		bridge: bridgetest.New(info, number, "+12025550198", "+12025550197"),
	}
	cfg := Config{
		Domain: domain, Bridge: r.bridge, Store: store, Allow: []string{"example.org", "bob@other.example"},
		Version: "1.2.3", Log: slog.New(slog.DiscardHandler),
	}
	for _, o := range opts {
		o(&cfg)
	}
	r.g = New(cfg)
	l := component.New(component.Config{Domain: domain, Address: r.srv.Addr(), Secret: "secret"},
		r.g, r.g.Journal())
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = func() {
		cancel()
		<-r.ended
		r.ended <- nil
	}
	go func() { r.ended <- r.g.Run(ctx, l) }()
	r.Conn = r.srv.Accept()
	t.Cleanup(func() {
		r.g.stop()
		r.Conn.Close()
		r.stop()
	})
	if witness {
		r.Receive(`<presence from='sms.example.org' to='witness@example.org'><any/></presence>`)
		r.Receive(presence("probe", domain, "witness@example.org"))
	}
	return r
}

// newRig runs a gateway of a network such as SMS where alice is registered.
func newRig(t *testing.T, opts ...option) *rig {
	t.Helper()
	s := newMemStore()
	registered(s, alice, number)
	r := start(t, s, bridgetest.SMS(), opts...)
	r.greeting()
	return r
}

func registered(s mapping.Store, jid, self string) {
	err := s.Commit(context.Background(), &mapping.Batch{PutAccounts: []mapping.Account{
		{Bridge: domain, ID: bridges.AccountID(jid), Self: bridges.UserID(self), Created: time.Now()},
	}})
	if err != nil {
		panic(err)
	}
}

const anyCaps = `<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='*' ver='*'/>` +
	`<x xmlns='vcard-temp:x:update'><photo>*</photo></x>` // 0084.5

// greeting is what a registered user gets when the gateway starts.
func (r *rig) greeting() {
	r.t.Helper()
	r.Receive(`<presence from='sms.example.org' to='alice@example.org'><status>*</status>` + anyCaps + `</presence>`)
	r.Receive(`<presence type='probe' from='sms.example.org' to='alice@example.org'/>`)
}

// barrier returns when all that a user sent before to the gateway is handled.
func (r *rig) barrier(user string) {
	r.t.Helper()
	r.Send(`<iq type='get' id='barrier' from='` + user + `/b' to='sms.example.org'><ping xmlns='urn:xmpp:ping'/></iq>`)
	r.Receive(`<iq type='result' id='barrier' from='sms.example.org' to='` + user + `/b'/>`)
}

// answerIQ wants the next stanza to match the pattern of a request of ours, and
// answers it with a payload: that of a result, or an <error/>.
func (r *rig) answerIQ(pattern, payload string) *componenttest.Node {
	r.t.Helper()
	n := r.Receive(pattern)
	typ := "result"
	if strings.HasPrefix(payload, "<error") {
		typ = "error"
	}
	r.Send(`<iq type='` + typ + `' id='` + n.Attr["id"] + `' from='` + n.Attr["to"] + `' to='` + n.Attr["from"] + `'>` + payload + `</iq>`)
	return n
}

// lasting makes of an id one that a client gives once and never again.
func lasting(id string) string { return id + "-4f1c9a20-7be3d" }

// text is a message of alice to the phone.

func text(id, body string) string {
	return `<message type='chat' id='` + id + `' from='alice@example.org/phone' to='+12025550100@sms.example.org'><body>` +
		body + `</body><request xmlns='urn:xmpp:receipts'/></message>`
}

// onPhone returns the next text that the network got.
func (r *rig) onPhone() bridges.Message {
	r.t.Helper()
	select {
	case m := <-r.bridge.Sent():
		return m
	case <-time.After(componenttest.Patience):
		r.t.Fatal("no text comes")
	}
	return bridges.Message{}
}

func (r *rig) wantOnPhone(texts ...string) {
	r.t.Helper()
	for _, want := range texts {
		if m := r.onPhone(); m.Text != want {
			r.t.Fatalf("the phone shows %q, not %q", m.Text, want)
		}
	}
}

// deliver hands events of the network to the gateway.
func (r *rig) deliver(events ...bridges.Event) {
	r.t.Helper()
	if err := r.bridge.Host().Deliver(r.t.Context(), toAlice(events...)); err != nil {
		r.t.Fatal(err)
	}
}

// toAlice addresses events to her.
func toAlice(events ...bridges.Event) (ds []bridges.Delivery) {
	for _, e := range events {
		ds = append(ds, bridges.Delivery{Account: alice, Event: e})
	}
	return ds
}

func sms(text string) bridges.Message {
	return bridges.Message{Chat: phone, From: phone, Text: text}
}

func delivered(id bridges.MessageID) bridges.Receipt {
	return bridges.Receipt{ID: id, Chat: phone, State: bridges.Delivered}
}

// stanzaError is the pattern of an error to alice's message.
func stanzaError(id, typ, condition string) string {
	return `<message type='error' id='` + id + `' from='+12025550100@sms.example.org' to='alice@example.org/phone'>` +
		`<error type='` + typ + `'><` + condition + ` xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>` +
		`<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error></message>`
}
