package main_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// TestSpine is the way of one message, on each server with each centre. Its
// steps share a gateway and have users of their own.
func TestSpine(t *testing.T) {
	for centre, with := range lab.Centres {
		for server := range lab.Servers {
			t.Run(server+" and "+centre, func(t *testing.T) {
				t.Parallel()
				spine(newRig(t, server, with, "ann", "ben", "cat", "dan", "eve", "fay", "gus", "hal", "ivy"))
			})
		}
	}
}

func spine(r *rig) {
	for name, step := range map[string]func(*testing.T, *rig){
		"discovery": discovery, "registration by IQ": registrationByIQ, "registration by chat": registrationByChat,
		"subscription": subscription, "text and receipt": textAndReceipt, "long texts": longTexts,
		"dead number": deadNumber, "nobody's number": nobodysNumber, "removal": removal, "commands": commands,
	} {
		r.t.Run(name, func(t *testing.T) { step(t, r) })
	}
	r.centre.None()
}

// xeps.md 0100.1, 0100.2, 0184 and section 2.
func discovery(t *testing.T, r *rig) {
	u := r.login(t, "ann")
	u.Do(map[string]any{"do": "discover", "to": domain})
	info := u.Wait("disco#info", answer)
	if !slices.ContainsFunc(info.Identities, func(i []string) bool { return slices.Equal(i, []string{"gateway", "sms"}) }) {
		t.Errorf("the identities are %v", info.Identities)
	}
	for _, f := range []string{"http://jabber.org/protocol/disco#info", "jabber:iq:register"} {
		if !slices.Contains(info.Features, f) {
			t.Errorf("the gateway lacks %s", f)
		}
	}
	u.Do(map[string]any{"do": "discover", "to": contact})
	if info := u.Wait("disco#info", answer); !slices.Contains(info.Features, "urn:xmpp:receipts") {
		t.Errorf("the contact's features are %v", info.Features)
	}
	u.Do(map[string]any{"do": "items", "to": peer.Domain})
	if items := u.Wait("disco#items", answer); !strings.Contains(items.XML, domain) {
		t.Errorf("the server's items are %s", items.XML)
	}
}

// xeps.md 0100.3-4, .7-9, 0077.2-3.
func registrationByIQ(t *testing.T, r *rig) {
	u := r.login(t, "ben")
	u.Do(map[string]any{"do": "register", "to": domain, "type": "get"})
	if e := u.Wait("the form", answer); e.Registered || e.Body == "" {
		t.Errorf("the form is %+v", e)
	}
	u.Do(map[string]any{"do": "register", "to": domain})
	events := u.gather(map[string]func(peer.Event) bool{
		"the result": answer, "0100.7: the subscription": presence(domain, "subscribe"), "the welcome": welcome,
		"0100.9: the consent": presence(domain, "subscribed"), "0100.20: presence": presence(domain, "available"),
	})
	none(t, "an error", events, func(e peer.Event) bool { return e.Type == "error" })
	u.Do(map[string]any{"do": "register", "to": domain, "type": "get"})
	if e := u.Wait("the form", answer); !e.Registered {
		t.Errorf("0077.3: %+v", e)
	}
}

func registrationByChat(t *testing.T, r *rig) {
	u := r.login(t, "cat")
	u.Send(domain, "1", "help")
	if e := u.Wait("help", func(e peer.Event) bool { return e.Event == "message" && e.From == domain }); !strings.Contains(e.Body, "register") {
		t.Errorf("help is %q", e.Body)
	}
	u.Send(domain, "2", "register")
	u.welcomed()
	u.Send(domain, "3", "status")
	u.Wait("the number", func(e peer.Event) bool { return e.Event == "message" && strings.Contains(e.Body, u.number) })
}

