package gateway

import (
	"fmt"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/component/componenttest"
	"causeway/mapping"
)

// has gives alice contacts, with a name if one follows after a space.
func has(r *rig, contacts ...string) {
	r.t.Helper()
	var b mapping.Batch
	for _, c := range contacts {
		id, name, _ := strings.Cut(c, " ")
		b.PutContacts = append(b.PutContacts, mapping.Contact{
			Bridge: domain, Account: alice, ID: bridges.ChatID(id), Name: name, Subscription: mapping.SeenByUs | mapping.SeesContact,
		})
	}
	if err := r.store.Commit(r.t.Context(), &b); err != nil {
		r.t.Fatal(err)
	}
}

// step takes a step of a command of alice and wants an answer with that status.
func (r *rig) step(node, session, action, inside, status string) *componenttest.Node {
	r.t.Helper()
	attrs := "action='" + action + "'"
	if session != "" {
		attrs += " sessionid='" + session + "'"
	}
	as := strings.NewReplacer(bob, alice)
	r.Send(as.Replace(fromBob("set", "c", commandXML(node, attrs, inside))))
	n := r.Receive(as.Replace(toBob("result", "c", commandXML(node, "sessionid='*' status='"+status+"'", "<any/>"))))
	return n.Children[0]
}

// fields is a form filled in.
func fields(values ...string) string {
	x := `<x xmlns='jabber:x:data' type='submit'>`
	for i := 0; i < len(values); i += 2 {
		x += `<field var='` + values[i] + `'><value>` + values[i+1] + `</value></field>`
	}
	return x + `</x>`
}

func TestContactsByChat(t *testing.T) {
	r := newRig(t)
	has(r, phone+" Zoe", "+12025550101", "+12025550102 Adam Ant")
	for _, c := range []struct{ name, say, want string }{
		{"0050.10 list", "contacts", "You have 3 contacts.\n+12025550102@sms.example.org Adam Ant\n" + phoneJID + " Zoe\n+12025550101@sms.example.org"},
		{"0050.10 rename", "rename 12025550101 Aunt Anne", "+12025550101@sms.example.org is now called Aunt Anne."},
		{"by the old name", "rename address=Zoe name=Zac", phoneJID + " is now called Zac."},
		{"asked for the name", "rename " + phoneJID, "What shall " + phoneJID + " be called? Name (At most 100 letters)? Write cancel to stop, - for Zac."},
		{"0122.4 a name that is none", strings.Repeat("x", 101), "Name: At most 100 letters."},
		{"the name as it is", "-", phoneJID + " is now called Zac."},
		{"nobody", "rename +12025550103 X", "+12025550103 is not among your contacts."},
		{"asked for both", "rename", "Whom do you want to rename? Address? Write cancel to stop."},
		{"the first", "Zac", "What shall"},
		{"the second", "Zora Z", phoneJID + " is now called Zora Z."},
	} {
		r.say(alice, c.say)
		if got := r.answer(alice); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q was answered by %q", c.name, c.say, got)
		}
	}
}

// The beginning of a name takes nobody away: the gateway asks who is meant.
func TestBeginningOfAName(t *testing.T) {
	r := newRig(t)
	has(r, phone+" Zoe", "+12025550101 Adam Ant", "+12025550102 Adele", "+12025550103 +12025550199", "+12025550104 adele")
	const (
		asks   = "Zo may mean Zoe (" + phoneJID + "). Whom do you want to remove? Address? Write cancel to stop, - for " + phoneJID + "."
		called = "What shall +12025550101@sms.example.org be called? Name"
	)
	r.reads([]exchange{
		{"a beginning", "remove Zo", asks},
		{"not again", "zo", "zo is not the whole name of a contact. " + asks},
		{"stopped", "cancel", "Nothing was changed."},
		{"with its name", "remove address=Zo", asks},
		{"0050.10 another", "Adam Ant", "+12025550101@sms.example.org is no longer among your contacts."},
		{"asked first", "remove", "Whom do you want to remove?"},
		{"a beginning then", "Z", "Z may mean Zoe ("},
		{"the whole name", "ZOE", phoneJID + " is no longer among your contacts."},
		{"back again", "add " + phone, "Write to"},
		{"0172.4 two of a name", "remove adele", "More than one of your contacts has a name like that: Adele (+12025550102@sms.example.org), adele (+12025550104@sms.example.org)."},
		{"stopped", "cancel", ""},
		{"0172.4 the address of another", "remove +12025550199", "+12025550199 may mean +12025550199 (+12025550103@sms.example.org)."},
		{"it is", "-", "+12025550103@sms.example.org is no longer among your contacts."},
	})
	has(r, "+12025550101 Adam Ant")
	r.reads([]exchange{
		{"rename asks, too", "rename Adam Ant", called},
		{"it is named", "-", "+12025550101@sms.example.org is now called Adam Ant."},
		{"words that are no answer", "rename address=Ada name=Eve", called},
		{"the name", "Eve", "+12025550101@sms.example.org is now called Eve."},
		{"a chat may begin so", "add Ev", "Write to +12025550101@sms.example.org now."},
	})
}

// TestNameOfWords: the longest name with which an order begins is the one meant.
func TestNameOfWords(t *testing.T) {
	r := newRig(t)
	has(r, phone+" Tante Anna", "+12025550101 Tante", "+12025550102 Tante Anna Maria")
	r.reads([]exchange{
		{"0050.10 two words", "rename tante anna Zoe", phoneJID + " is now called Zoe."},
		{"three words", "rename Tante Anna Maria  Eve Ann", "+12025550102@sms.example.org is now called Eve Ann."},
		{"the name alone", "rename Eve Ann", "What shall +12025550102@sms.example.org be called?"},
		{"the new one", "Ada", "+12025550102@sms.example.org is now called Ada."},
		{"one word", "rename Tante Onkel Bob", "+12025550101@sms.example.org is now called Onkel Bob."},
		{"no part of a word", "rename Onkel Bobby", "What shall +12025550101@sms.example.org be called?"},
	})
}

