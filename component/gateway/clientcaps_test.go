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
	"causeway/component/stanza"
	"causeway/component/xep/caps"
	"causeway/component/xep/disco"
	"causeway/component/xep/rosterx"
)

// clientInfo is what a client with these features answers, and its ver.
func clientInfo(t testing.TB, features ...string) (query, ver string) {
	t.Helper()
	info := disco.Info{Identities: []disco.Identity{{Category: "client", Type: "pc", Name: "Test"}}, Features: features}
	var w stanza.Writer
	info.Append(&w, "")
	return string(w.Bytes()), caps.Of("", info).Ver
}

// says is available presence of a client of alice.
func says(resource, ver string) string {
	return `<presence from='alice@example.org/` + resource + `' to='sms.example.org'>` +
		`<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:test' ver='` + ver + `'/></presence>`
}

// asked are the clients that were asked what they can.
func (r *timeless) asked() (to []string) {
	for _, xml := range r.drain() {
		if strings.Contains(xml, disco.NSInfo) {
			o := mustParse(r.t, xml)
			to = append(to, resourceOf(o.To))
		}
	}
	return to
}

func (r *timeless) takers() []string {
	resources, _ := r.g.people.capable(alice, takesContacts)
	slices.Sort(resources)
	return resources
}

// TestClientCaps: what a client can is known by the hash in its presence; one
// that has another hash than it says speaks for itself alone.
func TestClientCaps(t *testing.T) {
	inBubble(t, func(r *timeless) {
		query, ver := clientInfo(t, rosterx.NS, "urn:other")
		r.answer(disco.NSInfo, query)
		for _, step := range []struct {
			what, stanza  string
			asked, takers []string
		}{
			{"says nothing", available(alice+"/o", domain), nil, nil},
			{"0115.2 says a hash", says("x", ver), []string{"x"}, []string{"x"}},
			{"the same again", says("x", ver), nil, []string{"x"}},
			{"0115.4 another client with it", says("y", ver), nil, []string{"x", "y"}},
			{"one that lies", says("z", "bGllcw=="), []string{"z"}, []string{"x", "y", "z"}},
			{"which does not count for others", says("w", "bGllcw=="), []string{"w"}, []string{"w", "x", "y", "z"}},
			{"of old, without a hash", strings.Replace(says("v", ver), "hash='sha-1' ", "", 1), []string{"v"}, []string{"v", "w", "x", "y", "z"}},
			{"goes", presence("unavailable", alice+"/x", domain), nil, []string{"v", "w", "y", "z"}},
			{"comes back silent", available(alice+"/x", domain), nil, []string{"v", "w", "y", "z"}},
			{"without a node", strings.Replace(says("u", ver), " node='urn:test'", "", 1), nil, []string{"u", "v", "w", "y", "z"}},
		} {
			r.receive(t, step.stanza)
			if got := r.asked(); !slices.Equal(got, step.asked) {
				t.Errorf("%s: asked %q", step.what, got)
			}
			if got := r.takers(); !slices.Equal(got, step.takers) {
				t.Errorf("%s: %q can", step.what, got)
			}
		}
		r.g.people.lost()
		if got := r.takers(); got != nil || len(r.g.people.m) != 0 {
			t.Errorf("the link was down, and %q can", got)
		}
	})
}

// TestClientChanges: the last word of a client counts, also when it comes while
// the client is being asked about another (0115.5).
func TestClientChanges(t *testing.T) {
	inBubble(t, func(r *timeless) {
		query, ver := clientInfo(t, rosterx.NS)
		r.receive(t, says("x", "c2xvdw=="))
		synctest.Wait() // nobody answers
		r.answer(disco.NSInfo, query)
		r.receive(t, says("x", ver))
		time.Sleep(clientTime)
		synctest.Wait()
		if got, all := r.g.people.capable(alice, takesContacts); len(got) != 1 || !all {
			t.Errorf("%q can, all known: %t", got, all)
		}
		none, other := clientInfo(t)
		r.answer(disco.NSInfo, none)
		r.receive(t, says("x", other))
		if got := r.asked(); len(got) != 3 || r.takers() != nil {
			t.Errorf("asked %q, %q can", got, r.takers())
		}
		r.receive(t, says("x", ver))
		synctest.Wait()
		if got := r.takers(); !slices.Equal(got, []string{"x"}) {
			t.Errorf("%q can", got)
		}
	})
}

// TestSilentClients: clients that do not answer keep none of another user's
// waiting, and are asked one at a time; of users beyond the bound none is.
func TestSilentClients(t *testing.T) {
	inBubble(t, func(r *timeless) {
		registered(r.store, "bob@example.org", "+12025550198")
		for i := range 3 * resourceLimit {
			r.receive(t, says(fmt.Sprint("x", i), fmt.Sprint("v", i)))
		}
		if n := len(r.asked()); n != 1 {
			t.Errorf("%d questions at once", n)
		}
		r.receive(t, strings.Replace(says("y", "v"), "alice", "bob", 1))
		if n := len(r.asked()); n != 1 {
			t.Errorf("%d questions for bob", n)
		}
		time.Sleep(resourceLimit * clientTime)
		if n := len(r.asked()); n != resourceLimit-1 {
			t.Errorf("%d questions more", n)
		}
		if _, all := r.g.people.capable(alice, takesContacts); !all {
			t.Error("a question is left open")
		}
	})
}

// TestTooManyClients: where too many wait to be asked, a client can nothing.
func TestTooManyClients(t *testing.T) {
	g := New(Config{Domain: domain, Bridge: bridgetest.New(withList()), Store: newMemStore()})
	defer g.end()
	for i := range clientQueue {
		g.clients.add(bridges.AccountID(fmt.Sprintf("nobody%d@example.org", i)))
	}
	g.people.came(alice, "x", 0, true, time.Now())
	g.hearCaps(mustParse(t, says("x", "v")), alice)
	if _, all := g.people.capable(alice, takesContacts); !all || len(g.rosters.queue) != 1 {
		t.Error("a question waits though there is no room for it")
	}
}