// xeps.md 0050.1-3, .5: a client finds the commands and registers, asks and leaves
// by them.
func commands(t *testing.T, r *rig) {
	u := r.login(t, "ivy")
	u.Do(map[string]any{"do": "items", "to": domain, "node": "http://jabber.org/protocol/commands"})
	list := u.Wait("the commands", answer)
	for _, node := range []string{"jabber:iq:register", "status"} {
		if !strings.Contains(list.XML, `node="`+node+`"`) {
			t.Errorf("0050.1: %s is not in %s", node, list.XML)
		}
	}
	step := func(node, session, action string) peer.Event {
		u.Do(map[string]any{"do": "command", "to": domain, "node": node, "session": session, "action": action})
		return u.Wait("the answer of "+node, answer)
	}
	if e := step("status", "", "execute"); e.Status != "completed" || !strings.Contains(e.Body, "not registered") {
		t.Errorf("status: %+v", e)
	}
	if e := step("unregister", "", "execute"); e.Condition != "forbidden" {
		t.Errorf("unregister before register: %+v", e)
	}
	e := step("jabber:iq:register", "", "execute")
	if u.number = e164.FindString(e.Body); e.Status != "completed" || u.number == "" {
		t.Errorf("register: %+v", e)
	}
	if e := step("status", "", "execute"); e.Status != "completed" || !strings.Contains(e.Body, u.number) {
		t.Errorf("status: %+v", e)
	}
	asked := step("unregister", "", "execute")
	if asked.Status != "executing" || asked.Session == "" {
		t.Errorf("0050.4: %+v", asked)
	}
	if e := step("unregister", asked.Session, "complete"); e.Status != "completed" || e.Session != asked.Session {
		t.Errorf("0050.5: %+v", e)
	}
	if e := step("status", "", "execute"); !strings.Contains(e.Body, "not registered") {
		t.Errorf("status: %+v", e)
	}
}

// xeps.md 0100.27, .29-31.
func subscription(t *testing.T, r *rig) {
	stranger := r.login(t, "ann")
	stranger.Do(map[string]any{"do": "presence", "to": contact, "type": "subscribe"})
	stranger.Wait("0100.31: a refusal", func(e peer.Event) bool {
		return presence(contact, "unsubscribed")(e) || presence(contact, "error")(e)
	})
	u := r.registered(t, "dan")
	u.add(contact)
	u.Wait("presence", presence(contact, "available"))
	// Servers pass the second consent on to nobody, but the presence shows that
	// it is answered (0100.30).
	u.Do(map[string]any{"do": "presence", "to": contact, "type": "subscribe"})
	u.Wait("presence again", presence(contact, "available"))
}

// xeps.md 0184.1-3, 5.1.1-2, .8 and 0100.34, .39.
func textAndReceipt(t *testing.T, r *rig) {
	u := r.registered(t, "eve")
	u.Send(contact, "t1", "Are you there?")
	sent := r.centre.Next("submit")
	if sent.From != u.number || sent.To != phone || sent.Text != "Are you there?" || sent.Report&1 == 0 {
		t.Errorf("the centre got %+v", sent)
	}
	none(t, "0184.1: a receipt before the report", r.barrier(u, phone), receipt("t1"))
	if status := r.centre.Report(sent, true); status != 0 {
		t.Errorf("the report is answered by %#x", status)
	}
	got := u.Wait("the receipt", receipt("t1"))
	if !of(got, contact) || !strings.HasPrefix(got.From, contact+"/") || got.ID == "" || got.Body != "" {
		t.Errorf("0184.1: %+v", got)
	}
	if status := r.centre.Report(sent, true); status != 0 {
		t.Errorf("the second report is answered by %#x", status)
	}
	none(t, "0184.3: a second receipt", r.barrier(u, phone), receipt("t1"))

	u.Do(map[string]any{"do": "send", "to": contact, "id": "t2", "body": "No receipt, please"})
	r.centre.Report(r.centre.Next("submit"), true)
	none(t, "0184.2: a receipt that nobody asked for", r.barrier(u, phone), receipt("t2"))

	r.centre.Text(phone, u.number, "Yes, I am <here> & well")
	e := u.Wait("the answer", message(contact, "Yes, I am <here> & well"))
	if e.Type != "chat" || e.From != got.From || e.ID == "" {
		t.Errorf("5.1.1-2: %+v", e)
	}
}

