package main_test

import (
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// others is a gateway that two users have: what is alice's is not mallory's.
type others struct {
	*rig
	alice, mallory *user
}

// petName is what alice alone calls her contact.
const petName = "Darling"

// TestIsolation has one registered user try at what is another's (xeps.md 7:
// 56, 58, 59).
func TestIsolation(t *testing.T) {
	lab.Each(t, func(t *testing.T, server string, privileged bool) {
		o := &others{rig: newRigWith(t, server, peer.Node, peer.Options{
			Users: []string{"alice", "mallory"}, Unprivileged: !privileged,
		})}
		o.alice, o.mallory = o.settled(t, "alice"), o.settled(t, "mallory")
		o.alice.befriend(contact)
		o.alice.Send(domain, "rename", "rename "+phone+" "+petName)
		o.alice.Wait("the new name", message(domain, contact+" is now called "+petName+"."))
		for name, attempt := range map[string]func(*others, *testing.T){
			"58 registration": (*others).registration, "58 command session": (*others).session,
			"58 discovery": (*others).discovered, "58 number": (*others).numbers, "58 presence": (*others).probes,
			"58 profiles": (*others).profiles, "58 archives": (*others).archives,
			"59 claims": (*others).claims, "58 removal": (*others).removes,
		} {
			t.Run(name, func(t *testing.T) {
				attempt(o, t)
				o.unharmed(t)
			})
		}
		o.centre.None()
	})
}

// settled registers a user and leaves no event of that behind.
func (r *rig) settled(t *testing.T, name string) *user {
	t.Helper()
	u := r.login(t, name)
	u.register()
	return u
}

// register registers u and waits for all that comes of it.
func (u *user) register() {
	u.t.Helper()
	u.Do(map[string]any{"do": "register", "to": domain})
	for _, e := range u.gather(map[string]func(peer.Event) bool{
		"the result": answer, "the welcome": welcome, "the gateway in the roster": inRoster(domain),
	}) {
		if welcome(e) {
			u.number = e164.FindStringSubmatch(e.Body)[1]
		}
	}
}

// befriend adds a contact and leaves no event of that behind.
func (u *user) befriend(jid string) {
	u.t.Helper()
	u.Do(map[string]any{"do": "presence", "to": jid, "type": "subscribe"})
	u.gather(map[string]func(peer.Event) bool{
		"presence": presence(jid, "available"), "the contact in the roster": inRoster(jid),
	})
}

// inRoster fits when a contact has become one in both directions.
func inRoster(jid string) func(peer.Event) bool {
	return func(e peer.Event) bool {
		return e.Event == "push" && len(e.Items) == 1 && e.Items[0].JID == jid && e.Items[0].Subscription == "both"
	}
}

// iq asks and returns the answer.
func (u *user) iq(typ, to, payload string) peer.Event {
	u.t.Helper()
	order := map[string]any{"do": "iq", "type": typ, "xml": payload}
	if to != "" {
		order["to"] = to
	}
	u.Do(order)
	return u.Wait("the answer to "+payload, answer)
}

// handled returns the events until the gateway has handled all that u has sent
// so far but texts: it answers each user in order.
func (u *user) handled() []peer.Event {
	u.t.Helper()
	u.Do(map[string]any{"do": "iq", "to": domain, "xml": "<ping xmlns='urn:xmpp:ping'/>"})
	return u.until("the answer to a ping", answer)
}

// unharmed has a text go each way for alice, and nothing else come of the
// gateway's.
func (o *others) unharmed(t *testing.T) {
	t.Helper()
	o.alice.Send(contact, t.Name(), "alice is here")
	if sent := o.centre.Next("submit"); sent.From != o.alice.number || sent.Text != "alice is here" {
		t.Errorf("56: the network got %+v", sent)
	}
	for _, e := range o.barrier(o.alice, phone) {
		pushed := e.Event == "push" && !inRoster(contact)(e) && !inRoster(domain)(e)
		if strings.HasSuffix(e.From, domain) && !message(contact, "barrier")(e) || pushed {
			t.Errorf("alice sees %+v", e)
		}
	}
	none(t, "alice's text", o.mallory.handled(), func(e peer.Event) bool { return e.Body != "" })
}

// From-spoofing.1: what stands in a form is not who the user is.
func (o *others) registration(t *testing.T) {
	form := "<query xmlns='jabber:iq:register'/>"
	if e := o.mallory.iq("get", domain, form); strings.Contains(e.XML, o.alice.number) || !strings.Contains(e.XML, o.mallory.number) {
		t.Errorf("mallory is offered %s", e.XML)
	}
	o.mallory.iq("set", domain, "<query xmlns='jabber:iq:register'><username>alice@localhost</username><jid>alice@localhost</jid>"+
		"<phone>+"+o.alice.number+"</phone></query>")
	o.mallory.handled()
	if e := o.alice.iq("get", domain, form); !strings.Contains(e.XML, o.alice.number) {
		t.Errorf("alice is offered %s", e.XML)
	}
}

// 0050.8: a session is of the one who opened it.
func (o *others) session(t *testing.T) {
	order := func(u *user, session, action string) peer.Event {
		u.Do(map[string]any{"do": "command", "to": domain, "node": "unregister", "session": session, "action": action})
		return u.Wait("the answer to the command", answer)
	}
	session := order(o.alice, "", "execute").Session
	for _, action := range []string{"complete", "execute", "cancel"} {
		if e := order(o.mallory, session, action); e.Condition != "bad-request" || !strings.Contains(e.XML, "bad-sessionid") {
			t.Errorf("0050.8: %s of another's session: %+v", action, e)
		}
	}
	if e := order(o.alice, session, "cancel"); e.Status != "canceled" {
		t.Errorf("alice cancels: %+v", e)
	}
}

// From-spoofing.5: nothing tells who has which contacts.
func (o *others) discovered(t *testing.T) {
	const nobodys = "+12025550177@" + domain
	what := func(u *user, jid, payload string) string {
		e := u.iq("get", jid, payload)
		_, inside, _ := strings.Cut(e.XML, ">")
		return strings.ReplaceAll(inside, jid, "X")
	}
	for _, payload := range []string{
		"<query xmlns='http://jabber.org/protocol/disco#info'/>", "<query xmlns='http://jabber.org/protocol/disco#items'/>",
	} {
		if got, want := what(o.mallory, contact, payload), what(o.mallory, nobodys, payload); got != want {
			t.Errorf("alice's contact is %s\nnobody's is %s", got, want)
		}
		if got := what(o.mallory, domain, payload); strings.Contains(got, phone) || strings.Contains(got, o.alice.number) {
			t.Errorf("mallory is told %s", got)
		}
	}
}

// From-spoofing.5: of a phone each user is told what its number says, and nothing
// of whose contact it is and what that user calls it.
func (o *others) profiles(t *testing.T) {
	const shown = "+1 202-555-0100"
	for payload, want := range map[string]string{
		`<vCard xmlns="vcard-temp"/>`:                             "<FN>" + shown + "</FN>",
		itemsOf("urn:xmpp:vcard4", ""):                            "<text>" + shown + "</text>",
		itemsOf("urn:xmpp:avatar:metadata", ""):                   "<info ",
		itemsOf("urn:xmpp:avatar:data", ""):                       "<data ",
		itemsOf("urn:xmpp:avatar:data", "other"):                  "item-not-found",
		itemsOf("storage:bookmarks", ""):                          "item-not-found",
		"<query xmlns='http://jabber.org/protocol/disco#info'/>":  "<identity ",
		"<query xmlns='http://jabber.org/protocol/disco#items'/>": "disco#items",
	} {
		e := o.mallory.iq("get", contact, payload)
		if !strings.Contains(e.XML, want) || strings.Contains(e.XML, petName) || strings.Contains(e.XML, o.alice.number) || strings.Contains(e.XML, "alice") {
			t.Errorf("%s of alice's contact: %s", payload, e.XML)
		}
		_, hers, _ := strings.Cut(o.alice.iq("get", contact, payload).XML, ">")
		if _, his, _ := strings.Cut(e.XML, ">"); his != hers {
			t.Errorf("%s: alice gets %s, mallory %s", payload, hers, his)
		}
	}
}

// 0313.1: there is no archive to look into, of whomever.
func (o *others) archives(t *testing.T) {
	with := "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field>" +
		"<field var='with'><value>alice@localhost</value></field></x>"
	for _, to := range []string{domain, contact, contact + "/gateway", "+" + o.alice.number + "@" + domain} {
		for _, c := range [][2]string{
			{"set", "<query xmlns='urn:xmpp:mam:2' queryid='q'/>"},
			{"set", "<query xmlns='urn:xmpp:mam:2'>" + with + "</query>"},
			{"get", "<query xmlns='urn:xmpp:mam:2'/>"},
			{"get", "<metadata xmlns='urn:xmpp:mam:2'/>"},
			{"get", "<prefs xmlns='urn:xmpp:mam:2'/>"},
		} {
			if e := o.mallory.iq(c[0], to, c[1]); e.Type != "error" || e.Condition != "service-unavailable" {
				t.Errorf("0313.1: %s to %s: %+v", c[1], to, e)
			}
		}
	}
	none(t, "a message of an archive", o.mallory.handled(), func(e peer.Event) bool { return e.Event == "message" })
}

// Each user's texts go out under the user's own number, to whomever.
func (o *others) numbers(t *testing.T) {
	for _, to := range []string{contact, "+" + o.alice.number + "@" + domain} {
		o.mallory.Send(to, to, "from mallory")
		if sent := o.centre.Next("submit"); sent.From != o.mallory.number {
			t.Errorf("56: to %s the network got %+v", to, sent)
		}
	}
	if status := o.centre.Text(phone, o.mallory.number, "for mallory"); status != 0 {
		t.Errorf("the text is answered by %#x", status)
	}
	o.mallory.Wait("the text", message(contact, "for mallory"))
}

// From-spoofing.5: another's contact shows nothing, whatever is claimed.
func (o *others) probes(t *testing.T) {
	for _, typ := range []string{"probe", "subscribed", "unsubscribe", "unsubscribed"} {
		o.mallory.Do(map[string]any{"do": "raw", "xml": "<presence to='" + contact + "' type='" + typ + "'/>"})
	}
	none(t, "presence of alice's contact", o.mallory.handled(), presence(contact, "available"))
}

// From-spoofing.2-3: only servers grant rights and change rosters.
func (o *others) claims(t *testing.T) {
	grant := "<privilege xmlns='urn:xmpp:privilege:%'><perm access='roster' type='both'/><perm access='message' type='outgoing'/></privilege>"
	copied := "<privilege xmlns='urn:xmpp:privilege:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' " +
		"from='alice@localhost' to='" + contact + "' type='chat' id='f'><body>forged</body></message></forwarded></privilege>"
	for _, payload := range []string{strings.Replace(grant, "%", "1", 1), strings.Replace(grant, "%", "2", 1), copied} {
		o.mallory.Do(map[string]any{"do": "raw", "xml": "<message to='" + domain + "'>" + payload + "</message>"})
	}
	push := "<query xmlns='jabber:iq:roster'><item jid='" + contact + "' subscription='remove'/></query>"
	for _, to := range []string{domain, contact} {
		if e := o.mallory.iq("set", to, push); e.Type != "error" {
			t.Errorf("a roster push to %s: %+v", to, e)
		}
	}
	o.alice.Do(map[string]any{"do": "presence", "to": contact, "type": "subscribe"}) // an occasion to use rights
	o.alice.Wait("presence", presence(contact, "available"))
}

// One who leaves takes nothing of another's along.
func (o *others) removes(*testing.T) {
	o.mallory.iq("set", domain, "<query xmlns='jabber:iq:register'><remove/></query>")
	o.mallory.register()
}
