package gateway

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/mapping"
)

const (
	phoneJID     = "+12025550100@sms.example.org"
	contactShows = `<presence from='+12025550100@sms.example.org/gateway' to='alice@example.org'>` + anyCaps + `</presence>` // 0172.2: without a name
	accepted     = `<presence type='subscribed' from='+12025550100@sms.example.org' to='alice@example.org'/>`
	asksBack     = `<presence type='subscribe' from='+12025550100@sms.example.org' to='alice@example.org'><nick xmlns='http://jabber.org/protocol/nick'>+12025550100</nick></presence>` // 0172.1
	ownShows     = `<presence from='sms.example.org' to='alice@example.org'><status>*</status>` + anyCaps + `</presence>`
)

func presence(typ, from, to string) string {
	return `<presence type='` + typ + `' from='` + from + `' to='` + to + `'/>`
}

func available(from, to string) string { return `<presence from='` + from + `' to='` + to + `'/>` }

func (r *rig) subscription(chat bridges.ChatID) (mapping.Subscription, bool) {
	c, ok, _ := r.store.Contact(context.Background(), domain, alice, chat)
	return c.Subscription, ok
}

func TestAddContact(t *testing.T) {
	r := newRig(t)
	t.Run("0100.27 0100.29 at once", func(t *testing.T) {
		r.Send(presence("subscribe", alice, phoneJID))
		r.Receive(accepted)
		r.Receive(contactShows)
		r.Receive(asksBack)
	})
	t.Run("0100.30 again, and Prosody's unavailable", func(t *testing.T) {
		r.Send(presence("unavailable", alice, phoneJID))
		r.Send(presence("subscribe", alice, phoneJID))
		r.Receive(accepted)
		r.Receive(contactShows)
		r.Send(presence("subscribed", alice, phoneJID))
		r.Send(presence("subscribe", alice, phoneJID))
		r.Receive(accepted)
		r.Receive(contactShows)
		r.barrier(alice)
		if s, _ := r.subscription(phone); s != mapping.SeesContact|mapping.SeenByUs {
			t.Errorf("subscription %b", s)
		}
	})
	t.Run("0100.32 delete, once", func(t *testing.T) {
		for range 2 {
			r.Send(presence("unsubscribe", alice, phoneJID))
			r.Send(presence("unsubscribed", alice, phoneJID))
			r.Send(presence("unavailable", alice+"/x", phoneJID))
		}
		r.Receive(presence("unsubscribed", phoneJID, alice))
		r.Receive(presence("unavailable", phoneJID+"/gateway", alice))
		r.barrier(alice)
		if _, ok := r.subscription(phone); ok {
			t.Error("the contact is still there")
		}
	})
	t.Run("0100.33 still writes", func(t *testing.T) {
		r.deliver(sms("still here"))
		r.Receive(`<message type='chat' from='*' to='*'><body>still here</body></message>`)
	})
}

func TestContactRefused(t *testing.T) {
	r := newRig(t)
	t.Run("0100.28 no such address", func(t *testing.T) {
		r.Send(presence("subscribe", alice, "12025550100@sms.example.org"))
		r.Receive(presence("unsubscribed", "12025550100@sms.example.org", alice))
		if got := r.answer(alice); !strings.HasSuffix(got, " Write to "+phoneJID+" instead.") {
			t.Errorf("the user reads %q", got)
		}
	})
	t.Run("0100.31 not registered", func(t *testing.T) {
		r.Send(presence("subscribe", bob, phoneJID))
		r.Receive(presence("unsubscribed", phoneJID, bob))
		if got := r.answer(bob); !strings.Contains(got, "register") || !strings.Contains(got, phoneJID) {
			t.Errorf("the user reads %q", got)
		}
	})
	t.Run("0100.31 not allowed", func(t *testing.T) {
		const eve = "eve@elsewhere.example"
		for _, to := range []string{phoneJID, domain} {
			refusal := `<presence type='error' from='` + to + `' to='` + eve + `'><error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><any/></error></presence>`
			r.Send(presence("subscribe", eve, to))
			r.Receive(presence("unsubscribed", to, eve))
			r.Receive(refusal)
			r.Send(presence("unsubscribe", eve, to)) // has no answer
			r.Send(available(eve, to))
			r.Receive(refusal)
		}
	})
	t.Run("0100.37 the user refuses ours, never asked again", func(t *testing.T) {
		r.Send(presence("subscribe", alice, phoneJID))
		r.Receive(accepted)
		r.Receive(contactShows)
		r.Receive(asksBack)
		r.Send(presence("unsubscribed", alice, phoneJID))
		r.Send(presence("subscribe", alice, phoneJID))
		r.Receive(accepted)
		r.Receive(contactShows)
		r.barrier(alice)
	})
}

