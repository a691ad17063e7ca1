package gateway

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/component/xep/privilege"
)

// takingBack is what alice's client sends to take a text back, with words for
// others.
func takingBack(id, of string) string {
	return `<message type='chat' id='` + id + `' from='alice@example.org/phone' to='+12025550100@sms.example.org'>` +
		`<retract xmlns='urn:xmpp:message-retract:1' id='` + of + `'/><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:message-retract:1'/>` +
		`<body>I took something back</body><store xmlns='urn:xmpp:hints'/></message>`
}

var retractionsOut = changesOut{
	{"0424.2 0424.4 of the user's message, without its words", func(r *timeless) { r.receive(r.t, takingBack("x", "a1")) }, "m1 is back", ""},
	{"0424.7 in the older form", func(r *timeless) {
		r.receive(r.t, toContact(phone, `<apply-to xmlns='urn:xmpp:fasten:0' id='a1'><retract xmlns='urn:xmpp:message-retract:0'/></apply-to><body>x</body>`))
	}, "m1 is back", ""},
	{"of a text that was edited, by the id of the edit", func(r *timeless) {
		r.receive(r.t, replacing("e", "a1", "ONE"))
		r.receive(r.t, takingBack("x", "e"))
	}, "m1 is now ONE, m1 is back", ""},
	{"a repetition is one", func(r *timeless) {
		r.receive(r.t, takingBack(lasting("x"), "a1"))
		r.receive(r.t, takingBack(lasting("x"), "a1"))
	}, "m1 is back", ""},
	{"0424.2 of the contact's message", func(r *timeless) {
		m, _, _ := r.store.MessageByID(context.Background(), domain, "n0")
		r.receive(r.t, takingBack("x", m.Stanza))
	}, "", "forbidden"},
	{"of an unknown message", func(r *timeless) { r.receive(r.t, takingBack("x", "y")) }, "", "item-not-found"},
	{"of another user's message", func(r *timeless) { r.receive(r.t, strings.Replace(takingBack("x", "a1"), alice, bob, 1)) }, "", "item-not-found"},
	{"of another chat's message", func(r *timeless) {
		r.receive(r.t, strings.Replace(takingBack("x", "a1"), "to='"+phone, "to='"+stranger, 1))
	}, "", "item-not-found"},
	{"0424.3 of nothing", func(r *timeless) { r.receive(r.t, takingBack("x", "")) }, "", "bad-request"},
	{"0424.3 that the network does not take", func(r *timeless) {
		r.says(&bridges.Error{Kind: bridges.Rejected, Text: "Too late."})
		r.receive(r.t, takingBack("x", "a1"))
	}, "m1 is back", "Too late."},
	{"while the network is down for too long", func(r *timeless) {
		r.says(later)
		r.receive(r.t, takingBack("x", "a1"))
		synctest.Wait()
		r.handed()
		time.Sleep(30 * 24 * time.Hour)
		r.handed()
	}, "", "may still be as it was"},
	{"behind the text, while the network is down", func(r *timeless) {
		r.bridge.OnSend(func(context.Context, bridges.Message) ([]bridges.MessageID, error) { return nil, later })
		r.receive(r.t, text("b", "behind"))
		r.receive(r.t, takingBack("x", "b"))
		time.Sleep(time.Minute)
		r.handed()
		r.bridge.OnSend(parts("m9"))
		r.g.Ready()
		time.Sleep(time.Minute)
	}, "m9 is back, behind", ""},
}

func TestRetractionsOut(t *testing.T) { retractionsOut.run(t) }

// back is the event that somebody has taken a message back.
func back(who bridges.UserID, id, of string) bridges.Retraction {
	return bridges.Retraction{ID: bridges.MessageID(id), Chat: phone, From: who, Of: bridges.MessageID(of)}
}

// retractionIn is what alice gets (0424.1).
const retractionIn = `<message from='+12025550100@sms.example.org/gateway' to='alice@example.org' id='*' type='chat'>` +
	`<retract xmlns='urn:xmpp:message-retract:1' id='TEXT'/><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:message-retract:1'/>` +
	`<body>` + tookBack + `</body><store xmlns='urn:xmpp:hints'/></message>`