// 0050.5: who is meant is asked in a form of its own, and the way back is open.
func TestBeginningOfANameByCommand(t *testing.T) {
	r := newRig(t)
	has(r, phone+" Zoe", "+12025550101 Eve")
	session := r.step("remove", "", "execute", "", "executing").Attr["sessionid"]
	if n := r.step("remove", session, "complete", fields("address", "Zo"), "executing").String(); !strings.Contains(n, "<value>"+phoneJID+"</value>") {
		t.Errorf("the second form is %s", n)
	}
	r.step("remove", session, "prev", "", "executing")
	if n := r.step("remove", session, "complete", fields("address", "E"), "executing").String(); !strings.Contains(n, "<value>+12025550101@") || !strings.Contains(n, "E may mean Eve (") {
		t.Errorf("the second form is %s", n)
	}
	r.step("remove", session, "complete", fields("surely", "+12025550101"), "completed")
	if s, _ := r.subscription("+12025550101"); s != mapping.RemovedByUser {
		t.Errorf("subscription %b", s)
	}
	if s, _ := r.subscription(phone); s&mapping.RemovedByUser != 0 {
		t.Errorf("another is removed: %b", s)
	}
}

func TestContactRemoved(t *testing.T) {
	r := newRig(t)
	has(r, phone+" Zoe")
	r.say(alice, "remove Zoe") // 0050.10
	if got := r.answer(alice); got != phoneJID+" is no longer among your contacts." {
		t.Errorf("%q", got)
	}
	for _, p := range farewells(phoneJID, phoneJID+"/gateway") {
		r.Receive(p)
	}
	if s, ok := r.subscription(phone); !ok || s != mapping.RemovedByUser {
		t.Errorf("subscription %b, %v", s, ok)
	}
	r.say(alice, "contacts")
	if got := r.answer(alice); !strings.HasPrefix(got, "You have no contacts") {
		t.Errorf("%q", got)
	}
	r.say(alice, "add "+phone)
	r.answer(alice)
	r.Receive(asksBack)
	if s, _ := r.subscription(phone); s != unanswered {
		t.Errorf("subscription %b", s)
	}
}

func TestContactsByCommand(t *testing.T) {
	r := newRig(t)
	var all []string
	for i := range 41 {
		all = append(all, fmt.Sprintf("+120255501%02d", i))
	}
	has(r, all...)
	asked := r.step("contacts", "", "execute", "", "executing")
	if text := asked.String(); !strings.Contains(text, "41 contacts, on 3 pages") || !strings.Contains(text, "xs:integer") {
		t.Errorf("0122.1: %s", text)
	}
	session := asked.Attr["sessionid"]
	again := r.step("contacts", session, "complete", fields("page", "4"), "executing").String()
	if !strings.Contains(again, "There are 3 pages.") || !strings.Contains(again, "<value>4</value>") {
		t.Errorf("0122.4: %s", again)
	}
	page := r.step("contacts", session, "complete", fields("page", "3"), "completed")
	if form := page.Children[0]; form.Attr["type"] != "result" || len(form.Children) != 3 || !strings.Contains(form.String(), all[40]+"@") {
		t.Errorf("0004.6: title, reported and one item in %s", form) // nothing else at the top
	}
	r.step("add", r.step("add", "", "execute", "", "executing").Attr["sessionid"], "", fields("address", "12025550142"), "completed")
	r.Receive(strings.ReplaceAll(asksBack, phone, "+12025550142"))
}

func TestStagesBackAndForth(t *testing.T) {
	r := newRig(t)
	has(r, phone+" Zoe", "+12025550101")
	step := func(action, inside, session, status string) *componenttest.Node {
		return r.step("rename", session, action, inside, status)
	}
	allowed := func(n *componenttest.Node, want string) { // 0050.4
		t.Helper()
		actions := n.Children[0]
		got := actions.Attr["execute"]
		for _, a := range actions.Children {
			got += " " + a.Local
		}
		if got != want {
			t.Errorf("the actions are %s, want %s", got, want)
		}
	}
	n := step("execute", "", "", "executing")
	session := n.Attr["sessionid"]
	allowed(n, "next next")
	if !strings.Contains(n.String(), "urn:causeway:rename") {
		t.Errorf("0004.1: %s", n)
	}
	n = step("next", fields("address", phone), session, "executing")
	allowed(n, "complete complete prev")
	if !strings.Contains(n.String(), "<value>Zoe</value>") {
		t.Errorf("the name is not offered: %s", n)
	}
	n = step("prev", fields("name", "Zora"), session, "executing") // 0050.5
	allowed(n, "next next")
	if !strings.Contains(n.String(), "<value>"+phone+"</value>") {
		t.Errorf("0050.5: what was filled in is lost: %s", n)
	}
	n = step("execute", fields("address", phone), session, "executing") // the default action
	if !strings.Contains(n.String(), "<value>Zora</value>") {
		t.Errorf("0050.5: what was filled in is lost: %s", n)
	}
	step("complete", fields("name", "Zora"), session, "completed")
	if c, _, _ := r.store.Contact(t.Context(), domain, alice, phone); c.Name != "Zora" {
		t.Errorf("the contact is %+v", c)
	}
}
