package gateway

import (
	"strings"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

// withCode is a network that wants a colour, and in a second stage a code.
func withCode(r *rig) {
	r.bridge.OnEnroll(func(x bridges.Registration) (*bridges.Ask, error) {
		switch x.Fields["code"] {
		case "":
			return &bridges.Ask{Instructions: "A code was sent.", Fields: []bridges.Field{{Name: "code", Label: "Code", Kind: bridges.Number, Required: true}}}, nil
		case "1234":
			return nil, nil
		}
		return nil, &bridges.Error{Kind: bridges.Forbidden, Text: "The code is wrong."}
	})
}

func colourful() bridges.Info {
	i := bridgetest.SMS()
	i.Instructions = "Choose."
	i.Fields = []bridges.Field{
		{Name: "username", Label: "User name", Required: true, Pattern: "[a-z]+", Help: "Small letters."},
		{Name: "password", Label: "Password", Required: true, Kind: bridges.Secret},
		{Name: "colour", Label: "Colour", Kind: bridges.Choice, Options: []bridges.Option{{Value: "r", Label: "Red"}, {Value: "g", Label: "Green"}}},
		{Name: "loud", Label: "Loud", Kind: bridges.Bool, Default: "true"},
	}
	return i
}

type exchange struct{ name, say, want string }

// converses wants the gateway to answer bob so, each time with that beginning.
func (r *rig) converses(es []exchange) {
	r.t.Helper()
	for _, e := range es {
		r.say(bob, e.say)
		if got := r.answer(bob); !strings.HasPrefix(got, e.want) {
			r.t.Errorf("%s: %q was answered by %q", e.name, e.say, got)
		}
	}
}

func TestDialogue(t *testing.T) {
	r := start(t, newMemStore(), colourful())
	withCode(r)
	r.converses([]exchange{
		{"0050.10 begins", "register", "Choose. User name (Small letters)? Write cancel to stop."},
		{"0122.4 does not fit", "BOB", "User name: Small letters. Choose. User name (Small letters)?"},
		{"first", "bob", "Password?"},
		{"cancelled", "Cancel", "Nothing was changed."},
		{"no dialogue any more", "cancel", "There is nothing to stop."},
		{"some at once", "register username=bob", "Password?"},
		{"cancelled", "cancel", "Nothing was changed."},
		{"a stage at once", "register password=x username=bob", "A code was sent. Code?"},
		{"cancelled", "cancel", "Nothing was changed."},
		{"some at once", "register username=bob", "Password?"},
		{"a word of ours is no answer", "help", "Write one of these words to me: register"},
		{"but with others", "help me", "Colour, one of: r = Red, g = Green? Write cancel to stop, - to leave it out."},
		{"no choice", "blue", "Colour: this value does not fit. Colour"},
		{"left out", "-", "Loud, one of: true, false? Write cancel to stop, - for true."},
		{"the default", "-", "A code was sent. Code?"},
		{"no number", "abc", "Code: this value does not fit. A code was sent. Code?"},
		{"0100.5 refused, asked again", "1", "The code is wrong. A code was sent. Code?"},
	})
	if _, ok, _ := r.store.Account(t.Context(), domain, bob); ok {
		t.Error("an account is stored")
	}
	r.say(bob, "1234")
	r.welcomed(bob)
	acc, _, _ := r.store.Account(t.Context(), domain, bob)
	for name, want := range map[string]string{"username": "bob", "password": "", "colour": "", "loud": "true", "code": ""} {
		if got := acc.Settings[recordPrefix+name]; got != want {
			t.Errorf("0100.12: on record is %s=%q", name, got)
		}
	}
	r.converses([]exchange{
		{"0100.13 changes", "register", "Choose. User name (Small letters)? Write cancel to stop, - for bob."},
		{"as it was", "-", "Password?"},
		{"never as it was", "-", "Please fill in: Password. Password?"},
	})
}

// A word of ours, alone, ends an open question, and is obeyed: nobody means it as
// a name. Help leaves the question open.
func TestWordsOfOursAreNoAnswers(t *testing.T) {
	r := newRig(t)
	has(r, phone+" Zoe")
	const asks = "What shall " + phoneJID + " be called?"
	r.reads([]exchange{
		{"begins", "rename Zoe", asks},
		{"another word", "status", "The question about rename is dropped. Connected as"},
		{"it is over", "cancel", "There is nothing to stop."},
		{"begins", "rename Zoe", asks},
		{"another dialogue", "Remove", "The question about rename is dropped. Whom do you want to remove?"},
		{"not for her", "register", "The question about remove is dropped. You are registered already"},
		{"begins", "rename Zoe", asks},
		{"what it means", "status?", "status: what is going on. " + asks},
		{"the words", "help", "Write one of these words to me: "},
		{"still open", "Zora", phoneJID + " is now called Zora."},
		{"in one line", "rename Zora status", phoneJID + " is now called status."},
	})
}

// TestOrdersAreNoAnswers: an order of several words that does not fit as an answer
// is obeyed, and one that fits is the answer.
func TestOrdersAreNoAnswers(t *testing.T) {
	r := newRig(t)
	has(r, phone+" Zoe", "+12025550101 Adam")
	r.reads([]exchange{
		{"begins", "settings", "These are your settings. Corrections"},
		{"on", "-", "Replies"},
		{"the same one", "settings replies=quote", "The question about settings is dropped. "},
		{"it is over", "cancel", "There is nothing to stop."},
		{"begins", "remove", "Whom do you want to remove?"},
		{"the same one", "remove +12025550101", "The question about remove is dropped. +12025550101@sms.example.org is no longer among your contacts."},
		{"it is over", "cancel", "There is nothing to stop."},
		{"begins", "remove", "Whom do you want to remove?"},
		{"nobody", "Bob", "Bob is not among your contacts. Whom do you want to remove?"},
		{"another", "Rename Zoe Zora", "The question about remove is dropped. " + phoneJID + " is now called Zora."},
		{"begins", "unregister", "Your registration with"},
		{"asks for consent", "contacts please", "The question about unregister is dropped. "},
		{"begins", "rename Zora", "What shall"},
		{"0122.4 it fits", "remove Zora", phoneJID + " is now called remove Zora."},
	})
}

func TestDialoguesEnd(t *testing.T) {
	r := start(t, newMemStore(), colourful())
	r.converses([]exchange{{"begins", "register", "Choose. User name"}})
	r.g.dialogues.expire(time.Now().Add(dialogueTime + time.Second))
	r.converses([]exchange{{"0050.9 forgotten", "bob", "I do not understand that."}})
	d := newDialogues()
	for i := range dialoguesMax {
		d.put(bridges.AccountID(rune(i)), dialogue{}, time.Now())
	}
	if d.room("new") || !d.room(bridges.AccountID(rune(1))) {
		t.Error("the dialogues are not bounded")
	}
	if _, ok := d.find(bridges.AccountID(rune(1)), time.Now().Add(dialogueTime+time.Second)); ok {
		t.Error("found after its time")
	}
}

// A registration that begins by jabber:iq:register goes on in the chat, or by a
// command.
func TestStagesByEachDoor(t *testing.T) {
	r := start(t, newMemStore(), withPassword())
	withCode(r)
	t.Run("0077.8 by chat", func(t *testing.T) {
		r.Send(fromBob("set", "i", `<query xmlns='jabber:iq:register'><username>bob</username><password>x</password></query>`))
		r.Receive(iqError("i", "modify", "not-acceptable"))
		if got := r.answer(bob); !strings.HasPrefix(got, "A code was sent. Code?") {
			t.Errorf("the gateway asks %q", got)
		}
		r.say(bob, "1234")
		r.welcomed(bob)
		acc, _, _ := r.store.Account(t.Context(), domain, bob)
		if acc.Settings[recordPrefix+"username"] != "bob" {
			t.Errorf("on record is %v", acc.Settings)
		}
	})
	t.Run("0050.5 by command, back and forth", func(t *testing.T) {
		step := func(session, action, inside, status string) string {
			r.Send(step2(session, action, inside))
			return r.Receive(toBob("result", "s", commandXML("jabber:iq:register", "sessionid='"+session+"' status='"+status+"'", `<any/>`))).String()
		}
		session := r.begun()
		if x := step(session, "complete", filledIn+`x</value></field></x>`, "executing"); !strings.Contains(x, "var='code'") && !strings.Contains(x, `var="code"`) {
			t.Errorf("the second stage is %s", x)
		}
		if x := step(session, "prev", "", "executing"); !strings.Contains(x, "<value>bob</value>") {
			t.Errorf("the first stage is %s", x)
		}
		step(session, "complete", filledIn+`x</value></field></x>`, "executing")
		if x := step(session, "complete", fields("code", "1"), "executing"); !strings.Contains(x, "The code is wrong.") {
			t.Errorf("0122.4: %s", x)
		}
		step(session, "complete", fields("code", "1234"), "completed")
		r.welcomed(bob)
	})
	t.Run("a registration ends the dialogue", func(t *testing.T) {
		r.converses([]exchange{{"begins", "register", "User name?"}})
		r.Send(fromBob("set", "i", `<query xmlns='jabber:iq:register'><username>b</username><password>x</password><code>1234</code></query>`))
		r.Receive(toBob("result", "i", ""))
		r.welcomed(bob)
		r.converses([]exchange{{"it is over", "status", "Connected as"}})
	})
}
