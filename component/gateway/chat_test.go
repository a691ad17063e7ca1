package gateway

import (
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

func (r *rig) say(user, body string) {
	r.Send(`<message type='chat' id='` + newID() + `' from='` + user + `/x' to='sms.example.org'><body>` + body + `</body></message>`)
}

// leavesByChat has a user unregister, who agrees when asked.
func (r *rig) leavesByChat(user string) {
	r.t.Helper()
	r.say(user, "unregister")
	r.answer(user)
	r.say(user, "yes")
}

func (r *rig) answer(user string) string {
	r.t.Helper()
	n := r.Receive(`<message type='chat' from='sms.example.org' to='` + user + `'><body>*</body><mentions xmlns='urn:xmpp:mmn:0'/></message>`)
	return n.Children[0].Text
}

func TestChatWithTheGateway(t *testing.T) {
	r := start(t, newMemStore(), bridgetest.SMS())
	for _, c := range []struct{ say, want string }{
		{"help", "register"},
		{"What's this?", "do not understand"},
		{"status", "not registered"},
		{"unregister", "not registered"},
	} {
		r.say(bob, c.say)
		if got := r.answer(bob); !strings.Contains(got, c.want) {
			t.Errorf("%q was answered by %q", c.say, got)
		}
	}
	r.say(bob, "Register!")
	r.welcomed(bob)
	r.say(bob, "status")
	if got := r.answer(bob); !strings.Contains(got, number) {
		t.Errorf("status is %q", got)
	}
	r.say(bob, "register")
	if got := r.answer(bob); !strings.Contains(got, "already") {
		t.Errorf("the second registration got %q", got)
	}
	r.converses([]exchange{
		{"what it means", "unregister?", "unregister: to leave."},
		{"0050.10 consent", "unregister", "Your registration with SMS and all its data will be deleted. Write yes to go on, cancel to stop."},
		{"no consent", "well", "Your registration"},
		{"refused", "No.", "Nothing was changed."},
		{"no question is open", "cancel", "There is nothing to stop."},
		{"once more", "unregister", "Your registration"},
		{"stopped", "cancel", "Nothing was changed."},
		{"still there", "status", "Connected as " + number},
		{"again", "Unregister!", "Your registration"},
		{"agreed", "Yes.", "You are no longer registered."},
	})
}

// A value with a name that nothing has is no value of the first field.
func TestChatMisnamed(t *testing.T) {
	s := newMemStore()
	registered(s, alice, number)
	r := start(t, s, withPassword())
	r.greeting()
	const settings = " is nothing that can be set with settings. These can: corrections, replies."
	r.reads([]exchange{
		{"no such", "settings foo=bar", "foo" + settings},
		{"misspelt", "settings corections=refuse", "corections" + settings},
		{"one of two", "settings replies=quote corections=refuse", "corections" + settings},
		{"register", "register usrname=bob", "usrname is nothing that can be set with register. These can: username, password."},
		{"no question is open", "cancel", "There is nothing to stop."},
		{"no name of a field", "rename a=b", "a=b is not among your contacts."},
		{"a value with =", "register username=bob pass=x", "Password?"},
		{"stopped", "cancel", "Nothing was changed."},
	})
}

// The help offers to register only where that does something.
func TestChatHelp(t *testing.T) {
	for _, c := range []struct {
		info bridges.Info
		user string
		want string
	}{
		{bridgetest.SMS(), bob, "me: register (to use the gateway), status"},
		{bridgetest.SMS(), alice, "me: status"},
		{withPassword(), alice, "me: register (to change your registration), status"},
	} {
		s := newMemStore()
		registered(s, alice, number)
		r := start(t, s, c.info)
		r.greeting()
		r.say(c.user, "help")
		if got := r.answer(c.user); !strings.Contains(got, c.want) {
			t.Errorf("the help for %s is %q", c.user, got)
		}
	}
}

// What a client sends again is obeyed once, also after a restart.
func TestChatRepeated(t *testing.T) {
	s := newMemStore()
	registered(s, alice, number)
	for life := range 2 {
		r := start(t, s, bridgetest.SMS())
		r.greeting()
		for range 2 {
			r.Send(`<message type='chat' id='` + lasting("one") + `' from='alice@example.org/x' to='sms.example.org'><body>status</body></message>`)
		}
		if life == 0 {
			if got := r.answer(alice); !strings.HasPrefix(got, "Connected as") {
				t.Errorf("it was answered by %q", got)
			}
		}
		r.reads([]exchange{{"not again", "contacts", "You have no contacts"}})
		r.stop()
	}
}

// 0308.3: to the gateway itself a correction is what it says.
func TestChatCorrected(t *testing.T) {
	r := newRig(t)
	r.converses([]exchange{{"misspelt", "regster", "I do not understand that."}})
	r.Send(`<message type='chat' id='s2' from='bob@example.org/x' to='sms.example.org'><body>status</body><replace id='s1' xmlns='urn:xmpp:message-correct:0'/></message>`)
	if got := r.answer(bob); got != unregisteredStatus {
		t.Errorf("the correction got %q", got)
	}
}

// 0384.3: some clients hide the error, so it is said in words, too, once.
func TestChatEncrypted(t *testing.T) {
	r := newRig(t)
	for i := range 2 {
		r.Send(`<message type='chat' id='e' from='alice@example.org/x' to='sms.example.org'><encrypted xmlns='eu.siacs.conversations.axolotl'><payload>x</payload></encrypted></message>`)
		r.Receive(`<message type='error' id='e' from='sms.example.org' to='alice@example.org/x'><error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><any/></error></message>`)
		if i > 0 {
			continue
		}
		if got := r.answer(alice); got != errEncrypted.Text {
			t.Errorf("the gateway says %q", got)
		}
	}
	r.barrier(alice)
}

func TestChatOfStrangers(t *testing.T) {
	r := start(t, newMemStore(), bridgetest.SMS())
	r.say("eve@elsewhere.example", "register")
	r.Receive(`<message type='error' id='*' from='sms.example.org' to='eve@elsewhere.example/x'><error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><any/></error></message>`)
}

func TestChatWithFields(t *testing.T) {
	r := start(t, newMemStore(), withPassword())
	r.say(bob, "register username=bob")
	if got := r.answer(bob); !strings.Contains(got, "Password") {
		t.Errorf("an incomplete registration got %q", got)
	}
	r.say(bob, "cancel")
	r.answer(bob)
	r.say(bob, "register username=bob password=a=b")
	r.welcomed(bob)
}

func FuzzParseOrder(f *testing.F) {
	for _, s := range []string{"", "help", "register a=b =c d=", "\x00\xff =", " /Register! x=y=z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o := parseOrder(s)
		if o.verb != strings.ToLower(o.verb) || o.fields[""] != "" {
			t.Errorf("%q is %+v", s, o)
		}
		for _, more := range []bool{false, true} {
			got, _ := o.values([]bridges.Field{{Name: "a"}, {Name: "x"}}, more)
			if len(got) > 2 || got["a"] != strings.TrimSpace(got["a"]) {
				t.Errorf("%q has the values %q", s, got)
			}
		}
	})
}