func TestProbes(t *testing.T) {
	r := newRig(t)
	r.Send(presence("probe", alice+"/x", phoneJID))
	r.Receive(presence("unsubscribed", phoneJID, alice)) // rule 1, not subscribed
	r.Send(presence("probe", alice+"/x", domain))        // rule 2
	r.Receive(strings.Replace(ownShows, "alice@example.org'", "alice@example.org/x'", 1))
	r.Send(presence("subscribe", alice, phoneJID))
	for range 3 {
		r.Next()
	}
	r.Send(presence("probe", alice+"/x", phoneJID)) // rule 1
	r.Receive(strings.Replace(contactShows, "alice@example.org'", "alice@example.org/x'", 1))
	registered(r.store, "bob@example.org", "+12025550198")
	r.Send(presence("probe", bob+"/x", phoneJID)) // spoofing.5: not bob's contact
	r.Receive(presence("unsubscribed", phoneJID, bob))
}

func TestLogInAndOut(t *testing.T) {
	s := newMemStore()
	registered(s, alice, number)
	for i := range 2000 {
		id := bridges.ChatID(fmt.Sprintf("+1202555%04d", i))
		_ = s.Commit(t.Context(), &mapping.Batch{PutContacts: []mapping.Contact{{Bridge: domain, Account: alice, ID: id, Subscription: mapping.SeesContact}}})
	}
	r := start(t, s, bridgetest.SMS())
	r.greeting()                            // 0100.40
	r.Send(available(alice+"/one", domain)) // 0100.19
	r.Receive(ownShows)                     // 0100.20
	for range 2000 {                        // 0100.21, rule 4
		r.Receive(`<presence from='*' to='alice@example.org'>` + anyCaps + `</presence>`)
	}
	r.Send(available(alice+"/one", domain)) // rule 5
	r.Send(available(alice+"/two", domain))
	r.Receive(ownShows)
	r.Send(presence("unavailable", alice, domain)) // Prosody's answer to a subscribe
	r.Send(presence("unavailable", alice+"/one", domain))
	r.Send(presence("unavailable", alice+"/two", phoneJID)) // 0100.26
	r.barrier(alice)
	r.Send(presence("unavailable", alice+"/two", domain)) // 0100.24
	r.Receive(presence("unavailable", domain, alice+"/two"))
	r.deliver(sms("0100.25"))
	r.Receive(`<message type='chat' from='*' to='*'><body>0100.25</body></message>`)
}

// TestLogInAgain: each log-in shows the contacts, though a text waits that came
// back meanwhile; two resources are gone when the last one is.
func TestLogInAgain(t *testing.T) {
	s := newMemStore()
	registered(s, alice, number)
	_ = s.Commit(t.Context(), &mapping.Batch{PutContacts: []mapping.Contact{{Bridge: domain, Account: alice, ID: phone, Subscription: mapping.SeesContact}}})
	r := start(t, s, bridgetest.SMS())
	r.greeting()
	waits := ""
	for _, step := range []string{"0100.21 the first time", "0100.21 the second time"} {
		r.Send(available(alice+"/one", domain))
		r.Receive(ownShows)
		r.Receive(contactShows)
		if waits != "" {
			r.Receive(`<message type='chat' from='*' to='*'><body>` + waits + `</body></message>`)
		}
		r.Send(available(alice+"/two", domain))
		r.Receive(ownShows)
		r.Send(presence("unavailable", alice+"/one", domain))
		r.barrier(alice) // 0100.24: one of two
		r.deliver(sms(step))
		n := r.Receive(`<message type='chat' from='*' to='*'><body>` + step + `</body></message>`)
		r.Send(bounce(n.Attr["id"], ""))
		r.barrier(alice)
		waits = step
		r.Send(presence("unavailable", alice+"/two", domain))
		r.Receive(presence("unavailable", domain, alice+"/two"))
	}
}

