package gateway

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"causeway/component/xep/privilege"
	"causeway/mapping"
)

const (
	readsRoster = `<iq type='get' from='sms.example.org' to='alice@example.org'><query xmlns='jabber:iq:roster'/></iq>`
	forbidden   = `<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`
)

// item is a contact of ours in a roster.
func item(number, name, subscription, group string) string {
	return `<item jid='` + number + `@sms.example.org' name='` + name + `' subscription='` + subscription + `'><group>` + group + `</group></item>`
}

func query(items ...string) string {
	return `<query xmlns='jabber:iq:roster'>` + strings.Join(items, "") + `</query>`
}

// sets is our request to put a contact into alice's roster.
func sets(number, name, group string) string {
	i := strings.Replace(item(number, name, "both", group), " subscription", " approved='true' subscription", 1)
	return `<iq type='set' from='sms.example.org' to='alice@example.org'>` + query(i) + `</iq>`
}

// granted is a rig whose server lets us change rosters.
func granted(t *testing.T) *rig {
	r := newRig(t)
	r.Send(grants("example.org", privilege.NS, permRoster))
	r.barrier(alice)
	return r
}

// adds has alice write an order, and reads the answer.
func (r *rig) adds(number string) {
	r.t.Helper()
	r.Send(`<message type='chat' id='` + newID() + `' from='alice@example.org/x' to='sms.example.org'><body>add ` + number + `</body></message>`)
	if got := r.answer(alice); !strings.Contains(got, number) {
		r.t.Errorf("the answer is %q", got)
	}
}

// TestAddByRoster: a contact that the user wants is in the roster without a
// question, or the contact asks once, whatever the server makes of it.
func TestAddByRoster(t *testing.T) {
	both, none := item(phone, phone, "both", "SMS"), item(phone, phone, "none", "SMS")
	for name, c := range map[string]struct {
		set, back string // the answer to the set, and the roster then
		want      string // what the user's server gets
		sub       mapping.Subscription
		lost      bool
	}{
		"0356.5-6 as Prosody does":                     {"", query(item("+12025550101", "private", "both", "g"), both), contactShows, mapping.PlacedByUs | mapping.SeesContact | mapping.SeenByUs, false},
		"F2 the subscription is ignored, as ejabberd":  {"", query(none), asksBack, mapping.PlacedByUs | mapping.AskedByUs | mapping.AskedOnce, false},
		"0356.10 forbidden":                            {forbidden, query(), asksBack, mapping.AskedByUs | mapping.AskedOnce, true},
		"0191.1 the user has blocked the gateway":      {`<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`, query(), asksBack, mapping.AskedByUs | mapping.AskedOnce, false},
		"ejabberd 23.01, which has no set":             {`<error type='wait'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`, query(), asksBack, mapping.AskedByUs | mapping.AskedOnce, true},
		"there after an error, as after a lost answer": {forbidden, query(both), contactShows, mapping.PlacedByUs | mapping.SeesContact | mapping.SeenByUs, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := granted(t)
			r.adds(phone)
			r.answerIQ(readsRoster, query())
			r.answerIQ(sets(phone, phone, "SMS"), c.set)
			r.answerIQ(readsRoster, c.back)
			r.Receive(c.want)
			r.barrier(alice)
			if s, _ := r.subscription(phone); s != c.sub {
				t.Errorf("subscription %b", s)
			}
			if r.g.rights("example.org").Roster == c.lost {
				t.Errorf("rights lost: %v", !c.lost)
			}
			r.adds(phone) // again: nothing is left to do
			r.barrier(alice)
		})
	}
}

