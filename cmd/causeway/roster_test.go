package main_test

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// popUps counts the questions of contacts, not of the gateway itself.
func popUps(events []peer.Event) (n int) {
	for _, e := range events {
		if e.Event == "presence" && e.Type == "subscribe" && strings.Contains(e.From, "@") {
			n++
		}
	}
	return n
}

// pushed tells whether a server pushes a contact with presence both ways.
func pushed(jid, name, group string) func(peer.Event) bool {
	return func(e peer.Event) bool {
		return e.Event == "push" && slices.ContainsFunc(e.Items, func(i peer.Item) bool {
			return i.JID == jid && i.Name == name && i.Subscription == "both" && slices.Equal(i.Groups, []string{group})
		})
	}
}

// TestRosterOfOrders: who adds a contact by chat is asked nothing where the
// server puts it into the roster, and exactly once where none does.
func TestRosterOfOrders(t *testing.T) {
	lab.Each(t, func(t *testing.T, server string, privileged bool) {
		s := newScripted(t, lab.Servers[server](t, peer.Options{Unprivileged: !privileged}), bridgetest.New(bridgetest.SMS(), "+12025550199"))
		u := s.registered("alice")
		jid := "+" + phone + "@" + scriptedDomain
		u.Send(scriptedDomain, "a", "add +"+phone)
		var seen []peer.Event
		if server == "prosody" && privileged { // ejabberd 23.01 refuses every set
			seen = u.gather(map[string]func(peer.Event) bool{
				"0356.5-6: the push": pushed(jid, "+"+phone, "SMS"), "its presence": presence(jid, "available"),
			})
		} else {
			seen = u.until("0172.1: the question", func(e peer.Event) bool {
				return presence(jid, "subscribe")(e) && strings.Contains(e.XML, "http://jabber.org/protocol/nick")
			})
			u.Do(map[string]any{"do": "presence", "to": jid, "type": "subscribed"})
		}
		seen = append(seen, s.quiet(u)...)
		want := 1
		if server == "prosody" && privileged {
			want = 0
		}
		if n := popUps(seen); n != want {
			t.Errorf("%d questions, want %d", n, want)
		}
		u.Send(scriptedDomain, "b", "add +"+phone)
		if n := popUps(s.quiet(u)); n != 0 {
			t.Errorf("0100.37: %d questions about a contact that is there", n)
		}
	})
}

// TestRosterOfClients: who adds a contact by the roster is asked nothing where
// the server completes it there, with a group, and exactly once where none does.
func TestRosterOfClients(t *testing.T) {
	lab.Each(t, func(t *testing.T, server string, privileged bool) {
		s := newScripted(t, lab.Servers[server](t, peer.Options{Unprivileged: !privileged}), bridgetest.New(bridgetest.SMS(), "+12025550199"))
		u := s.registered("alice")
		jid := "+" + phone + "@" + scriptedDomain
		u.Do(map[string]any{"do": "presence", "to": jid, "type": "subscribe"})
		var seen []peer.Event
		want := 1
		if server == "prosody" && privileged { // ejabberd 23.01 refuses every set
			want = 0
			seen = u.until("0356.5-6: the push", pushed(jid, "+"+phone, "SMS"))
		} else {
			seen = u.until("0100.27: the question", presence(jid, "subscribe"))
			u.Do(map[string]any{"do": "presence", "to": jid, "type": "subscribed"})
		}
		if n := popUps(append(seen, s.quiet(u)...)); n != want {
			t.Errorf("%d questions, want %d", n, want)
		}
		u.relogs(scriptedDomain, jid)
		if n := popUps(s.quiet(u)); n != 0 {
			t.Errorf("0100.37: %d questions at the next log-in", n)
		}
	})
}

// quiet returns what comes before the answer to an order, which comes behind
// all that the gateway does at once.
func (s *scripted) quiet(u *user) []peer.Event {
	s.t.Helper()
	u.Send(scriptedDomain, rand.Text(), "status")
	return u.until("the status", func(e peer.Event) bool {
		return e.Event == "message" && of(e, scriptedDomain) && strings.HasPrefix(e.Body, "Connected as")
	})
}

// listed is a network on which alice has so many contacts.
func listed(contacts int) *bridgetest.Bridge {
	info := bridgetest.SMS()
	info.Can |= bridges.CanContacts
	b := bridgetest.New(info, "+12025550199")
	b.SetContacts("alice@localhost", people(contacts)...)
	return b
}

// people are so many people of one list.
func people(n int) (list []bridges.Person) {
	for i := range n {
		list = append(list, bridges.Person{
			ID: bridges.UserID(fmt.Sprintf("+12025551%03d", i)), Name: fmt.Sprintf("Person %d", i), Groups: []string{"Friends"},
		})
	}
	return list
}

