package gateway

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component"
)

// presenting runs f in simulated time on a network with presence, where alice sees a
// contact.
func presenting(t *testing.T, f func(r *timeless)) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemStore()
		registered(s, alice, number)
		hasContacts(t, s, phone, "")
		info := bridgetest.SMS()
		info.Can |= bridges.CanPresence
		r := startTimeless(t, s, info)
		defer r.end()
		f(r)
	})
}

// presences returns the presence of the contact that was sent since the last call: what
// it is, and to whom.
func (r *timeless) presences() (all []string) {
	r.t.Helper()
	for _, xml := range r.drain() {
		o := mustParse(r.t, xml)
		if bare(o.From) != phoneJID || o.Type != "" && o.Type != "unavailable" {
			continue
		}
		said := []string{"available"}
		if o.Type != "" {
			said[0] = o.Type
		}
		for _, name := range []string{"show", "status"} {
			if e, ok := o.Child("", name); ok {
				said = append(said, e.Text())
			}
		}
		if to := resourceOf(o.To); to != "" {
			said = append(said, "to "+to)
		}
		all = append(all, strings.Join(said, " "))
	}
	return all
}

func (r *timeless) hears(show bridges.Show, status string) {
	r.bridge.Host().Hint(bridges.Delivery{Account: alice, Event: bridges.Presence{Person: phone, Show: show, Status: status}})
}

func (r *timeless) wants(what string, want ...string) {
	r.t.Helper()
	if got := r.presences(); !slices.Equal(got, want) {
		r.t.Errorf("%s: %q, not %q", what, got, want)
	}
}

// TestPresenceIn: a contact is as much there as the network says, to whom it is
// told and to who asks.
func TestPresenceIn(t *testing.T) {
	presenting(t, func(r *timeless) {
		r.hears(bridges.Away, "at lunch")
		r.wants("nobody is there to see it")
		r.receive(t, available(alice+"/x", domain))
		r.wants("0100.19 who comes is shown what is known", "available away at lunch")
		r.hears(bridges.Away, "at lunch")
		r.wants("never repeated")
		r.hears(bridges.Busy, "\u202e")
		r.wants("busy, with hostile words", "available dnd")
		r.hears(bridges.Unavailable, "bye")
		r.wants("0100.24 gone", "unavailable bye")
		r.receive(t, presence("probe", alice+"/x", phoneJID))
		r.wants("a probe of who is gone", "unavailable bye to x")
		r.receive(t, available(alice+"/y", domain))
		r.wants("another resource asks by itself")
		r.receive(t, presence("unavailable", alice+"/x", domain))
		r.receive(t, presence("unavailable", alice+"/y", domain))
		r.hears(bridges.Available, "")
		r.drain()
		r.receive(t, available(alice+"/x", domain))
		r.wants("0100.19 comes back", "available")
		r.bridge.Host().Hint(bridges.Delivery{Account: alice, Event: bridges.Presence{Person: "+12025550177", Show: bridges.Unavailable}})
		for _, xml := range r.drain() {
			t.Errorf("of whom alice does not see: %s", xml)
		}
	})
}

// TestPresenceFirst: of whom nothing was known was shown as available.
func TestPresenceFirst(t *testing.T) {
	presenting(t, func(r *timeless) {
		r.receive(t, available(alice+"/x", domain))
		r.wants("nothing is known", "available")
		r.hears(bridges.Available, "")
		r.wants("no news")
		r.hears(bridges.Available, "hi")
		r.wants("news", "available hi")
	})
}

// told returns what the network was told of alice.
func (r *timeless) told() (all []string) {
	synctest.Wait()
	names := map[bridges.Show]string{bridges.Available: "here", bridges.Away: "away", bridges.Busy: "busy", bridges.Unavailable: "gone"}
	for len(r.bridge.Presences()) > 0 {
		p := <-r.bridge.Presences()
		if p.Account.ID != alice || p.Account.Self != number {
			r.t.Errorf("of %+v", p.Account)
		}
		all = append(all, strings.TrimSpace(names[p.Show]+" "+p.Status))
	}
	return all
}

