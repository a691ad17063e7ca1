package main_test

import (
	"slices"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// setsRoster is what a client says to its own roster.
func setsRoster(item string) string { return "<query xmlns='jabber:iq:roster'>" + item + "</query>" }

// relogs has a user go and come back, who then sees a contact.
func (u *user) relogs(gateway, jid string) {
	u.t.Helper()
	u.Do(map[string]any{"do": "presence", "type": "unavailable"})
	u.Wait("0100.24: the goodbye", presence(gateway, "unavailable"))
	u.Do(map[string]any{"do": "presence"})
	u.Wait("the contact", presence(jid, "available"))
}

// finds tells whether the prompt of a gateway knows a name.
func (u *user) finds(gateway, name, jid string) bool {
	u.t.Helper()
	e := u.iq("set", gateway, "<query xmlns='jabber:iq:gateway'><prompt>"+name+"</prompt></query>")
	return e.Type == "result" && strings.Contains(e.XML, jid)
}

// TestRosterByFunctions: a name that the user gave in the roster is one to find
// the contact by where the server lets us read it; what the user changes by the
// functions of the gateway changes the roster where the server lets us write.
func TestRosterByFunctions(t *testing.T) {
	lab.Each(t, func(t *testing.T, server string, privileged bool) {
		writes := server == "prosody" && privileged // ejabberd 23.01 refuses every set
		s := newScripted(t, lab.Servers[server](t, peer.Options{Unprivileged: !privileged}), bridgetest.New(bridgetest.SMS(), "+12025550199"))
		u := s.registered("alice")
		jid := "+" + phone + "@" + scriptedDomain
		u.befriend(jid)
		u.iq("set", "", setsRoster("<item jid='"+jid+"' name='Aunt Zoe'><group>Family</group></item>"))
		u.relogs(scriptedDomain, jid)
		if privileged {
			lab.Await(t, "0356.5: the name", func() bool { return u.finds(scriptedDomain, "aunt zoe", jid) })
		} else if u.finds(scriptedDomain, "aunt zoe", jid) {
			t.Error("0356.3: the roster was read")
		}
		u.Send(scriptedDomain, "a", "rename +"+phone+" Zora")
		if writes {
			u.Wait("0356.6: the new name", pushed(jid, "Zora", "Family"))
		}
		u.Send(scriptedDomain, "b", "contacts")
		u.Wait("the list", func(e peer.Event) bool { return of(e, scriptedDomain) && strings.Contains(e.Body, jid+" Zora") })
		u.Send(scriptedDomain, "c", "remove +"+phone)
		u.loses(jid, writes)
		none(t, "0356.7: a question", s.quiet(u), presence(jid, "subscribe"))
		u.befriend(jid)
		u.Send(scriptedDomain, "d", "unregister")
		u.Send(scriptedDomain, "e", "yes")
		u.loses(jid, writes)
	})
}

// loses waits for the end of a contact: out of the roster where the server lets
// us write, else without presence.
func (u *user) loses(jid string, writes bool) {
	u.t.Helper()
	if !writes {
		u.Wait("0100.38: the end", presence(jid, "unsubscribed"))
		return
	}
	u.Wait("0356.8, 0100.16: the removal", func(e peer.Event) bool {
		return e.Event == "push" && slices.ContainsFunc(e.Items, func(i peer.Item) bool { return i.JID == jid && i.Subscription == "remove" })
	})
}

// nameEvent tells whether a contact says that it has another name.
func nameEvent(jid, name string) func(peer.Event) bool {
	return func(e peer.Event) bool {
		return e.Event == "other" && e.Type == "headline" && e.From == jid &&
			strings.Contains(e.XML, `<nick xmlns="http://jabber.org/protocol/nick">`+name+"</nick>")
	}
}

// TestRosterFollowsList: who is new in the network's list, has another name
// there, or is gone from it, is so in the roster where the server lets us write.
// Elsewhere one who is new asks, and one who is gone ends both subscriptions.
func TestRosterFollowsList(t *testing.T) {
	lab.Each(t, func(t *testing.T, server string, privileged bool) {
		writes := server == "prosody" && privileged
		bridge := listed(0)
		s := newScripted(t, lab.Servers[server](t, peer.Options{Unprivileged: !privileged}), bridge)
		u := s.registered("alice")
		u.befriend(scriptedDomain)
		u.Do(map[string]any{"do": "features", "add": []string{"http://jabber.org/protocol/nick+notify", "urn:xmpp:avatar:metadata+notify"}})
		list := people(2)
		var seen []peer.Event
		for i, p := range list {
			jid := string(p.ID) + "@" + scriptedDomain
			bridge.SetContacts("alice@localhost", list[:i+1]...)
			s.deliver("alice", bridges.ContactChange{Person: p})
			wanted := map[string]func(peer.Event) bool{"the presence": presence(jid, "available"), "0084.1: the picture": anyPictureEvent(jid)}
			if writes {
				wanted["0356.6: the contact"] = pushed(jid, p.Name, "Friends")
			}
			seen = append(seen, u.gather(wanted)...)
		}
		jid := string(list[0].ID) + "@" + scriptedDomain
		list[0].Name = "Robert"
		bridge.SetContacts("alice@localhost", list...)
		for range 2 {
			s.deliver("alice", bridges.ContactChange{Person: list[0]})
		}
		wanted := map[string]func(peer.Event) bool{"0172.3: the event": nameEvent(jid, "Robert")}
		if writes {
			wanted["0172.3: the new name"] = pushed(jid, "Robert", "Friends")
		}
		seen = append(seen, u.gather(wanted)...)
		lab.Await(t, "found by it", func() bool { return u.finds(scriptedDomain, "robert", jid) })
		bridge.SetContacts("alice@localhost", list[1])
		s.deliver("alice", bridges.ContactChange{Person: list[0], Gone: true})
		u.loses(jid, writes)
		want := 2
		if writes {
			want = 0
		}
		if n := popUps(append(seen, s.quiet(u)...)); n != want {
			t.Errorf("0100.37: %d questions, want %d", n, want)
		}
	})
}

// TestGatewayTakenOut: who takes the gateway out of the roster stays registered,
// and hears of that once.
func TestGatewayTakenOut(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		bridge := bridgetest.New(bridgetest.SMS(), "+12025550199")
		s := newScripted(t, lab.Servers[server](t, peer.Options{}), bridge)
		u := s.registered("alice")
		u.befriend(scriptedDomain)
		u.iq("set", "", setsRoster("<item jid='"+scriptedDomain+"' subscription='remove'/>"))
		told := func(e peer.Event) bool {
			return e.Event == "message" && of(e, scriptedDomain) && strings.Contains(e.Body, "still registered") && strings.Contains(e.Body, "unregister")
		}
		u.Wait("0100.18: what that means", told)
		none(t, "0100.18: more", s.quiet(u), told)
		talkScripted(s, u, bridge, "after")
	})
}
