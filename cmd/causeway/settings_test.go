package main_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// settable is a network with a setting of its own, where users have other
// programs, too.
func settable() *bridgetest.Bridge {
	info := bridgetest.SMS()
	info.Can |= bridges.CanOwnMessages
	b := bridgetest.New(info, "+12025550199")
	b.SetSettings([]bridges.Field{{Name: "signature", Label: "Signature", Pattern: "[A-Z].*", Help: "A capital letter first."}}, nil)
	return b
}

// TestSettings (xeps.md 0050.10-11, 0122.4): what a user sets by one door is shown
// at the other, has its effect, and outlives the gateway. The server grants
// nothing, so that own messages have a mark.
func TestSettings(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		bridge := settable()
		s := newScripted(t, lab.Servers[server](t, peer.Options{Unprivileged: true}), bridge)
		v := &visitor{user: &user{Client: lab.Slixmpp(t, s.server, "alice"), t: t}}
		v.Do(map[string]any{"do": "register", "to": scriptedDomain})
		v.answeredAndTold("Welcome")
		setByCommand(v)
		v.say("help", "settings (what you can choose)")
		v.say("settings", "Signature (A capital letter first)? Write cancel to stop, - for Ann.")
		v.say("bea", "Signature: A capital letter first.")
		v.say("Bea", "one of: mark = show it with a mark, drop = do not show it? Write cancel to stop, - for mark.")
		v.say("drop", "Corrections")
		v.say("-", "Replies")
		v.say("-", "Your settings are changed.")
		v.effects(s, bridge)
		s.stop()
		bridge = settable()
		s.start(bridge)
		v.effects(s, bridge)
		v.say("settings corrections=send own_messages=mark", "Your settings are changed.")
		v.corrects("sent")
		if got := nextSent(t, bridge); got.Text != "* sent" {
			t.Errorf("0308.3: the network got %+v", got)
		}
	})
}

func setByCommand(v *visitor) {
	v.t.Helper()
	const node = "preferences"
	e := v.step(node, "", "execute", "executing", nil)
	for _, name := range []string{"signature", "own_messages", "corrections", "replies"} {
		if !strings.Contains(e.XML, `"`+name+`"`) {
			v.t.Errorf("%s is not in the form: %s", name, e.XML)
		}
	}
	values := map[string]string{"signature": "ann", "own_messages": "mark", "corrections": "refuse", "replies": "quote"}
	if e := v.step(node, e.Session, "complete", "executing", values); !strings.Contains(e.Body, "A capital letter first.") || !strings.Contains(e.XML, ">ann<") {
		v.t.Errorf("0122.4: %+v", e)
	}
	values["signature"] = "Ann"
	if e := v.step(node, e.Session, "complete", "completed", values); !strings.Contains(e.Body, "Your settings are changed.") {
		v.t.Errorf("0050.5: %+v", e)
	}
	e = v.step(node, "", "execute", "executing", nil)
	for _, value := range []string{"Ann", "mark", "refuse", "quote"} {
		if !strings.Contains(e.XML, ">"+value+"</value></field>") && !strings.Contains(e.XML, ">"+value+"</value><option") {
			v.t.Errorf("%s is not offered: %s", value, e.XML)
		}
	}
	v.step(node, e.Session, "cancel", "canceled", nil)
}

// effects has a correction refused, a reply sent with its quote, a message of the
// user's from elsewhere not shown, and the network told the signature.
func (v *visitor) effects(s *scripted, bridge *bridgetest.Bridge) {
	v.t.Helper()
	who := "+" + phone + "@" + scriptedDomain
	v.corrects("refused")
	if e := v.Wait("0308.3: the refusal", failure("refused")); e.Condition != "not-acceptable" || !strings.Contains(e.Text, "By your settings") {
		v.t.Errorf("%+v", e)
	}
	v.said++ // a new one, not a repetition
	v.Do(map[string]any{"do": "raw", "xml": `<message type='chat' id='reply` + strconv.Itoa(v.said) + `' to='` + who + `'><body>&gt; when?` + "\n" + `at one</body>` +
		`<reply xmlns='urn:xmpp:reply:0' to='` + who + `' id='x'/><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='8'/></fallback></message>`})
	if got := nextSent(v.t, bridge); got.Text != "> when?\nat one" {
		v.t.Errorf("0461.5: the network got %+v", got)
	}
	opened := bridge.Opened()
	if last := opened[len(opened)-1]; last.Settings["signature"] != "Bea" || len(last.Settings) != 1 {
		v.t.Errorf("the session has %v", last.Settings)
	}
	s.deliver("alice", bridges.Message{Chat: "+" + phone, From: "+12025550199", Text: ownText})
	s.deliver("alice", bridges.Message{Chat: "+" + phone, From: "+" + phone, Text: "behind it"})
	none(v.t, "0280.3: what was not to be shown", v.until("the text behind it", message(who, "behind it")), func(e peer.Event) bool {
		return strings.Contains(e.Body, ownText)
	})
}

// corrects sends a correction.
func (v *visitor) corrects(id string) {
	v.Do(map[string]any{"do": "raw", "xml": `<message type='chat' id='` + id + `' to='+` + phone + "@" + scriptedDomain + `'><body>` + id +
		`</body><replace xmlns='urn:xmpp:message-correct:0' id='x'/></message>`})
}

// nextSent is the next text that a scripted network gets.
func nextSent(t testing.TB, bridge *bridgetest.Bridge) bridges.Message {
	t.Helper()
	select {
	case m := <-bridge.Sent():
		return m
	case <-time.After(patience):
		t.Fatal("no text came to the network")
	}
	return bridges.Message{}
}