func (r *timeless) tells(what string, want ...string) {
	r.t.Helper()
	if got := r.told(); !slices.Equal(got, want) {
		r.t.Errorf("%s: the network was told %q, not %q", what, got, want)
	}
}

// TestPresenceOut: the network is told how much a user is there with all resources,
// when that changes.
func TestPresenceOut(t *testing.T) {
	presenting(t, func(r *timeless) {
		is := func(resource, inside string) {
			r.receive(t, fmt.Sprintf(`<presence from='alice@example.org/%s' to='sms.example.org'>%s</presence>`, resource, inside))
		}
		gone := func(resource string) { r.receive(t, presence("unavailable", alice+"/"+resource, domain)) }
		r.tells("before")
		is("x", `<show>away</show><status>at lunch</status>`)
		r.tells("0100.19 comes", "away at lunch")
		is("x", `<show>away</show><status>at lunch</status>`)
		r.tells("never repeated")
		is("y", `<show>dnd</show><priority>-1</priority>`)
		r.tells("the busy one is there", "busy")
		is("z", `<show>chat</show><priority>1</priority><status>hi</status>`)
		r.tells("one is available", "here hi")
		is("y", "")
		r.tells("of two alike the higher priority")
		gone("z")
		r.tells("0100.24 not the last", "here")
		gone("y")
		r.tells("0100.24 one is left", "away at lunch")
		gone("x")
		r.tells("0100.24 the last", "gone")
		gone("x")
		r.tells("gone already")
		is("x", `<show>xa</show>`)
		r.tells("0100.19 comes back", "away")
		r.receive(t, `<iq type='set' id='u' from='alice@example.org/x' to='`+domain+`'><query xmlns='jabber:iq:register'><remove/></query></iq>`)
		r.tells("0100.15 has left", "gone")
		is("x", "")
		r.tells("a stranger")
	})
}

// TestPresenceAfterOutage: who does not show up after the link was down is gone; in
// between nobody is.
func TestPresenceAfterOutage(t *testing.T) {
	presenting(t, func(r *timeless) {
		for _, shows := range []bool{true, false} {
			r.receive(t, available(alice+"/x", domain))
			r.told()
			r.g.Down(component.ErrDown)
			r.tells("the link is down")
			r.g.Up(true)
			if shows {
				r.receive(t, available(alice+"/x", domain))
			}
			time.Sleep(greetDelay + answerTime + time.Second)
			if shows {
				r.tells("still there")
			} else {
				r.tells("not there any more", "gone")
			}
		}
	})
}

// TestProbe: who is about to be shown is asked about where nothing was heard for long,
// and never else.
func TestProbe(t *testing.T) {
	presenting(t, func(r *timeless) {
		asked := 0
		says := func(p bridges.Presence, err error) {
			r.bridge.OnProbe(func(person bridges.UserID) (bridges.Presence, error) {
				if asked++; person != phone {
					r.t.Errorf("%s was asked about", person)
				}
				return p, err
			})
		}
		is := func(what string, n int, want ...string) {
			r.t.Helper()
			r.wants(what, want...)
			if asked != n {
				r.t.Errorf("%s: asked %d times, not %d", what, asked, n)
			}
			asked = 0
		}
		comes := func() { r.receive(t, available(alice+"/x", domain)) }
		goes := func() { r.receive(t, presence("unavailable", alice+"/x", domain)) }
		says(bridges.Presence{Person: phone, Show: bridges.Away, Status: "at lunch"}, nil)
		is("nobody is there to see it", 0)
		comes()
		is("0100.19 after a start", 1, "available", "available away at lunch")
		goes()
		comes()
		is("known", 0, "available away at lunch")
		r.hears(bridges.Unavailable, "")
		is("it has gone", 0, "unavailable")
		says(bridges.Presence{}, nil)
		time.Sleep(presenceAge)
		r.receive(t, presence("probe", alice+"/x", phoneJID))
		is("the network tells no more", 1, "unavailable to x")
		r.receive(t, presence("probe", alice+"/x", phoneJID))
		is("that is known", 0, "unavailable to x")
		time.Sleep(presenceAge)
		says(bridges.Presence{}, &bridges.Error{Kind: bridges.Temporary, Text: "Away."})
		r.receive(t, presence("probe", alice+"/x", phoneJID))
		is("the network is away", 1, "unavailable to x")
		says(bridges.Presence{Person: phone, Show: bridges.Busy}, nil)
		r.g.Ready()
		is("it is back", 1, "available dnd")
		r.g.Ready()
		is("back again", 0)
		time.Sleep(presenceAge)
		says(bridges.Presence{}, &bridges.Error{Kind: bridges.NotFound, Text: "Nobody."})
		r.receive(t, presence("probe", alice+"/x", phoneJID))
		is("there is nobody", 1, "available dnd to x")
		r.receive(t, presence("probe", alice+"/x", phoneJID))
		is("that is known, too", 0, "available dnd to x")
	})
}

