package gateway

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/mapping"
	"causeway/mapping/sqlite"
)

const (
	carl   = "carl@example.org"
	second = "+12025550198"
	third  = "+12025550197"
)

// wantSelf checks who a user is on the network.
func (r *rig) wantSelf(user bridges.AccountID, want bridges.UserID) {
	r.t.Helper()
	acc, ok, err := r.store.Account(r.t.Context(), domain, user)
	if !ok || acc.Self != want || err != nil {
		r.t.Errorf("%s is %q, %v, want %s", user, acc.Self, err, want)
	}
}

// enrolls registers a user, who shall be self.
func (r *rig) enrolls(user bridges.AccountID, self bridges.UserID) {
	r.t.Helper()
	as := func(s string) string { return strings.ReplaceAll(s, bob, string(user)) }
	r.Send(as(fromBob("set", "in", registerQuery)))
	r.Receive(as(toBob("result", "in", "")))
	for range 3 { // the welcome
		r.Next()
	}
	r.wantSelf(user, self)
}

// leaves unregisters a user without contacts.
func (r *rig) leaves(user bridges.AccountID) {
	r.t.Helper()
	as := func(s string) string { return strings.ReplaceAll(s, bob, string(user)) }
	r.Send(as(fromBob("set", "out", `<query xmlns='jabber:iq:register'><remove/></query>`)))
	r.Receive(as(toBob("result", "out", "")))
	for range farewells(domain, domain) {
		r.Next()
	}
}

// TestNumberOfWhoLeft: what is still meant for bob does not reach carl.
func TestNumberOfWhoLeft(t *testing.T) {
	r := start(t, newMemStore(), bridgetest.SMS())
	r.enrolls(bob, number)
	r.leaves(bob)
	r.enrolls(carl, second) // nobody had it
	r.enrolls(bob, number)  // his own
	r.leaves(carl)
	r.leaves(bob)
	r.enrolls("dora@example.org", third) // nobody had it
	r.enrolls("erik@example.org", second)
	r.enrolls(bob, number)
	r.leaves("erik@example.org")
	r.enrolls(carl, second) // no other is left: erik had it last
}

// TestChangeKeepsNumber: new data of a user who is registered are no reason
// for another number (xeps.md 0100.13).
func TestChangeKeepsNumber(t *testing.T) {
	s := newMemStore()
	registered(s, alice, number)
	registered(s, bob, second)
	r := start(t, s, withPassword())
	r.greeting()
	for range 2 { // of bob
		r.Next()
	}
	r.leaves(alice)
	r.Send(fromBob("set", "e", `<query xmlns='jabber:iq:register'><username>b</username><password>new</password></query>`))
	r.Receive(toBob("result", "e", ""))
	r.wantSelf(bob, second)
}

// TestRaceForNumberOfWhoLeft: dora gets the number that is free for longest
// while frank is being registered, who then gets the other.
func TestRaceForNumberOfWhoLeft(t *testing.T) {
	s := newMemStore()
	registered(s, alice, third)
	r := start(t, s, bridgetest.SMS())
	r.greeting()
	r.enrolls(bob, number)
	r.enrolls(carl, second)
	r.leaves(carl)
	r.leaves(bob)
	var once sync.Once
	s.mu.Lock()
	s.before = func(b *mapping.Batch) {
		if len(b.PutAccounts) == 1 {
			once.Do(func() {
				if got := b.PutAccounts[0].Self; got != second {
					t.Errorf("%s was chosen", got)
				}
				if err := s.state.apply(&mapping.Batch{PutAccounts: []mapping.Account{{ID: "dora@example.org", Self: second}}}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	s.mu.Unlock()
	r.enrolls("frank@example.org", number)
}

// TestManyRegisterAtOnce: however many are quick, each gets a number of his own
// as long as there is one.
func TestManyRegisterAtOnce(t *testing.T) {
	const users = 40
	user := func(i int) string { return fmt.Sprintf("user%d@example.org", i) }
	var pool []bridges.UserID
	var all strings.Builder
	for i := range users {
		pool = append(pool, bridges.UserID(fmt.Sprintf("+12025550%03d", i)))
		all.WriteString(strings.ReplaceAll(fromBob("set", "in", registerQuery), bob, user(i)))
	}
	info := bridgetest.SMS()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "causeway.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	r := start(t, s, info, func(c *Config) { c.Bridge = bridgetest.New(info, pool...) })
	r.Send(all.String())
	for answers := 0; answers < users; { // among the welcomes
		n := r.Next().String()
		if strings.Contains(n, "error") {
			t.Fatal(n)
		}
		if strings.HasPrefix(n, "<iq") {
			answers++
		}
	}
	seen := map[bridges.UserID]bool{}
	for i := range users {
		acc, ok, err := r.store.Account(t.Context(), domain, bridges.AccountID(user(i)))
		if !ok || seen[acc.Self] || err != nil {
			t.Errorf("%s is %q, %v", user(i), acc.Self, err)
		}
		seen[acc.Self] = true
	}
}

// A bridge that asks for more than one form can hold says so in words, and who
// sends all of it is registered.
func TestFurtherStage(t *testing.T) {
	r := start(t, newMemStore(), withPassword())
	r.bridge.OnEnroll(func(x bridges.Registration) (*bridges.Ask, error) {
		if x.Fields["code"] != "" {
			return nil, nil
		}
		return &bridges.Ask{Instructions: "A code was sent.", Fields: []bridges.Field{{Name: "code", Label: "Code", Required: true}}}, nil
	})
	set := func(id, more string) {
		r.Send(fromBob("set", id, `<query xmlns='jabber:iq:register'><username>bob</username><password>x</password>`+more+`</query>`))
	}
	set("s1", "") // 0077.8
	n := r.Receive(iqError("s1", "modify", "not-acceptable"))
	if text := n.String(); !strings.Contains(text, "A code was sent.") || !strings.Contains(text, "in the chat") {
		t.Errorf("the user reads %s", text)
	}
	if text := r.answer(bob); !strings.HasPrefix(text, "A code was sent. Code?") {
		t.Errorf("the gateway asks %q", text)
	}
	if _, ok, _ := r.store.Account(t.Context(), domain, bob); ok {
		t.Error("an account is stored")
	}
	set("s2", "<code>1234</code>")
	r.Receive(toBob("result", "s2", ""))
}