// takenBack returns the ids of what was taken back, and fails on what no
// retraction looks like.
func (r *timeless) takenBack() (all []string) {
	r.t.Helper()
	for _, xml := range r.drain() {
		s := mustParse(r.t, xml)
		e, ok := s.Child("urn:xmpp:message-retract:1", "retract")
		if !ok {
			continue
		}
		if want := strings.NewReplacer("*", s.ID, "TEXT", e.Attr("id")).Replace(retractionIn); xml != want || len(s.ID) != 36 {
			r.t.Errorf("0424.1: sent %s, not %s", xml, want)
		}
		all = append(all, e.Attr("id"))
	}
	return all
}

var retractionsIn = changesIn{
	{"0424.1 by the contact", []bridges.Event{back(phone, "r1", "n0")}, "N0", ""},
	{"5.1.8 a repetition of the network", []bridges.Event{back(phone, "r1", "n0"), back(phone, "r1", "n0")}, "N0", "repetition of the network"},
	{"of a text that was edited", []bridges.Event{now(phone, "e1", "n0", "new"), back(phone, "r1", "n0")}, "N0", ""},
	{"of an edit", []bridges.Event{now(phone, "e1", "n0", "new"), back(phone, "r1", "e1")}, "", ""},
	{"of what never came", []bridges.Event{back(phone, "r1", "n9")}, "", "retraction of an unknown message"},
	{"0424.2 of the user's message by the contact", []bridges.Event{back(phone, "r1", "m1")}, "", "retraction of another's message"},
	{"0424.2 of the contact's by the user", []bridges.Event{back(number, "r1", "n0")}, "", "retraction of another's message"},
	{"0424.2 of another's", []bridges.Event{bridges.Retraction{ID: "r1", Chat: stranger, From: stranger, Of: "n0"}}, "", "retraction of another's message"},
	{"of what the user sent from here, without privilege", []bridges.Event{back(number, "r1", "m1")}, "", "own retraction"},
}

func TestRetractionsIn(t *testing.T) { retractionsIn.run(t, (*timeless).takenBack) }

// What the user takes back in another program of the network is taken back as the
// user where the host lets us (0356.11), and the network does not hear of it again.
func TestOwnRetractions(t *testing.T) {
	markerRig(t, func(r *timeless) {
		r.correspond()
		r.g.Handle(mustParse(t, grants("example.org", privilege.NS, permMessage)), zeroKey)
		r.handed()
		r.give(back(number, "r1", "m1"))
		sent := strings.Join(r.drain(), "")
		if !strings.Contains(sent, "<privilege") || !strings.Contains(sent, "<retract xmlns='urn:xmpp:message-retract:1' id='a1'/>") {
			t.Errorf("sent %s", sent)
		}
		m, _, _ := r.store.MessageByID(t.Context(), domain, "r1")
		r.receive(t, strings.Replace(takingBack(m.Stanza, "a1"), "/phone'", "'", 1)) // F4
		synctest.Wait()
		if got := append(r.takenBack(), r.handed()...); len(got) > 0 {
			t.Errorf("then there is %q", got)
		}
	})
}

func playBackOut(r *theater) {
	r.receive(text("t", "t"), true)
	r.receive(takingBack("x", "t"), true)
}

// endBackOut: the text was taken back if the network has it, or the user told, and
// never its words sent.
func endBackOut(r *theater) {
	retracted := map[string]bool{}
	for len(r.bridge.Events()) > 0 {
		if x, ok := (<-r.bridge.Events()).(bridges.Retraction); ok {
			retracted[x.Key] = true
		}
	}
	if told := r.saw("type='error'", "id='x'"); told > 1 || told+len(retracted) > 1 {
		r.w.t.Errorf("told %d times, taken back %v", told, retracted)
	}
	for _, m := range r.bridge.All() {
		if strings.Contains(m.Text, "back") {
			r.w.t.Errorf("0424.4: the network got %q", m.Text)
		}
	}
}

func playBackIn(r *theater) {
	m := sms("hello")
	m.ID = "net"
	r.give(m)
	r.give(back(phone, "r1", "net"))
}

func endBackIn(r *theater) {
	playBackIn(r)
	r.watch()
	m, _, _ := r.store.MessageByID(context.Background(), domain, "net")
	if all, right := r.saw("<retract"), r.saw("<retract", "id='"+m.Stanza+"'"); all != 1 || right != 1 {
		r.w.t.Errorf("0424.1: %d retractions, %d of the text", all, right)
	}
}
