package gateway

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"causeway/bridges/bridgetest"
	"causeway/mapping"
)

// done returns with whom the network was told that alice is done since the last call;
// "end": with the network.
func (r *timeless) done() (all []string) {
	r.t.Helper()
	synctest.Wait()
	for len(r.bridge.Lefts()) > 0 {
		l := <-r.bridge.Lefts()
		if l.Account.ID != alice || l.Account.Self != number {
			r.t.Errorf("of %+v", l.Account)
		}
		if l.Person == "" {
			l.Person = "end"
		}
		all = append(all, string(l.Person))
	}
	return all
}

const removes = `<iq type='set' id='u' from='alice@example.org/x' to='` + domain + `'><query xmlns='jabber:iq:register'><remove/></query></iq>`

func saying(text string) string {
	return `<message type='chat' id='` + lasting(text) + `' from='alice@example.org/x' to='` + domain + `'><body>` + text + `</body></message>`
}

// TestDone: the network hears when a user is done with a contact, or with it.
func TestDone(t *testing.T) {
	const user = "alice@example.org"
	both := mapping.SeesContact | mapping.SeenByUs
	for _, c := range []struct {
		name string
		was  mapping.Subscription
		does []string
		want string
	}{
		{"0100.32 taken out of the roster", both, []string{presence("unsubscribe", user, phoneJID), presence("unsubscribed", user, phoneJID)}, phone},
		{"one way only", both, []string{presence("unsubscribed", user, phoneJID)}, ""},
		{"0100.37 refused", mapping.AskedByUs, []string{presence("unsubscribed", user, phoneJID)}, phone},
		{"a question of ours refused", mapping.SeesContact | mapping.AskedByUs, []string{presence("unsubscribed", user, phoneJID)}, ""},
		{"remove", both, []string{saying("remove " + phone)}, phone},
		{"0100.15 unregister", both, []string{removes}, "end"},
		{"unregister in the chat", both, []string{saying("unregister"), saying("yes")}, "end"},
		{"nothing ends", both, []string{presence("subscribe", user, phoneJID), saying("contacts")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newMemStore()
				registered(s, alice, number)
				err := s.Commit(t.Context(), &mapping.Batch{PutContacts: []mapping.Contact{{Bridge: domain, Account: alice, ID: phone, Subscription: c.was}}})
				if err != nil {
					t.Fatal(err)
				}
				r := startTimeless(t, s, bridgetest.SMS())
				defer r.end()
				for _, xml := range c.does {
					r.receive(t, xml)
					synctest.Wait()
				}
				if got := strings.Join(r.done(), " "); got != c.want {
					t.Errorf("the network hears %q, not %q", got, c.want)
				}
			})
		})
	}
}

// TestDoneNotKept: who is killed before the network has noted it does it again after a
// start; until then nothing is changed.
func TestDoneNotKept(t *testing.T) {
	for _, c := range []struct{ name, does, want string }{
		{"0100.32", presence("unsubscribed", alice, phoneJID), phone},
		{"0100.15", removes, "end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newMemStore()
				registered(s, alice, number)
				err := s.Commit(t.Context(), &mapping.Batch{PutContacts: []mapping.Contact{{Bridge: domain, Account: alice, ID: phone, Subscription: mapping.SeenByUs}}})
				if err != nil {
					t.Fatal(err)
				}
				r := startTimeless(t, s, bridgetest.SMS())
				r.bridge.OnLeave(func(bridgetest.Left) error {
					r.g.stop() // killed meanwhile
					return context.Canceled
				})
				r.receive(t, c.does)
				r.done()
				if len(r.store.state.contacts) == 0 || len(r.store.state.accounts) == 0 {
					t.Error("it is done, and the network does not know")
				}
				r = r.crash(bridgetest.SMS())
				defer r.end()
				if got := r.done(); !slices.Equal(got, []string{c.want}) {
					t.Errorf("after a start the network hears %q", got)
				}
				if len(r.store.state.contacts) != 0 {
					t.Error("it is not done")
				}
			})
		})
	}
}
