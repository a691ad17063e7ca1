package gateway

import (
	"strings"
	"testing"
	"time"

	"causeway/bridges"
)

const nsCommands = "http://jabber.org/protocol/commands"

func commandXML(node, attrs, inside string) string {
	return `<command xmlns='` + nsCommands + `' node='` + node + `' ` + attrs + `>` + inside + `</command>`
}

// refusedStep is the pattern of a refused step.
func refusedStep(id, typ, condition, special string) string {
	s := ""
	if special != "" {
		s = `<` + special + ` xmlns='` + nsCommands + `'/>`
	}
	return toBob("error", id, `<error type='`+typ+`'><`+condition+` xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text>`+s+`</error>`)
}

func (r *rig) commandNodes(user string) (nodes []string) {
	r.t.Helper()
	r.Send(strings.ReplaceAll(fromBob("get", "l", `<query xmlns='http://jabber.org/protocol/disco#items' node='`+nsCommands+`'/>`), bob, user))
	n := r.Receive(strings.ReplaceAll(toBob("result", "l", `<query xmlns='http://jabber.org/protocol/disco#items' node='`+nsCommands+`'><any/></query>`), bob, user))
	for _, c := range n.Children[0].Children {
		nodes = append(nodes, c.Attr["node"])
	}
	return nodes
}

func TestCommandsOffered(t *testing.T) {
	r := newRig(t)
	for user, want := range map[string]string{bob: "jabber:iq:register status", alice: "jabber:iq:register status contacts add rename remove block unblock preferences unregister", "eve@elsewhere.example": ""} {
		t.Run("0050.1 "+user, func(t *testing.T) {
			if want == "" { // an empty list
				r.Send(strings.ReplaceAll(fromBob("get", "l", `<query xmlns='http://jabber.org/protocol/disco#items' node='`+nsCommands+`'/>`), bob, user))
				r.Receive(strings.ReplaceAll(toBob("result", "l", `<query xmlns='http://jabber.org/protocol/disco#items' node='`+nsCommands+`'/>`), bob, user))
				return
			}
			if got := strings.Join(r.commandNodes(user), " "); got != want {
				t.Errorf("offered: %s", got)
			}
		})
	}
	t.Run("0050.2 info", func(t *testing.T) {
		info := `<query xmlns='http://jabber.org/protocol/disco#info' node='status'`
		n := r.ask(domain, info+`/>`, info+`><any/></query>`).Children[0]
		if a := n.Children[0].Attr; a["category"] != "automation" || a["type"] != "command-node" {
			t.Errorf("identity %v", a)
		}
		r.Send(fromBob("get", "f", `<query xmlns='http://jabber.org/protocol/disco#info' node='unregister'/>`))
		r.Receive(iqError("f", "auth", "forbidden"))
	})
	t.Run("0050.6 unknown node", func(t *testing.T) {
		r.Send(fromBob("set", "n", commandXML("odd", "action='execute'", "")))
		r.Receive(iqError("n", "cancel", "item-not-found"))
	})
	t.Run("not offered", func(t *testing.T) {
		r.Send(fromBob("set", "n", commandXML("unregister", "", "")))
		r.Receive(iqError("n", "auth", "forbidden"))
	})
	t.Run("0050.3 at once", func(t *testing.T) {
		r.Send(fromBob("set", "n", commandXML("status", "", "")))
		r.Receive(toBob("result", "n", commandXML("status", "sessionid='*' status='completed'", `<note type='info'>*</note>`)))
	})
}

// begun opens the registration of bob and returns its session.
func (r *rig) begun() string {
	r.t.Helper()
	r.Send(fromBob("set", "b", commandXML("jabber:iq:register", "action='execute'", "")))
	n := r.Receive(toBob("result", "b", commandXML("jabber:iq:register", "sessionid='*' status='executing'",
		`<actions execute='complete'><complete/></actions><x xmlns='jabber:x:data' type='form'><any/></x>`))) // 0050.3-4
	return n.Children[0].Attr["sessionid"]
}

func step2(session, action, inside string) string {
	return fromBob("set", "s", commandXML("jabber:iq:register", "sessionid='"+session+"' action='"+action+"'", inside))
}

const filledIn = `<x xmlns='jabber:x:data' type='submit'><field var='username'><value>bob</value></field><field var='password'><value>`

