package gateway

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component/xep/nick"
	"causeway/mapping"
)

// teller is a network that tells of people as f does.
type teller struct {
	*bridgetest.Bridge
	f func(ctx context.Context) (bridges.Profile, error)
}

func (b teller) Profile(ctx context.Context, _ bridges.AccountID, _ bridges.UserID) (bridges.Profile, error) {
	return b.f(ctx)
}

func telling(name string) func(context.Context) (bridges.Profile, error) {
	return func(context.Context) (bridges.Profile, error) { return bridges.Profile{Name: name}, nil }
}

// nickOf returns the name in a message; "": it has none.
func nickOf(t *testing.T, xml string) string {
	e, _ := mustParse(t, xml).Child(nick.NS, "nick")
	return e.Text()
}

// TestIntroduced: the first text of somebody whom the user does not have says a
// name, and no other does.
func TestIntroduced(t *testing.T) {
	for name, c := range map[string]struct {
		contact mapping.Subscription // 0: there is none
		profile func(context.Context) (bridges.Profile, error)
		message bridges.Message
		want    string
	}{
		"0172.1 nobody that the user has": {profile: telling("Ann"), message: sms("hi"), want: "Ann"},
		"0172.1 a contact":                {contact: mapping.SeesContact | mapping.SeenByUs, profile: telling("Ann"), message: sms("hi")},
		"0172.1 one that has asked":       {contact: unanswered, profile: telling("Ann"), message: sms("hi"), want: "Ann"},
		"0172.1 one that was taken out":   {contact: mapping.RemovedByUser, profile: telling("Ann"), message: sms("hi"), want: "Ann"},
		"0172.4 a hostile name":           {profile: telling("\u202eA\x01nn\n" + strings.Repeat(" x", 9000)), message: sms("hi"), want: "Ann" + strings.Repeat(" x", 48)},
		"0172.4 nothing but such":         {profile: telling("\u202e\x01"), message: sms("hi")},
		"the user's own":                  {profile: telling("Ann"), message: own("o", "hi")},
		"nobody knows": {profile: func(context.Context) (bridges.Profile, error) {
			return bridges.Profile{}, &bridges.Error{Kind: bridges.NotFound, Text: "Nobody."}
		}, message: sms("hi")},
		"a network that hangs": {profile: func(ctx context.Context) (bridges.Profile, error) {
			<-ctx.Done()
			return bridges.Profile{Name: "Ann"}, ctx.Err()
		}, message: sms("hi")},
		"a network that panics": {profile: func(context.Context) (bridges.Profile, error) { panic("x") }, message: sms("hi")},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *timeless) {
				r.g.cfg.Bridge = teller{r.bridge, c.profile}
				if c.contact != 0 {
					r.store.put(t, mapping.Contact{Bridge: domain, Account: alice, ID: phone, Subscription: c.contact})
				}
				first := r.showing(c.message)
				c.message.ID += "2"
				second := r.showing(c.message)
				if got := nickOf(t, first); got != c.want || strings.Contains(first, "<nick") != (c.want != "") {
					t.Errorf("%q in %s", got, first)
				}
				if strings.Contains(second, "<nick") {
					t.Errorf("again: %s", second)
				}
			})
		})
	}
}

// put writes a contact.
func (s *memStore) put(t *testing.T, c mapping.Contact) {
	if err := s.Commit(t.Context(), &mapping.Batch{PutContacts: []mapping.Contact{c}}); err != nil {
		t.Fatal(err)
	}
}

// showing has a text come, and returns the one stanza of it, however long the
// network takes to say who has sent it.
func (r *timeless) showing(m bridges.Message) string {
	r.t.Helper()
	r.give(m)
	time.Sleep(introduceTime) // simulated
	synctest.Wait()
	all := r.bodies()
	if len(all) != 1 {
		r.t.Fatalf("%d texts came", len(all))
	}
	return all[0]
}

// TestAddedByName: who is added is called as the network says, unless the user
// has called the contact something.
func TestAddedByName(t *testing.T) {
	for name, c := range map[string]struct{ has, want string }{
		"0172.1 nobody that the user has": {"", "Ann"},
		"one that has a name":             {"Annie", "Annie"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *timeless) {
				r.g.cfg.Bridge = teller{r.bridge, telling("Ann")}
				r.store.put(t, mapping.Contact{Bridge: domain, Account: alice, ID: phone, Name: c.has})
				r.receive(t, `<message type='chat' id='o' from='`+alice+`/x' to='`+domain+`'><body>add `+phone+`</body></message>`)
				synctest.Wait()
				all := strings.Join(r.drain(), "")
				if !strings.Contains(all, "<nick xmlns='"+nick.NS+"'>"+c.want+"</nick>") {
					t.Error(all)
				}
				if got, _, err := r.store.Contact(t.Context(), domain, alice, phone); got.Name != c.want || err != nil {
					t.Errorf("called %q, %v", got.Name, err)
				}
			})
		})
	}
}