// long has emoji outside the basic plane and more than fits into four parts.
var long = strings.Repeat("Grüße aus Köln 🚀 – schön 👩‍🚀. ", 8) + "Ende"

// xeps.md 5.1.5, 0184.1: a receipt means all parts.
func longTexts(t *testing.T, r *rig) {
	u := r.registered(t, "fay")
	u.Send(contact, "l1", long)
	parts := receiveParts(t, r.centre)
	whole := ""
	for _, p := range parts {
		whole += p.Text
	}
	if whole != long {
		t.Errorf("the centre got %q", whole)
	}
	for _, p := range parts[1:] {
		r.centre.Report(p, true)
	}
	none(t, "a receipt before all parts are delivered", r.barrier(u, phone), receipt("l1"))
	r.centre.Report(parts[0], true)
	u.Wait("the receipt", receipt("l1"))

	r.centre.Text(phone, u.number, long)
	u.Wait("the long answer", message(contact, long))
}

// receiveParts takes the parts of one text, in their order.
func receiveParts(t *testing.T, c *lab.Centre) []lab.CentreEvent {
	t.Helper()
	var parts []lab.CentreEvent
	for total := 1; len(parts) < total; {
		p := c.Next("submit")
		header, err := hex.DecodeString(p.UDH)
		if err != nil || len(header) < 5 {
			t.Fatalf("user data header %q of %+v", p.UDH, p)
		}
		total = int(header[len(header)-2])
		if int(header[len(header)-1]) != len(parts)+1 {
			t.Errorf("part %d comes as number %d", header[len(header)-1], len(parts)+1)
		}
		parts = append(parts, p)
	}
	return parts
}

// xeps.md 0184.4, 0100.35; sms.md section 8.
func deadNumber(t *testing.T, r *rig) {
	u := r.registered(t, "gus")
	const dead = "+12025550166@" + domain
	u.Send(dead, "d1", "Hello?")
	r.centre.Report(r.centre.Next("submit"), false)
	e := u.Wait("the error", failure("d1"))
	if !of(e, dead) || e.Condition != "item-not-found" || e.Text == "" {
		t.Errorf("reported as undelivered: %+v", e)
	}
	none(t, "0184.3: a receipt", r.barrier(u, "12025550166"), receipt("d1"))

	r.centre.Fault(0x0B) // ESME_RINVDSTADR
	u.Send(dead, "d2", "Hello?")
	if e := u.Wait("the error", failure("d2")); !of(e, dead) || e.Condition != "item-not-found" || e.Text == "" {
		t.Errorf("refused by the centre: %+v", e)
	}
	r.centre.Next("submit")
}

// A text to a number that nobody has gets an answer and a counter.
func nobodysNumber(t *testing.T, r *rig) {
	if status := r.centre.Text(phone, "12025559999", "Who is it?"); status != 0x65 { // ESME_RX_P_APPN
		t.Errorf("the client answers %#x", status)
	}
	if n := r.gateway.metric("causeway_sms_incoming_total", "nobody"); n == 0 {
		t.Error("no counter counts it")
	}
}

// xeps.md 0100.15-17, .35.
func removal(t *testing.T, r *rig) {
	u := r.registered(t, "hal")
	u.add(contact)
	u.Do(map[string]any{"do": "register", "to": domain, "remove": true})
	u.gather(map[string]func(peer.Event) bool{
		"the result": answer, "0100.15: unsubscribe": presence(domain, "unsubscribe"),
		"0100.15: unsubscribed": presence(domain, "unsubscribed"), "0100.15: unavailable": presence(domain, "unavailable"),
		"0100.16: the contact's leave": presence(contact, "unavailable"),
	})
	u.Send(contact, "r1", "Hello?")
	if e := u.Wait("the refusal", failure("r1")); e.Condition != "registration-required" || e.Text == "" {
		t.Errorf("0100.35: %+v", e)
	}
	if status := r.centre.Text(phone, u.number, "Still there?"); status == 0 {
		t.Error("a text to the number that was given back is accepted")
	}
}
