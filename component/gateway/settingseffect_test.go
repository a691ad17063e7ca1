package gateway

import (
	"maps"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/mapping"
)

const correcting = `<body>one</body><replace xmlns='urn:xmpp:message-correct:0' id='x'/>`

// sends has alice send a message to the phone.
func (r *rig) sends(id, inside string) {
	r.Send(`<message type='chat' id='` + id + `' from='alice@example.org/phone' to='+12025550100@sms.example.org'>` + inside + `</message>`)
}

func TestCorrectionsRefused(t *testing.T) {
	r := settable(t)
	r.says("", "settings corrections=refuse", "changed")
	before := r.counted("refused", "correction")
	r.sends("c", correcting) // 0308.3
	r.Receive(stanzaError("c", "modify", "not-acceptable"))
	if r.counted("refused", "correction") != before+1 {
		t.Error("it is not counted")
	}
	r.says("", "settings corrections=send", "changed")
	r.sends("d", correcting)
	r.wantOnPhone("* one")
}

// TestRefusedCorrectionSettles: the refusal and the end of the text are one commit;
// after a crash the setting may be another.
func TestRefusedCorrectionSettles(t *testing.T) {
	s, refusals := newMemStore(), 0
	registered(s, alice, number)
	s.before = func(b *mapping.Batch) {
		for _, c := range b.Cycles {
			for _, x := range c.Records {
				if x.Kind == mapping.ToXMPP && strings.Contains(string(x.Data), "cannot be changed") {
					refusals += len(b.Settle)
				}
			}
		}
	}
	r := start(t, s, bridgetest.SMS())
	r.greeting()
	r.says("", "settings corrections=refuse", "changed")
	r.sends("c", correcting)
	r.Receive(stanzaError("c", "modify", "not-acceptable"))
	r.stop()
	if refusals != 1 {
		t.Errorf("%d refusals settle what they refuse", refusals)
	}
}

// TestBegunCorrection: what the network may have is not refused any more.
func TestBegunCorrection(t *testing.T) {
	r := settable(t)
	r.says("", "settings corrections=refuse replies=quote", "changed")
	for name, m := range map[string]*outgoing{
		"new": {}, "tried by a predecessor": {tried: true}, "in doubt": {doubt: true}, "a second attempt": {attempts: 1},
	} {
		m.s = mustParse(t, `<message from='alice@example.org/x' to='+12025550100@sms.example.org'>`+correcting+`</message>`)
		got := r.g.readFor(t.Context(), alice, m)
		if refused := got.refuse != nil; refused != (name == "new") || !got.chosen || !refused && got.text != "* one" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestRepliesWithTheQuote(t *testing.T) {
	r := settable(t)
	const reply = quoting + `<body>&gt; when?` + "\n" + `at one</body>`
	r.sends(lasting("a"), reply)
	r.wantOnPhone("at one") // 0461.5
	r.says("", "settings replies=quote", "changed")
	r.sends(lasting("b"), reply)
	r.wantOnPhone("> when?\nat one")
	t.Run("a repetition is known whatever is set", func(t *testing.T) {
		r.sends(lasting("a"), reply)
		r.says("", "settings replies=plain", "changed")
		r.sends(lasting("b"), reply)
		r.Send(text("behind", "behind"))
		r.wantOnPhone("behind")
		if r.counted("dropped", "repetition") != 2 {
			t.Error("they are not counted")
		}
	})
}

func TestOwnMessagesDropped(t *testing.T) {
	r := settable(t)
	r.deliver(own("o1", "hello"))
	r.Receive(marked) // 0280.3
	r.says("", "settings own_messages=drop", "changed")
	r.deliver(own("o2", "hello"), sms("next"))
	r.Receive(`<message type='chat' from='+12025550100@sms.example.org/gateway' to='alice@example.org'><body>next</body></message>`)
	if r.counted("dropped", "own message") != 1 {
		t.Error("it is not counted")
	}
}

// TestSettingsOfTheSession: the bridge gets its own settings, with a new session
// when they change and with none when others do.
func TestSettingsOfTheSession(t *testing.T) {
	r := settable(t)
	send := func(id string) {
		r.Send(text(id, id))
		r.wantOnPhone(id)
	}
	opened := func(n int, want map[string]string) {
		t.Helper()
		all := r.bridge.Opened()
		if len(all) != n || !maps.Equal(all[n-1].Settings, want) || all[n-1].Self != number {
			t.Errorf("opened: %+v", all)
		}
	}
	send("one")
	opened(1, nil)
	r.says("", "settings signature=Ann replies=quote", "changed")
	send("two")
	opened(2, map[string]string{"signature": "Ann"})
	r.says("", "settings replies=plain", "changed")
	send("three")
	opened(2, map[string]string{"signature": "Ann"})
	t.Run("who began before the change gets the new ones", func(t *testing.T) {
		old, _, _ := r.g.accounts.find(t.Context(), alice)
		r.says("", "settings signature=Bea", "changed")
		_, release, err := r.g.sessions.use(t.Context(), old)
		if err != nil {
			t.Fatal(err)
		}
		release()
		opened(3, map[string]string{"signature": "Bea"})
	})
	t.Run("a value that no longer fits is none", func(t *testing.T) {
		acc := mapping.Account{ID: alice, Settings: map[string]string{"loud": "perhaps", "gone": "x", recordPrefix + "signature": "y", "gateway/replies": "odd"}}
		if a := r.g.account(acc); a.Settings != nil {
			t.Errorf("%v", a.Settings)
		}
	})
}

// TestSettingsAndRegistration: a change of the registration keeps them, its end
// does not (xeps.md 0100.13, .17).
func TestSettingsAndRegistration(t *testing.T) {
	s := newMemStore()
	r := start(t, s, withPassword())
	as := strings.NewReplacer(alice, bob)
	set := func(want string) {
		t.Helper()
		r.say(bob, "settings replies=quote")
		if got := r.answer(bob); got != want {
			t.Errorf("answered by %q", got)
		}
	}
	for _, name := range []string{"bob", "robert"} {
		r.say(bob, "register username="+name+" password=x")
		r.welcomed(bob)
		if name == "bob" {
			set("Your settings are changed.")
		}
	}
	acc, _, _ := s.Account(t.Context(), domain, bob)
	if !maps.Equal(acc.Settings, map[string]string{"gateway/replies": "quote", "registration/username": "robert"}) {
		t.Errorf("0100.13: %v", acc.Settings)
	}
	set("Nothing was changed.")
	r.leavesByChat(bob)
	r.answer(bob)
	for _, p := range farewells(domain, domain) {
		r.Receive(as.Replace(p))
	}
	set(errNotRegistered.Text)
	r.say(bob, "register username=bob password=x")
	r.welcomed(bob)
	if acc, _, _ = s.Account(t.Context(), domain, bob); len(acc.Settings) != 1 {
		t.Errorf("0100.17: %v", acc.Settings)
	}
}

func playSettings(r *theater) {
	r.receive(`<message type='chat' id='s' from='alice@example.org/x' to='`+domain+`'><body>settings replies=quote</body></message>`, true)
}

// endSettings: changed and told, or neither.
func endSettings(r *theater) {
	acc, _, _ := r.store.Account(r.w.t.Context(), domain, bridges.AccountID(alice))
	if set := acc.Settings["gateway/replies"] == "quote"; set != (r.saw("Your settings are changed.") == 1) || r.saw("Nothing was changed.") > 0 {
		r.w.t.Errorf("set: %v", set)
	}
}