// TestAddedByHand: a contact that the user adds in the roster is completed there,
// with a group, and the user asked nothing; else it asks back once.
func TestAddedByHand(t *testing.T) {
	added := item(phone, "Bob", "to", "")
	added = strings.Replace(added, "<group></group>", "", 1)
	for name, c := range map[string]struct {
		set, back string
		want      string // what the user's server gets; "": nothing
		sub       mapping.Subscription
	}{
		"0356.5-6 as Prosody does":                    {"", query(item(phone, "Bob", "both", "SMS")), "", mapping.PlacedByUs | mapping.SeesContact | mapping.SeenByUs},
		"F2 the subscription is ignored, as ejabberd": {"", query(item(phone, "Bob", "to", "SMS")), asksBack, mapping.AskedByUs | mapping.SeesContact},
		"0356.10 forbidden":                           {forbidden, query(added), asksBack, mapping.AskedByUs | mapping.SeesContact},
	} {
		t.Run(name, func(t *testing.T) {
			r := granted(t)
			r.Send(presence("subscribe", alice, phoneJID))
			r.Receive(accepted)
			r.Receive(contactShows)
			r.answerIQ(readsRoster, query(added))
			r.answerIQ(sets(phone, "Bob", "SMS"), c.set)
			r.answerIQ(readsRoster, c.back)
			if c.want != "" {
				r.Receive(c.want)
			}
			r.rostersKept()
			r.Send(presence("subscribe", alice, phoneJID)) // 0100.30
			r.Receive(accepted)
			r.Receive(contactShows)
			r.barrier(alice)
			if s, _ := r.subscription(phone); s&^mapping.NamedByUser != c.sub {
				t.Errorf("subscription %b", s)
			}
			if !r.g.rights("example.org").Roster || r.g.privileges.completes("example.org") != (c.set == "") {
				t.Error("0356.10: a refusal to set is none to read, and ends the setting")
			}
		})
	}
}

// TestAddedByHandInItsGroup: the group that the user chose stays (0356.7).
func TestAddedByHandInItsGroup(t *testing.T) {
	r := granted(t)
	r.Send(presence("subscribe", alice, phoneJID))
	r.Receive(accepted)
	r.Receive(contactShows)
	r.answerIQ(readsRoster, query(item(phone, "Bob", "to", "Mates")))
	r.answerIQ(sets(phone, "Bob", "Mates"), "")
	r.answerIQ(readsRoster, query(item(phone, "Bob", "both", "Mates")))
	r.rostersKept()
	if c := r.contact(); c.Name != "Bob" || c.Subscription&mapping.SeenByUs == 0 {
		t.Errorf("%+v", c)
	}
}

// TestAcceptedOnly: a contact that has asked and is accepted by a client that does not
// ask back, as Converse.js 14, is completed in the roster; where the server cannot, it
// stays as it is, and nobody asks again.
func TestAcceptedOnly(t *testing.T) {
	from := item(phone, "Bob", "from", "SMS")
	for name, c := range map[string]struct {
		set, back string
		want      string // what the user's server gets; "": nothing
		sub       mapping.Subscription
	}{
		"0356.5-6 as Prosody does":                    {"", query(item(phone, "Bob", "both", "SMS")), contactShows, mapping.PlacedByUs | mapping.SeesContact | mapping.SeenByUs},
		"F2 the subscription is ignored, as ejabberd": {"", query(from), "", mapping.SeenByUs},
		"0356.10 forbidden":                           {forbidden, query(from), "", mapping.SeenByUs},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.adds(phone)
			r.Receive(asksBack)
			r.Send(grants("example.org", privilege.NS, permRoster))
			r.Send(presence("subscribed", alice, phoneJID))
			r.answerIQ(readsRoster, query(from))
			r.answerIQ(sets(phone, "Bob", "SMS"), c.set)
			r.answerIQ(readsRoster, c.back)
			if c.want != "" {
				r.Receive(c.want)
			}
			r.rostersKept()
			r.barrier(alice)
			if s, _ := r.subscription(phone); s&^(mapping.NamedByUser|mapping.AskedOnce) != c.sub {
				t.Errorf("subscription %b", s)
			}
		})
	}
}