// TestRosterOfList: 200 contacts of a network's list appear in the roster
// without a question where the server puts them there; else a few ask, and at
// the next start those others that have not.
func TestRosterOfList(t *testing.T) {
	const contacts, aLogin = 200, 20
	lab.Each(t, func(t *testing.T, server string, privileged bool) {
		bridge := listed(contacts)
		s := newScripted(t, lab.Servers[server](t, peer.Options{Unprivileged: !privileged}), bridge)
		u := s.registers("alice")
		if server == "prosody" && privileged {
			s.allPlaced(u, contacts)
			s.stop()
			s.start(listed(contacts))
			s.back(u)
			if n := popUps(s.quiet(u)); n != 0 {
				t.Errorf("0100.37: %d questions after the restart", n)
			}
			return
		}
		asked := map[string]bool{}
		s.someAsk(u, asked, aLogin)
		s.stop()
		s.start(listed(contacts))
		s.someAsk(u, asked, 2*aLogin)
		if n := popUps(s.quiet(u)); n != 0 {
			t.Errorf("0100.45: %d questions beyond the limit", n)
		}
	})
}

// back waits until a gateway that was started again shows itself.
func (s *scripted) back(u *user) {
	s.t.Helper()
	u.Wait("0100.40: the greeting", presence(scriptedDomain, "available"))
}

// allPlaced waits for all contacts in the roster, shown as available.
func (s *scripted) allPlaced(u *user, contacts int) {
	s.t.Helper()
	wanted := map[string]func(peer.Event) bool{}
	for i := range contacts {
		jid := fmt.Sprintf("+12025551%03d@%s", i, scriptedDomain)
		wanted["the push of "+jid] = pushed(jid, fmt.Sprintf("Person %d", i), "Friends")
		wanted["presence of "+jid] = presence(jid, "available")
	}
	seen := append(u.gather(wanted), s.quiet(u)...)
	if n := popUps(seen); n != 0 {
		s.t.Errorf("0356.5-6: %d questions", n)
	}
}

// someAsk waits until so many contacts have asked; none of them asks twice
// (xeps.md 0100.37). The user refuses every other one.
func (s *scripted) someAsk(u *user, asked map[string]bool, until int) {
	s.t.Helper()
	for len(asked) < until {
		e := u.Wait("0100.45: a question", func(e peer.Event) bool {
			return e.Event == "presence" && e.Type == "subscribe" && strings.Contains(e.From, "@")
		})
		if asked[e.From] {
			s.t.Errorf("%s asks twice", e.From)
		}
		asked[e.From] = true
		answer := "subscribed"
		if len(asked)%2 == 0 {
			answer = "unsubscribed"
		}
		u.Do(map[string]any{"do": "presence", "to": e.From, "type": answer})
	}
}

// TestRosterOfSuggestions: a client that takes suggestions gets those 200
// contacts, and is asked nothing, also after the next start; another client of
// the same user gets none (xeps.md 0144.1-4).
func TestRosterOfSuggestions(t *testing.T) {
	const contacts = 200
	each(t, func(t *testing.T, server string) {
		s := newScripted(t, lab.Servers[server](t, peer.Options{Unprivileged: true}), listed(contacts))
		old := &user{Client: lab.SlixmppAt(t, s.server, "alice", "old"), t: t}
		u := &user{Client: lab.SlixmppAt(t, s.server, "alice", "new"), t: t}
		u.Do(map[string]any{"do": "features", "add": []string{rosterx}})
		u.Wait("the features", func(e peer.Event) bool { return e.Event == "features" })
		u.Do(map[string]any{"do": "register", "to": scriptedDomain})
		suggested := map[string]bool{}
		seen := u.until("0144.1-3: the suggestions", func(e peer.Event) bool {
			for _, m := range suggestion.FindAllStringSubmatch(e.XML, -1) {
				if strings.Contains(e.XML, rosterx) {
					suggested[m[1]] = true
				}
			}
			return len(suggested) == contacts
		})
		s.stop()
		s.start(listed(contacts))
		s.back(u)
		for _, e := range append(seen, s.quiet(u)...) {
			if e.Event == "other" && strings.Contains(e.XML, rosterx) && strings.Count(e.XML, "<item ") > 150 {
				t.Errorf("0144.2: %s", e.XML)
			}
		}
		if n := popUps(append(seen, s.quiet(u)...)); n != 0 {
			t.Errorf("0144.3: %d questions", n)
		}
		for _, e := range s.quiet(old) {
			if popUps([]peer.Event{e}) > 0 || strings.Contains(e.XML, rosterx) {
				t.Errorf("0144.3: the other client got %+v", e)
			}
		}
	})
}

const rosterx = "http://jabber.org/protocol/rosterx"

var suggestion = regexp.MustCompile(`<item [^>]*jid="([^"]+)"`)