func TestStop(t *testing.T) {
	r := newRig(t)
	r.Send(presence("subscribe", alice, phoneJID))
	for range 3 {
		r.Next()
	}
	r.Send(available(alice+"/one", domain))
	r.Receive(ownShows)
	r.Receive(contactShows)
	go r.stop()
	r.Receive(presence("unavailable", domain, alice)) // 0100.40
	r.Receive(presence("unavailable", phoneJID+"/gateway", alice))
	r.Receive(`<end xmlns='http://etherx.jabber.org/streams'/>`)
	r.End()
}

// TestGatewayRemoved: who takes the gateway out of the roster stays registered,
// hears of that once, and is gone until the next log-in.
func TestGatewayRemoved(t *testing.T) {
	for name, order := range map[string][]string{
		"0100.18 as Prosody does": {"unsubscribe", "unsubscribed"}, "0100.18 the other way round": {"unsubscribed", "unsubscribe"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.Send(presence("subscribe", alice, domain))
			r.Receive(presence("subscribed", domain, alice))
			r.Receive(ownShows)
			r.Receive(presence("subscribe", domain, alice))
			r.Send(presence("subscribed", alice, domain))
			r.comes()
			for range 2 { // both stanzas may come again
				for _, typ := range order {
					r.Send(presence(typ, alice, domain))
				}
			}
			r.ReceiveAll(presence("unsubscribed", domain, alice), presence("unavailable", domain, alice),
				`<message type='chat' from='sms.example.org' to='alice@example.org'><body>`+stillRegistered+`</body><mentions xmlns='urn:xmpp:mmn:0'/></message>`)
			r.barrier(alice)
			if r.g.people.isOnline(alice) {
				t.Error("the user is not logged out")
			}
			r.say(alice, "status")
			if got := r.answer(alice); !strings.HasPrefix(got, "Connected as") {
				t.Errorf("%q", got)
			}
			r.Send(presence("subscribe", alice, domain))
			r.Receive(presence("subscribed", domain, alice))
			r.Receive(ownShows)
			r.Receive(presence("subscribe", domain, alice))
		})
	}
}

// TestNoRoom (0045): a client that takes a contact for a room is told, and has not come.
func TestNoRoom(t *testing.T) {
	r := newRig(t)
	const join = `<x xmlns='http://jabber.org/protocol/muc'/>`
	for range 2 {
		r.Send(`<presence id='j' from='` + alice + `/x' to='` + phoneJID + `/nick'>` + join + `</presence>`)
		r.Receive(`<presence type='error' id='j' from='` + phoneJID + `/nick' to='` + alice + `/x'>` +
			`<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>*</text></error></presence>`)
	}
	r.barrier(alice)
	if r.g.people.isOnline(alice) {
		t.Error("joining a room is coming online")
	}
}

// speller is a network whose people read another id than we have.
type speller struct{ *bridgetest.Bridge }

func (speller) Spell(id bridges.UserID) string { return "@" + string(id) }

func TestSpelled(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.g.cfg.Bridge = speller{r.bridge}
		r.receive(t, `<message type='chat' id='o' from='`+alice+`/x' to='`+domain+`'><body>status</body></message>`)
		synctest.Wait()
		if all := strings.Join(r.drain(), ""); !strings.Contains(all, "<body>Connected as @"+number) {
			t.Error(all)
		}
	})
}
