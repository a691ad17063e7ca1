package main_test

import (
	"strconv"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// door is one of the ways to the registration: jabber:iq:register, commands,
// the chat.
type door struct {
	name     string
	register func(v *visitor, as string)
	remove   func(v *visitor)
}

var doors = []door{
	{"iq", (*visitor).registerByIQ, (*visitor).removeByIQ},
	{"command", (*visitor).registerByCommand, (*visitor).removeByCommand},
	{"chat", (*visitor).registerByChat, (*visitor).removeByChat},
}

// visitor is a user at the doors of a scripted network, which wants a name and a
// password, and then a code.
type visitor struct {
	*user
	said int
}

func twoStages() *bridgetest.Bridge {
	info := bridgetest.SMS()
	info.Fields = []bridges.Field{
		{Name: "username", Label: "User name", Required: true},
		{Name: "password", Label: "Password", Required: true, Kind: bridges.Secret},
	}
	b := bridgetest.New(info, "+12025550199", "+12025550198", "+12025550197")
	b.OnEnroll(func(r bridges.Registration) (*bridges.Ask, error) {
		switch r.Fields["code"] {
		case "":
			return &bridges.Ask{Instructions: "A code was sent.", Fields: []bridges.Field{{Name: "code", Label: "Code", Required: true}}}, nil
		case "1234":
			return nil, nil
		}
		return nil, &bridges.Error{Kind: bridges.Forbidden, Text: "The code is wrong."}
	})
	return b
}

// TestDoors (xeps.md 0050.10, 0100.13, .15): who registers by one door changes it by another and leaves by the
// third.
func TestDoors(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		names := []string{"ann", "ben", "cat"}
		s := newScripted(t, lab.Servers[server](t, peer.Options{Users: names}), twoStages())
		for i, name := range names {
			first, second, third := doors[i], doors[(i+1)%3], doors[(i+2)%3]
			t.Run(first.name+" "+second.name+" "+third.name, func(t *testing.T) {
				v := &visitor{user: &user{Client: lab.Slixmpp(t, s.server, name), t: t}}
				v.record("")
				first.register(v, name)
				v.record(name)
				second.register(v, name+"2")
				v.record(name + "2")
				third.remove(v)
				v.record("")
			})
		}
	})
}

// record wants the data on record to have a user name; none: not registered
// (xeps.md 0077.2-3, 0100.12, .17).
func (v *visitor) record(username string) {
	v.t.Helper()
	v.Do(map[string]any{"do": "register", "to": scriptedDomain, "type": "get"})
	e := v.Wait("the form", answer)
	if e.Registered != (username != "") || username != "" && !strings.Contains(e.XML, ">"+username+"<") || strings.Contains(e.XML, "hunter2") {
		v.t.Errorf("on record is not %q: %+v", username, e)
	}
}

// say writes to the gateway, and wants an answer with that text.
func (v *visitor) say(text, want string) {
	v.t.Helper()
	v.said++
	v.Send(scriptedDomain, strconv.Itoa(v.said), text)
	v.hears(want)
}

func words(e peer.Event) bool { return e.Event == "message" && e.From == scriptedDomain }

func (v *visitor) hears(want string) {
	v.t.Helper()
	if e := v.Wait("words of the gateway", words); !strings.Contains(e.Body, want) {
		v.t.Errorf("%q does not say %q", e.Body, want)
	}
}

// answeredAndTold wants the answer to a request, which it returns, and that text
// in the chat. The client may tell of them in any order.
func (v *visitor) answeredAndTold(want string) (result peer.Event) {
	v.t.Helper()
	told := false
	for _, e := range v.gather(map[string]func(peer.Event) bool{"the answer": answer, "words": words}) {
		if answer(e) {
			result = e
		}
		told = told || words(e) && strings.Contains(e.Body, want)
	}
	if !told {
		v.t.Errorf("the gateway does not say %q", want)
	}
	return result
}

// xeps.md 0077.8: it goes on in the chat.
func (v *visitor) registerByIQ(as string) {
	v.t.Helper()
	v.Do(map[string]any{"do": "register", "to": scriptedDomain, "fields": map[string]string{"username": as, "password": "hunter2"}})
	if e := v.answeredAndTold("A code was sent. Code?"); e.Condition != "not-acceptable" || !strings.Contains(e.Text, "in the chat") {
		v.t.Errorf("0077.8: %+v", e)
	}
	v.say("1", "The code is wrong.")
	v.say("1234", "Welcome")
}

func (v *visitor) removeByIQ() {
	v.t.Helper()
	v.Do(map[string]any{"do": "register", "to": scriptedDomain, "remove": true})
	if e := v.Wait("the answer", answer); e.Type != "result" {
		v.t.Errorf("0100.15: %+v", e)
	}
}

func (v *visitor) doStep(node, session, action string, fields map[string]string) {
	v.t.Helper()
	v.Do(map[string]any{"do": "command", "to": scriptedDomain, "node": node, "session": session, "action": action, "fields": fields})
}

// step takes a step of a command, and wants an answer with that status.
func (v *visitor) step(node, session, action, status string, fields map[string]string) peer.Event {
	v.t.Helper()
	v.doStep(node, session, action, fields)
	e := v.Wait("the answer of "+node, answer)
	if e.Status != status {
		v.t.Errorf("%s %s: the status is not %s: %+v", node, action, status, e)
	}
	return e
}

// xeps.md 0050.3-5, 0122.4: there and back.
func (v *visitor) registerByCommand(as string) {
	v.t.Helper()
	const node = "jabber:iq:register"
	session := v.step(node, "", "execute", "executing", nil).Session
	who := map[string]string{"username": as, "password": "hunter2"}
	v.step(node, session, "complete", "executing", who)
	if e := v.step(node, session, "prev", "executing", nil); !strings.Contains(e.XML, ">"+as+"<") || strings.Contains(e.XML, "hunter2") {
		v.t.Errorf("0050.5: %+v", e)
	}
	v.step(node, session, "complete", "executing", who)
	if e := v.step(node, session, "complete", "executing", map[string]string{"code": "1"}); !strings.Contains(e.Body, "The code is wrong.") {
		v.t.Errorf("0122.4: %+v", e)
	}
	v.doStep(node, session, "complete", map[string]string{"code": "1234"})
	if e := v.answeredAndTold("Welcome"); e.Status != "completed" {
		v.t.Errorf("0050.3: %+v", e)
	}
}

func (v *visitor) removeByCommand() {
	v.t.Helper()
	session := v.step("unregister", "", "execute", "executing", nil).Session
	v.step("unregister", session, "cancel", "canceled", nil)
	session = v.step("unregister", "", "execute", "executing", nil).Session
	v.step("unregister", session, "complete", "completed", nil)
}

// xeps.md 0050.10.
func (v *visitor) registerByChat(as string) {
	v.t.Helper()
	v.say("register", "User name?")
	v.say(as, "Password?")
	v.say("hunter2", "A code was sent. Code?")
	v.say("cancel", "Nothing was changed.")
	v.say("register username="+as+" password=hunter2", "A code was sent. Code?")
	v.say("1234", "Welcome")
}

func (v *visitor) removeByChat() {
	v.t.Helper()
	v.say("unregister", "Write yes to go on")
	v.say("yes", "no longer registered")
}
