package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

func TestTextOut(t *testing.T) {
	r := newRig(t)
	t.Run("0100.34 reaches the network", func(t *testing.T) {
		r.Send(text("a1", "hello"))
		m := r.onPhone()
		if m.Text != "hello" || m.Chat != phone || m.From != number || m.Key == "" || !m.Receipt {
			t.Errorf("the network got %+v", m)
		}
	})
	t.Run("6120.12 in order, one at a time", func(t *testing.T) {
		var want []string
		for i := range 50 {
			want = append(want, fmt.Sprint("n", i))
			r.Send(text(fmt.Sprint("o", i), want[i]))
		}
		r.wantOnPhone(want...)
	})
	t.Run("5.1.2 any resource of the contact", func(t *testing.T) {
		r.Send(`<message type='chat' id='x' from='alice@example.org/phone' to='+12025550100@sms.example.org/other'><body>hi</body></message>`)
		r.wantOnPhone("hi")
	})
	t.Run("0106.13 case is no other address", func(t *testing.T) {
		r.Send(`<message type='chat' id='d' from='alice@example.org/phone' to='+12025550100@SMS.Example.ORG/Other'><body>hi</body></message>`)
		r.wantOnPhone("hi")
	})
	t.Run("a repeated message is one text", func(t *testing.T) {
		r.Send(text(lasting("a1"), "hello"))
		r.wantOnPhone("hello")
		r.Send(`<message type='chat' id='` + lasting("a1") + `' from='alice@example.org/new' to='+12025550100@sms.example.org'><body>hello</body></message>`)
		r.Send(text(lasting("a1"), "hello, but another"))
		r.wantOnPhone("hello, but another")
	})
}

func TestNotATextOut(t *testing.T) {
	r := newRig(t)
	for name, inside := range map[string]string{
		"spoofing.2 carbon":     `<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='bob@example.org' to='+1@sms.example.org'><body>forged</body></message></forwarded></sent>`,
		"spoofing.2 archive":    `<result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body>forged</body></message></forwarded></result>`,
		"error is not answered": ``,
	} {
		t.Run(name, func(t *testing.T) {
			typ := "chat"
			if inside == "" {
				typ, inside = "error", `<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`
			}
			r.Send(`<message type='` + typ + `' id='n' from='alice@example.org/phone' to='+12025550100@sms.example.org'>` + inside + `</message>`)
			r.Send(text(name, name)) // the next in the queue
			r.wantOnPhone(name)
			r.barrier(alice)
		})
	}
}

func TestRefusedOut(t *testing.T) {
	for _, c := range []struct{ name, stanza, want string }{
		{
			"0384.3 encrypted", `<message type='chat' id='e' from='alice@example.org/phone' to='+12025550100@sms.example.org'><encrypted xmlns='eu.siacs.conversations.axolotl'><payload>x</payload></encrypted><body>I sent you an OMEMO message</body></message>`,
			stanzaError("e", "modify", "not-acceptable"),
		},
		{
			"0384.3 named by eme", `<message type='chat' id='e' from='alice@example.org/phone' to='+12025550100@sms.example.org'><encryption xmlns='urn:xmpp:eme:0' namespace='urn:x'/><body>secret</body></message>`,
			stanzaError("e", "modify", "not-acceptable"),
		},
		{"0384.5 aesgcm", text("e", "aesgcm://example.org/f#00"), stanzaError("e", "modify", "not-acceptable")},
		{
			"groupchat", `<message type='groupchat' id='e' from='alice@example.org/phone' to='+12025550100@sms.example.org'><body>x</body></message>`,
			stanzaError("e", "cancel", "service-unavailable"),
		},
		{
			"headline that asks for a receipt", `<message type='headline' id='e' from='alice@example.org/phone' to='+12025550100@sms.example.org'><body>x</body><request xmlns='urn:xmpp:receipts'/></message>`,
			stanzaError("e", "modify", "not-acceptable"),
		},
		{
			"0100.35 not registered", `<message type='chat' id='e' from='carol@example.org/x' to='+12025550100@sms.example.org'><body>x</body></message>`,
			`<message type='error' id='e' from='+12025550100@sms.example.org' to='carol@example.org/x'><error type='auth'><registration-required xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><any/></error></message>`,
		},
		{
			"not allowed", `<message type='chat' id='e' from='eve@elsewhere.example/x' to='+12025550100@sms.example.org'><body>x</body></message>`,
			`<message type='error' id='e' from='+12025550100@sms.example.org' to='eve@elsewhere.example/x'><error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><any/></error></message>`,
		},
		{
			"0106.14 malformed", `<message type='chat' id='e' from='alice@example.org/phone' to='nobody@sms.example.org'><body>x</body></message>`,
			`<message type='error' id='e' from='nobody@sms.example.org' to='alice@example.org/phone'><error type='modify'><jid-malformed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><any/></error></message>`,
		},
		{
			"0106.13 malformed in upper case", `<message type='chat' id='e' from='alice@example.org/phone' to='NOBODY@SMS.example.org'><body>x</body></message>`,
			`<message type='error' id='e' from='nobody@sms.example.org' to='alice@example.org/phone'><error type='modify'><jid-malformed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><any/></error></message>`,
		},
		{
			"0106.12 another spelling", `<message type='chat' id='e' from='alice@example.org/phone' to='12025550100@sms.example.org'><body>x</body></message>`,
			`<message type='error' id='e' from='12025550100@sms.example.org' to='alice@example.org/phone'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:+12025550100@sms.example.org</gone><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Write the number with +. Write to +12025550100@sms.example.org instead.</text></error></message>`,
		},
		{
			"0106.12 escaped without need", `<message type='chat' id='e' from='alice@example.org/phone' to='\_2b12025550100@sms.example.org'><body>x</body></message>`,
			`<message type='error' id='e' from='\_2b12025550100@sms.example.org' to='alice@example.org/phone'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:+12025550100@sms.example.org</gone><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>This address is spelled another way. Write to +12025550100@sms.example.org instead.</text></error></message>`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.Send(c.stanza)
			if c.name[:4] == "0384" { // in words, too: some clients hide errors
				r.ReceiveAll(c.want, `<message type='chat' from='sms.example.org' to='alice@example.org'><body>*</body><mentions xmlns='urn:xmpp:mmn:0'/></message>`)
				r.Send(c.stanza)
			}
			r.Receive(c.want)
			if n := len(r.bridge.All()); n != 0 {
				t.Errorf("%d texts were sent", n)
			}
		})
	}
}

