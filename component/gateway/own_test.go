package gateway

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component"
	"causeway/component/xep/privilege"
)

// own is a message that alice has sent through another program of the network.
func own(id, text string) bridges.Message {
	return bridges.Message{ID: bridges.MessageID(id), Chat: phone, From: number, Text: text}
}

// onBehalf is the pattern of a message that the server shall show as alice's.
func onBehalf(text string) string {
	return `<message from='sms.example.org' to='example.org' id='*'><privilege xmlns='urn:xmpp:privilege:2'><forwarded xmlns='urn:xmpp:forward:0'>` +
		`<message xmlns='jabber:client' from='alice@example.org' to='+12025550100@sms.example.org' type='chat' id='$own'><body>` + text + `</body></message></forwarded></privilege></message>`
}

const marked = `<message type='chat' from='+12025550100@sms.example.org/gateway' to='alice@example.org'><body>You, from another device: hello</body></message>`

func TestOwnMessages(t *testing.T) {
	r := newRig(t)
	r.Send(grants("example.org", privilege.NS, permMessage))
	r.barrier(alice)
	r.deliver(own("o1", "hello"), own("o1", "hello"))
	n := r.Receive(onBehalf("hello"))
	id := n.Children[0].Children[0].Children[0].Attr["id"]
	if len(id) != 36 || id == n.Attr["id"] {
		t.Errorf("0356.11: the message has the id %q", id)
	}
	t.Run("0356.12 F4 the copy is swallowed", func(t *testing.T) {
		r.Send(`<message type='chat' id='` + id + `' from='alice@example.org' to='+12025550100@sms.example.org'><body>hello</body></message>`)
		r.Send(text("t", "from here"))
		r.wantOnPhone("from here")
		if r.counted("dropped", ownCopy) != 1 || r.counted("dropped", "repetition of the network") != 1 {
			t.Error("not one copy and one repetition are counted")
		}
	})
	t.Run("F4 what another sends from a bare address is a text", func(t *testing.T) {
		r.Send(`<message type='chat' id='else' from='alice@example.org' to='+12025550100@sms.example.org'><body>from a bot</body></message>`)
		r.wantOnPhone("from a bot")
	})
	t.Run("F4 nor does the id alone make a copy", func(t *testing.T) {
		r.Send(`<message type='chat' id='` + id + `' from='alice@example.org/x' to='+12025550100@sms.example.org'><body>from a client</body></message>`)
		r.wantOnPhone("from a client")
	})
}

func TestOwnWithoutPrivilege(t *testing.T) {
	r := newRig(t)
	t.Run("0280.1 0280.3 marked, and no carbon", func(t *testing.T) {
		r.deliver(own("o1", "hello"))
		r.Receive(marked)
	})
	t.Run("no echo of what was sent from here", func(t *testing.T) {
		r.Send(text("t", "from here"))
		r.wantOnPhone("from here")
		r.deliver(own("m1", "from here"), sms("next"))
		r.Receive(`<message type='chat' from='+12025550100@sms.example.org/gateway' to='alice@example.org'><body>next</body></message>`)
	})
	t.Run("a note to oneself is of oneself", func(t *testing.T) {
		r.deliver(bridges.Message{Chat: number, From: number, Text: "milk"})
		r.Receive(`<message type='chat' from='+12025550199@sms.example.org/gateway' to='alice@example.org'><body>milk</body></message>`)
	})
	t.Run("0356.4 the older namespace shows nothing", func(t *testing.T) {
		r.Send(grants("example.org", privilege.NS1, permMessage))
		r.barrier(alice)
		r.deliver(own("o4", "hello"))
		r.Receive(marked)
	})
	t.Run("0356.14 a refusal ends it", func(t *testing.T) {
		r.Send(grants("example.org", privilege.NS, permMessage))
		r.barrier(alice)
		r.deliver(own("o2", "hello"))
		n := r.Receive(onBehalf("hello"))
		r.Send(`<message type='error' id='` + n.Attr["id"] + `' from='example.org' to='sms.example.org'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`)
		r.barrier(alice)
		r.deliver(own("o3", "hello"))
		r.Receive(marked)
	})
}

// TestOwnCopyAfterDeath: wherever the machine died, the copy of what the server
// was given does not go out (F4).
func TestOwnCopyAfterDeath(t *testing.T) {
	for n, died := 1, true; died; n++ {
		for _, before := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) { died = act(t, n, before, bridgetest.SMS(), playOwn, endOwn) })
		}
	}
}

func playOwn(r *theater) {
	r.Handle(grants("example.org", privilege.NS, permMessage))
	r.give(own("o1", "hello"))
	r.copies()
}

func endOwn(r *theater) {
	for _, xml := range r.copied { // as if they came only now
		r.receive(xml, true)
	}
	r.Handle(grants("example.org", privilege.NS, permMessage))
	r.give(own("o1", "hello")) // as a network does that got no answer
	r.watch()
	if n := r.saw("hello"); n != 1 {
		r.w.t.Errorf("the message came with %d ids", n)
	}
	for _, m := range r.bridge.All() {
		r.w.t.Errorf("F4: the network was given %q", m.Text)
	}
}

// copies has the server send back what it was given on behalf of alice.
func (r *theater) copies() {
	r.mu.Lock()
	for _, x := range r.pending {
		if _, inner, ok := strings.Cut(string(x.out.Append(nil)), "<forwarded xmlns='urn:xmpp:forward:0'>"); ok {
			inner, _, _ = strings.Cut(inner, "</forwarded>")
			r.copied = append(r.copied, inner)
		}
	}
	r.mu.Unlock()
	for _, xml := range r.copied {
		r.receive(xml, true)
	}
	synctest.Wait()
}

// TestOldOwnCopy: a copy that came before a death, and waited, is known, too.
func TestOldOwnCopy(t *testing.T) {
	inBubble(t, func(r *timeless) {
		hash := ownHash(alice, phone, "old")
		r.g.repeats.add(hash, time.Now())
		m := &outgoing{s: mustParse(t, `<message type='chat' id='old' from='alice@example.org' to='+12025550100@sms.example.org'><body>x</body></message>`)}
		c := &conversation{user: &user{id: alice}, contact: phone}
		if v := r.g.stepOut(context.Background(), c, m); !v.done || !v.untouched || len(r.texts()) != 0 {
			t.Errorf("%+v", v)
		}
		r.g.Handle(m.s, component.Key{}) // not journalled: nothing to settle
	})
}
