package gateway

import (
	"slices"
	"strings"
	"testing"

	"causeway/bridges/bridgetest"
	"causeway/mapping"
)

const boss = "boss@elsewhere.example" // nobody who may register

type deskOperator struct{}

func (deskOperator) Reload() string       { return "reloaded" }
func (deskOperator) LastErrors() []string { return []string{"first", "second"} }

// admins runs a gateway where alice is registered and boss administers.
func admins(t *testing.T) *rig {
	return newRig(t, func(c *Config) { c.Admins, c.Operator = []string{"Boss@elsewhere.example"}, deskOperator{} })
}

func fromBoss(id, node, attrs, inside string) string {
	return strings.ReplaceAll(fromBob("set", id, commandXML(node, attrs, inside)), bob, boss)
}

// note takes the answer of a command, which is completed or, if it has failed,
// shows its form again, and returns the words of its note.
func (r *rig) note(id, node, kind string) string {
	r.t.Helper()
	n := r.Receive(strings.ReplaceAll(toBob("result", id, commandXML(node, "sessionid='*' status='*'", `<any/>`)), bob, boss))
	for _, c := range n.Children[0].Children {
		if c.Local == "note" && c.Attr["type"] == kind {
			return c.Text
		}
	}
	r.t.Errorf("no note of kind %s: %v", kind, n)
	return ""
}

// orders runs a command of boss with a field filled in.
func (r *rig) orders(node, field, value, kind string) string {
	r.t.Helper()
	if field == "" {
		r.Send(fromBoss("o", node, "", ""))
		return r.note("o", node, kind)
	}
	r.Send(fromBoss("o", node, "", ""))
	n := r.Receive(strings.ReplaceAll(toBob("result", "o", commandXML(node, "sessionid='*' status='executing'", `<any/>`)), bob, boss))
	r.Send(fromBoss("p", node, "sessionid='"+n.Children[0].Attr["sessionid"]+"'",
		`<x xmlns='jabber:x:data' type='submit'><field var='`+field+`'><value>`+value+`</value></field></x>`))
	return r.note("p", node, kind)
}

func TestAdminCommandsOffered(t *testing.T) {
	r := admins(t)
	nodes := r.commandNodes(boss)
	for _, c := range slices.Concat(adminTable, operatorTable) {
		if !slices.Contains(nodes, c.node) {
			t.Errorf("0133.1: %s is not offered", c.node)
		}
		for user, condition := range map[string][2]string{alice: {"auth", "forbidden"}, "eve@elsewhere.example": {"cancel", "not-allowed"}} {
			if user == alice && slices.Contains(r.commandNodes(user), c.node) {
				t.Errorf("0133.3: %s is offered to %s", c.node, user)
			}
			r.Send(strings.ReplaceAll(fromBob("set", "n", commandXML(c.node, "", "")), bob, user)) // 0133.3
			r.Receive(strings.ReplaceAll(iqError("n", condition[0], condition[1]), bob, user))
		}
	}
	if slices.Contains(nodes, "unregister") || slices.Contains(nodes, "jabber:iq:register") {
		t.Errorf("who may not register is offered %v", nodes)
	}
	t.Run("without an operator", func(t *testing.T) {
		r := newRig(t, func(c *Config) { c.Admins = []string{boss} })
		if nodes := r.commandNodes(boss); len(nodes) != len(adminTable)+1 { // off
			t.Errorf("offered: %v", nodes)
		}
	})
}

func TestAdminAsks(t *testing.T) {
	r := admins(t)
	for _, c := range []struct{ name, node, field, value, kind, want string }{
		{"number", nsAdmin + "#get-registered-users-num", "", "", "info", "1 user is registered, 0 online; 0 messages wait."},
		{"list", nsAdmin + "#get-registered-users-list", "", "", "info", alice + ": " + number + ", offline, 0 messages wait"},
		{"one", nsAdmin + "#user-stats", userField, " Alice@example.org/x ", "info", alice + ": " + number},
		{"nobody", nsAdmin + "#user-stats", userField, "nobody@example.org", "error", "No user of this address"},
		{"nothing filled in", nsAdmin + "#user-stats", userField, "", "error", "The user's address"},
		{"disconnect", nsAdmin + "#end-user-session", usersField, alice, "info", disconnectedText},
		{"0133.2 the other name", nsAdmin + "#end-user-session", userField, alice, "info", disconnectedText},
		{"0133.2 the other name for one", nsAdmin + "#user-stats", usersField, alice, "info", alice + ": " + number},
		{"one of two is nobody", nsAdmin + "#end-user-session", usersField, alice + "</value><value>nobody@example.org", "error", "registered: nobody@example.org"},
		{"two", nsAdmin + "#end-user-session", usersField, alice + "</value><value> " + alice + " ", "info", disconnectedText + "\n" + alice},
		{"too many", nsAdmin + "#end-user-session", usersField, alice + strings.Repeat("</value><value>"+alice, usersAtOnce), "error", "At most 20"},
		{"quarantine", "urn:causeway:admin#quarantine", "", "", "info", "Nothing was put away."},
		{"errors", "urn:causeway:admin#errors", "", "", "info", "first\nsecond"},
		{"reload", "urn:causeway:admin#reload", "", "", "info", "reloaded"},
		{"empty announcement", nsAdmin + "#announce", announceField, " ", "error", "What to write"},
		{"oneself", nsAdmin + "#delete-user", usersField, boss, "error", "No user of this address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := r.orders(c.node, c.field, c.value, c.kind); !strings.Contains(got, c.want) {
				t.Errorf("the answer is %q", got)
			}
		})
	}
}