// TestAcceptedAndAskedBack: what a client asks that does ask back is answered, and the
// roster is left to it.
func TestAcceptedAndAskedBack(t *testing.T) {
	r := newRig(t)
	r.adds(phone)
	r.Receive(asksBack)
	r.Send(grants("example.org", privilege.NS, permRoster))
	r.Send(presence("subscribed", alice, phoneJID))
	n := r.Receive(readsRoster)
	r.Send(presence("subscribe", alice, phoneJID))
	r.Receive(accepted)
	r.Receive(contactShows)
	r.Send(`<iq type='result' id='` + n.Attr["id"] + `' from='` + alice + `' to='` + domain + `'>` + query(item(phone, "Bob", "from", "SMS")) + `</iq>`)
	r.rostersKept()
	r.barrier(alice)
	if s, _ := r.subscription(phone); s&^mapping.AskedOnce != mapping.SeesContact|mapping.SeenByUs {
		t.Errorf("subscription %b", s)
	}
}

// TestAddWithoutRoster: where nothing is granted nothing privileged is tried.
func TestAddWithoutRoster(t *testing.T) {
	r := newRig(t)
	r.Send(grants("example.org", privilege.NS, permMessage))
	r.barrier(alice)
	r.adds(phone)
	r.Receive(asksBack) // 0356.3
	r.barrier(alice)
}

// TestAddedBeforeRights: a contact that the user has yet to answer is not in a
// roster, and has not been taken out: it is placed when the server grants that.
func TestAddedBeforeRights(t *testing.T) {
	for name, c := range map[string]struct {
		set, back string
		want      mapping.Subscription
	}{
		"0356.2 as Prosody does":           {"", query(item(phone, phone, "both", "SMS")), mapping.PlacedByUs | mapping.SeesContact | mapping.SeenByUs},
		"ejabberd 23.01, which has no set": {forbidden, query(), mapping.AskedByUs | mapping.AskedOnce},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.adds(phone)
			r.Receive(asksBack)
			r.Send(grants("example.org", privilege.NS, permRoster))
			r.Send(available(alice+"/x", domain))
			r.Receive(ownShows)
			r.answerIQ(readsRoster, query())
			r.answerIQ(sets(phone, phone, "SMS"), c.set)
			if c.set == "" {
				r.Receive(`<presence type='unsubscribe' from='` + phone + `@sms.example.org' to='alice@example.org'/>`)
				r.answerIQ(sets(phone, phone, "SMS"), "")
			}
			r.answerIQ(readsRoster, c.back)
			if c.set == "" {
				r.Receive(contactShows)
			}
			r.barrier(alice)
			if s, _ := r.subscription(phone); s != c.want {
				t.Errorf("subscription %b", s)
			}
		})
	}
}

// TestSilentServer: a request that nobody answers ends, and the contact asks. A
// server that is silent each time is not asked any more.
func TestSilentServer(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.g.privileges.set("example.org", privilege.Rights{NS: privilege.NS, Roster: true})
		for n := range silentLimit {
			if !r.g.rights("example.org").Roster {
				t.Errorf("F3: the rights are lost after %d requests", n)
			}
			r.receive(t, fmt.Sprintf(`<message type='chat' id='a%d' from='alice@example.org/x' to='sms.example.org'><body>add +1202555010%d</body></message>`, n, n))
			r.drain()
			time.Sleep(rosterTime + askGap)
			if got := r.drain(); len(got) != 1 || !strings.Contains(got[0], "type='subscribe'") {
				t.Errorf("F3: %q", got)
			}
		}
		if r.g.rights("example.org").Roster {
			t.Error("F3: it is asked again")
		}
	})
}

// TestRemovalByRoster: who leaves has none of our contacts any more, and all of
// the others.
func TestRemovalByRoster(t *testing.T) {
	r := granted(t)
	r.leavesByChat(alice)
	var asked []string
	for range 6 {
		n := r.Next()
		if n.Local != "iq" {
			continue
		}
		asked = append(asked, n.String())
		r.Send(`<iq type='result' id='` + n.Attr["id"] + `' from='alice@example.org' to='sms.example.org'>` +
			query(item(phone, "x", "both", ""), `<item jid='bob@example.org'/><item jid='sms.example.org'/>`) + `</iq>`)
	}
	if len(asked) != 2 || !strings.Contains(asked[1], "remove") || !strings.Contains(asked[1], phoneJID) {
		t.Errorf("0100.16, 0356.8: asked %q", asked)
	}
	r.barrier(alice)
}