func TestCommandStages(t *testing.T) {
	r := start(t, newMemStore(), withPassword())
	expired := refusedStep("s", "cancel", "not-allowed", "session-expired")
	t.Run("0050.5 cancel", func(t *testing.T) {
		s := r.begun()
		r.Send(step2(s, "cancel", ""))
		r.Receive(toBob("result", "s", commandXML("jabber:iq:register", "sessionid='"+s+"' status='canceled'", "")))
		r.Send(step2(s, "complete", filledIn+`x</value></field></x>`))
		r.Receive(expired)
	})
	t.Run("0050.6 actions", func(t *testing.T) {
		s := r.begun()
		r.Send(step2(s, "prev", ""))
		r.Receive(refusedStep("s", "modify", "bad-request", "bad-action"))
		r.Send(step2(s, "odd", ""))
		r.Receive(refusedStep("s", "modify", "bad-request", "malformed-action"))
	})
	t.Run("0050.8 another's session", func(t *testing.T) {
		s := r.begun()
		swap := strings.NewReplacer("bob@example.org/x", "alice@example.org/x")
		r.Send(swap.Replace(step2(s, "complete", filledIn+`x</value></field></x>`)))
		r.Receive(swap.Replace(refusedStep("s", "modify", "bad-request", "bad-sessionid")))
	})
	t.Run("0050.9 sessions expire", func(t *testing.T) {
		s := r.begun()
		r.g.commands.expire(time.Now().Add(commandTime + time.Second))
		r.Send(step2(s, "complete", filledIn+`right</value></field></x>`))
		r.Receive(expired)
	})
	t.Run("registers", func(t *testing.T) {
		s := r.begun()
		r.Send(step2(s, "complete", filledIn+`right</value></field></x>`))
		r.Receive(toBob("result", "s", commandXML("jabber:iq:register", "sessionid='"+s+"' status='completed'", `<note type='info'>*</note>`)))
		r.welcomed(bob)
	})
}

func TestCommandFailures(t *testing.T) {
	r := start(t, newMemStore(), withPassword())
	t.Run("0050.6 no form", func(t *testing.T) {
		r.Send(step2(r.begun(), "complete", ""))
		r.Receive(refusedStep("s", "modify", "bad-request", "bad-payload"))
	})
	t.Run("0122.4 what does not fit comes again", func(t *testing.T) {
		s := r.begun()
		r.Send(step2(s, "complete", filledIn+`wrong</value></field></x>`))
		n := r.Receive(toBob("result", "s", commandXML("jabber:iq:register", "sessionid='"+s+"' status='executing'",
			`<actions execute='complete'><complete/></actions><x xmlns='jabber:x:data' type='form'><any/></x><note type='error'>*</note>`)))
		if text := n.String(); !strings.Contains(text, "<value>bob</value>") || strings.Contains(text, "wrong<") {
			t.Errorf("the form is %s", text)
		}
		why := n.Children[0].Children[2].Text
		if again := n.Children[0].Children[1].String(); why == "" || !strings.Contains(again, ">"+why) {
			t.Errorf("the form does not say %q: %s", why, again)
		}
		r.Send(step2(s, "cancel", ""))
		r.Next()
	})
	t.Run("0050.7 failure is a note", func(t *testing.T) {
		r.bridge.OnEnroll(func(bridges.Registration) (*bridges.Ask, error) {
			return nil, &bridges.Error{Kind: bridges.Quota, Text: "No number is free."}
		})
		defer r.bridge.OnEnroll(nil)
		s := r.begun()
		r.Send(step2(s, "complete", filledIn+`right</value></field></x>`))
		r.Receive(toBob("result", "s", commandXML("jabber:iq:register", "sessionid='"+s+"' status='completed'", `<note type='error'>No number is free.</note>`)))
		r.Send(step2(s, "complete", filledIn+`right</value></field></x>`))
		r.Receive(refusedStep("s", "cancel", "not-allowed", "session-expired"))
	})
}

func TestCommandUnregisters(t *testing.T) {
	r := newRig(t)
	fromAlice := strings.NewReplacer("bob@example.org", alice)
	r.Send(fromAlice.Replace(fromBob("set", "u", commandXML("unregister", "", ""))))
	n := r.Receive(fromAlice.Replace(toBob("result", "u", commandXML("unregister", "sessionid='*' status='executing'", `<any/>`))))
	s := n.Children[0].Attr["sessionid"]
	r.Send(fromAlice.Replace(fromBob("set", "v", commandXML("unregister", "sessionid='"+s+"'", `<x xmlns='jabber:x:data' type='submit'/>`))))
	r.Receive(fromAlice.Replace(toBob("result", "v", commandXML("unregister", "sessionid='"+s+"' status='completed'", `<note type='info'>*</note>`))))
	for _, p := range farewells(domain, domain) {
		r.Receive(p)
	}
}