// Who is about to be shown while many wait is asked about after them, also when the
// network was away.
func TestProbeMany(t *testing.T) {
	presenting(t, func(r *timeless) {
		show, release := bridges.Away, make(chan struct{})
		answers := func(err error) {
			r.bridge.OnProbe(func(person bridges.UserID) (bridges.Presence, error) {
				<-release
				if person != phone { // no news, or the user could have more of it than may wait
					return bridges.Presence{Person: person, Show: bridges.Available}, err
				}
				return bridges.Presence{Person: person, Show: show}, err
			})
		}
		crowd := func() {
			for i := range probeQueue/8 + probers {
				r.g.probeLater(whose{alice, fmt.Sprintf("+1202555%05d", i)}, time.Time{})
			}
		}
		answers(nil)
		crowd()
		r.receive(t, available(alice+"/x", domain))
		r.wants("many wait", "available")
		close(release)
		r.wants("all were asked about", "available away")
		if n := r.dropped("too many probes"); n != 0 || len(r.g.presences.queue) != 0 {
			t.Errorf("%d were dropped, %d are late", n, len(r.g.presences.queue))
		}
		time.Sleep(presenceAge)
		show = bridges.Busy
		answers(&bridges.Error{Kind: bridges.Temporary, Text: "Away."})
		crowd()
		r.receive(t, presence("probe", alice+"/x", phoneJID))
		r.wants("the network is away", "available away to x")
		answers(nil)
		r.g.Ready()
		r.wants("it is back", "available dnd")
	})
}

// TestProbeLate: what the network says by itself is newer than its answer.
func TestProbeLate(t *testing.T) {
	presenting(t, func(r *timeless) {
		r.bridge.OnProbe(func(bridges.UserID) (bridges.Presence, error) {
			time.Sleep(time.Second)
			r.hears(bridges.Busy, "")
			return bridges.Presence{Person: phone, Show: bridges.Away}, nil
		})
		r.receive(t, available(alice+"/x", domain))
		time.Sleep(2 * time.Second)
		r.wants("news", "available", "available dnd")
	})
}

// TestProbeAdded: the presence of a new contact comes soon.
func TestProbeAdded(t *testing.T) {
	presenting(t, func(r *timeless) {
		r.bridge.OnProbe(func(person bridges.UserID) (bridges.Presence, error) {
			return bridges.Presence{Person: person, Show: bridges.Away}, nil
		})
		r.receive(t, available(alice+"/x", domain))
		r.drain()
		r.receive(t, presence("subscribe", alice, "+12025550177@"+domain))
		away := 0
		for _, xml := range r.drain() {
			if strings.Contains(xml, "+12025550177@"+domain+"/") && strings.Contains(xml, "<show>away</show>") {
				away++
			}
		}
		if away != 1 {
			t.Errorf("the new contact is shown away %d times", away)
		}
	})
}