// TestAdminForms: the fields have the names and types of XEP-0133.
func TestAdminForms(t *testing.T) {
	r := admins(t)
	for node, field := range map[string]string{
		"#user-stats": "type='jid-single' var='accountjid'", "#end-user-session": "type='jid-multi' var='accountjids'",
		"#delete-user": "type='jid-multi' var='accountjids'", "#announce": "type='text-multi' var='announcement'",
	} {
		r.Send(fromBoss("o", nsAdmin+node, "", ""))
		if n := r.Next().String(); !strings.Contains(n, field) || !strings.Contains(n, "<value>"+nsAdmin+"</value>") {
			t.Errorf("0133.2: the form of %s is %s", node, n)
		}
	}
}

// TestAdminResults: programs find the numbers and users in the fields of XEP-0133,
// beside the words.
func TestAdminResults(t *testing.T) {
	r := admins(t)
	for node, field := range map[string]string{
		"#get-registered-users-num":  "var='registeredusersnum'><value>1</value>",
		"#get-registered-users-list": "var='registereduserjids'><value>" + alice + "</value>",
	} {
		r.Send(fromBoss("o", nsAdmin+node, "", ""))
		n := r.Next().String()
		for _, want := range []string{field, "type='result'", "<value>" + nsAdmin + "</value>", "<note ", "status='completed'"} {
			if !strings.Contains(n, want) {
				t.Errorf("0133.2: the answer to %s has no %s: %s", node, want, n)
			}
		}
	}
}

func TestAdminListIsBounded(t *testing.T) {
	s := newMemStore()
	for i := range shownLines + 5 {
		registered(s, strings.Repeat("u", i+1)+"@example.org", strings.Repeat("u", i+1))
	}
	g := New(Config{Domain: domain, Bridge: bridgetest.New(bridgetest.SMS()), Store: s})
	defer g.stop()
	if r, err := runList(t.Context(), g, nil, nil); err != nil || r.ask == nil || !strings.Contains(r.ask.Instructions, "205 users are registered, on 2 pages") {
		t.Errorf("asked %+v, %v", r.ask, err)
	}
	seen := map[string]bool{}
	for page, users := range map[string]int{"1": shownLines, "2": 5} {
		r, err := runList(t.Context(), g, nil, filled{{pageField: page}})
		list := strings.Split(r.text, "\n")
		if err != nil || len(list) != 1+users || list[0] != "Page "+page+" of 2" {
			t.Errorf("page %s has %d lines, %v", page, len(list), err)
		}
		for _, line := range list[1:] {
			seen[line] = true
		}
	}
	if len(seen) != shownLines+5 {
		t.Errorf("%d users are shown", len(seen))
	}
	if _, err := runList(t.Context(), g, nil, filled{{pageField: "3"}}); err == nil {
		t.Error("there is a third page")
	}
}

// TestAdminUnregisters: the user is told, and what waited is answered.
func TestAdminUnregisters(t *testing.T) {
	r := admins(t)
	node := nsAdmin + "#delete-user"
	r.Send(fromBoss("o", node, "", ""))
	n := r.Receive(strings.ReplaceAll(toBob("result", "o", commandXML(node, "sessionid='*' status='executing'", `<any/>`)), bob, boss))
	r.Send(fromBoss("p", node, "sessionid='"+n.Children[0].Attr["sessionid"]+"'",
		`<x xmlns='jabber:x:data' type='submit'><field var='`+userField+`'><value>`+alice+`</value></field></x>`))
	patterns := []string{`<message type='chat' from='sms.example.org' to='alice@example.org'><body>` + dismissedText + `</body><mentions xmlns='urn:xmpp:mmn:0'/></message>`}
	for _, p := range append(patterns, farewells(domain, domain)...) {
		r.Receive(p)
	}
	if got := r.note("p", node, "info"); !strings.Contains(got, "no longer registered") {
		t.Errorf("the answer is %q", got)
	}
	if _, ok, err := r.store.Account(t.Context(), domain, alice); ok || err != nil {
		t.Errorf("alice is registered: %v, %v", ok, err)
	}
}

// TestAnnouncementOnce: xeps.md 0133.4; the end of the order and all messages
// are one commit, so a crash repeats all or nothing.
func TestAnnouncementOnce(t *testing.T) {
	s, announced := newMemStore(), 0
	registered(s, alice, number)
	registered(s, bob, "+12025550198")
	s.before = func(b *mapping.Batch) {
		for _, c := range b.Cycles {
			for _, x := range c.Records {
				if x.Kind != mapping.ToXMPP || !strings.Contains(string(x.Data), "we move") {
					continue
				}
				announced++
				if len(b.Settle) != 1 || len(c.Records) != 3 { // the answer, alice, bob
					t.Errorf("the commit settles %d and has %d records", len(b.Settle), len(c.Records))
				}
			}
		}
	}
	r := start(t, s, bridgetest.SMS(), func(c *Config) { c.Admins = []string{boss} })
	for _, user := range []string{alice, bob} {
		r.Receive(`<presence from='sms.example.org' to='` + user + `'><status>*</status>` + anyCaps + `</presence>`)
		r.Receive(presence("probe", domain, user))
	}
	r.orders(nsAdmin+"#announce", announceField, "we move</value><value/><value>on Friday", "info")
	for _, to := range []string{alice, bob} {
		r.Receive(`<message type='chat' from='sms.example.org' to='` + to + "'><body>we move\n\non Friday</body>" + `<mentions xmlns='urn:xmpp:mmn:0'/></message>`)
	}
	r.stop()
	if announced != 2 {
		t.Errorf("%d announcements were in the journal", announced)
	}
}