// The table of sms.md section 8.
func TestNetworkErrors(t *testing.T) {
	for kind, want := range map[bridges.Kind][2]string{
		bridges.Internal: {"wait", "internal-server-error"}, bridges.Unknown: {"wait", "remote-server-timeout"},
		bridges.NotFound: {"cancel", "item-not-found"}, bridges.Absent: {"wait", "recipient-unavailable"},
		bridges.Rejected: {"cancel", "not-acceptable"}, bridges.Forbidden: {"auth", "forbidden"},
		bridges.NotAllowed: {"cancel", "not-allowed"}, bridges.Quota: {"wait", "resource-constraint"},
		bridges.TooLong: {"modify", "not-acceptable"}, bridges.Unsupported: {"cancel", "feature-not-implemented"},
	} {
		t.Run(want[1], func(t *testing.T) {
			r := newRig(t)
			r.bridge.OnSend(func(context.Context, bridges.Message) ([]bridges.MessageID, error) {
				return nil, &bridges.Error{Kind: kind, Text: "In words.", Cause: errors.New("secret")}
			})
			r.Send(text("e", "x"))
			r.Receive(stanzaError("e", want[0], want[1]))
		})
	}
}

func TestPanicHarmsOneMessage(t *testing.T) {
	r := newRig(t)
	r.bridge.OnSend(func(_ context.Context, m bridges.Message) ([]bridges.MessageID, error) {
		if m.Text == "boom" {
			panic("boom")
		}
		return []bridges.MessageID{"ok"}, nil
	})
	r.Send(text("e", "boom"))
	r.Send(text("f", "fine"))
	r.Receive(stanzaError("e", "wait", "remote-server-timeout"))
	r.wantOnPhone("boom", "fine")
}

func TestTextIn(t *testing.T) {
	r := newRig(t)
	t.Run("0100.39 5.1.1 5.1.2 5.1.4 5.1.7 shape", func(t *testing.T) {
		r.deliver(sms("hello"))
		n := r.Receive(`<message type='chat' id='$id' from='+12025550100@sms.example.org/gateway' to='alice@example.org'><body>hello</body></message>`)
		if len(n.Attr["id"]) != 36 {
			t.Errorf("5.1.3: id %q is no UUID", n.Attr["id"])
		}
	})
	t.Run("5.1.5 order", func(t *testing.T) {
		r.deliver(sms("one"), sms("two"))
		r.Receive(`<message type='chat' from='+12025550100@sms.example.org/gateway' to='alice@example.org'><body>one</body></message>`)
		r.Receive(`<message type='chat' from='+12025550100@sms.example.org/gateway' to='alice@example.org'><body>two</body></message>`)
	})
	t.Run("5.1.6 0203.1 0203.2 delay", func(t *testing.T) {
		m := sms("late")
		m.Sent = time.Now().Add(-time.Hour)
		r.deliver(m)
		r.Receive(`<message type='chat' from='+12025550100@sms.example.org/gateway' to='alice@example.org'><body>late</body><delay xmlns='urn:xmpp:delay' from='sms.example.org' stamp='` + m.Sent.UTC().Format("2006-01-02T15:04:05.000Z") + `'/></message>`)
	})
	t.Run("0203.5 what is late keeps its order", func(t *testing.T) {
		for _, text := range []string{"first", "second"} {
			m := sms(text)
			m.Sent = time.Now().Add(-time.Hour)
			r.deliver(m)
		}
		for _, text := range []string{"first", "second"} {
			r.Receive(`<message type='chat' from='+12025550100@sms.example.org/gateway' to='alice@example.org'><body>` + text + `</body><delay xmlns='urn:xmpp:delay' from='sms.example.org' stamp='*'/></message>`)
		}
	})
	t.Run("0203.3 0203.4 no short or future delay", func(t *testing.T) {
		for _, d := range []time.Duration{-2 * time.Second, time.Hour} {
			m := sms("now")
			m.Sent = time.Now().Add(d)
			r.deliver(m)
			r.Receive(`<message type='chat' from='+12025550100@sms.example.org/gateway' to='alice@example.org'><body>now</body></message>`)
		}
	})
	t.Run("5.1.8 a network's id comes once", func(t *testing.T) {
		m := sms("once")
		m.ID = "net-1"
		r.deliver(m)
		r.deliver(m)
		r.deliver(sms("next"))
		r.Receive(`<message type='chat' from='+12025550100@sms.example.org/gateway' to='alice@example.org'><body>once</body></message>`)
		r.Receive(`<message type='chat' from='+12025550100@sms.example.org/gateway' to='alice@example.org'><body>next</body></message>`)
	})
	t.Run("an id without an address harms only itself", func(t *testing.T) {
		m := sms("lost")
		m.Chat = bridges.ChatID(strings.Repeat("x", 1024))
		r.deliver(m, sms("kept"))
		r.Receive(`<message type='chat' from='+12025550100@sms.example.org/gateway' to='alice@example.org'><body>kept</body></message>`)
	})
	t.Run("6120.3 forbidden characters", func(t *testing.T) {
		r.deliver(sms("a\x01b"))
		r.Receive(`<message type='chat' from='+12025550100@sms.example.org/gateway' to='alice@example.org'><body>ab</body></message>`)
	})
}

func TestRedelivery(t *testing.T) {
	r := newRig(t)
	give := func(text string, stream uint64) {
		err := r.bridge.Host().Deliver(t.Context(), []bridges.Delivery{
			{Account: alice, Event: sms(text), Once: text, Stream: stream},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(texts ...string) {
		t.Helper()
		for _, x := range texts {
			r.Receive(`<message type='chat' from='+12025550100@sms.example.org/gateway' to='alice@example.org'><body>` + x + `</body></message>`)
		}
	}
	give("ok", 1)
	give("ok", 1) // a second one on the same connection is a new text
	give("ok", 2) // unanswered: the repetitions of both
	give("ok", 2)
	give("end", 2)
	want("ok", "ok", "end")
	r.bridge.Host().Answered("ok")
	r.bridge.Host().Answered("ok")
	give("ok", 3) // all were answered: new
	give("end 2", 3)
	want("ok", "end 2")
}

func TestStuckConversationHarmsOnlyItself(t *testing.T) {
	r := newRig(t)
	release := make(chan struct{})
	r.bridge.OnSend(func(ctx context.Context, m bridges.Message) ([]bridges.MessageID, error) {
		if m.Chat == phone {
			select {
			case <-release:
			case <-ctx.Done():
			}
		}
		return []bridges.MessageID{bridges.MessageID(m.Key)}, nil
	})
	r.Send(text("s1", "stuck"))
	r.wantOnPhone("stuck")
	r.Send(text("s2", "behind it"))
	for i := range 20 {
		r.Send(fmt.Sprintf(`<message type='chat' id='f%d' from='alice@example.org/phone' to='+120255502%02d@sms.example.org'><body>free</body></message>`, i, i))
	}
	for range 20 {
		r.wantOnPhone("free")
	}
	close(release)
	r.wantOnPhone("behind it")
}

func TestBounds(t *testing.T) {
	r := newRig(t, func(c *Config) { c.AccountLimit = 2 })
	release := make(chan struct{})
	r.bridge.OnSend(func(_ context.Context, m bridges.Message) ([]bridges.MessageID, error) {
		<-release
		return nil, nil
	})
	for _, id := range []string{"b1", "b2", "b3"} {
		r.Send(text(id, id))
	}
	r.Receive(stanzaError("b3", "wait", "resource-constraint"))
	close(release)
	r.wantOnPhone("b1", "b2")
}

func TestDeliverRefusesBeyondTheBound(t *testing.T) {
	r := start(t, newMemStore(), bridgetest.SMS(), func(c *Config) { c.BridgeLimit = 2 })
	r.HoldPings()
	h := r.bridge.Host()
	r.deliver(delivered("1"), delivered("2"), delivered("3")) // or such a batch could never come
	err := h.Deliver(t.Context(), []bridges.Delivery{{Event: sms("4")}})
	if bridges.KindOf(err) != bridges.Temporary {
		t.Errorf("Deliver: %v", err)
	}
}
