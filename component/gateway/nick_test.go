package gateway

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component/xep/disco"
	"causeway/component/xep/nick"
	"causeway/component/xep/pubsub"
	"causeway/mapping"
)

func TestNames(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"as it is":                  {"Ann Lee 👩‍👧", "Ann Lee 👩‍👧"},
		"0172.4 spaces":             {" Ann\t\n  Lee\u2028", "Ann Lee"},
		"0172.4 control characters": {"A\x00n\x1bn\u0085", "Ann"},
		"0172.4 direction":          {"gpj.\u202eexe\u2066x\u200f", "gpj.exex"},
		"0172.4 no UTF-8":           {"A\xffnn", "Ann"},
		"0172.4 too long":           {strings.Repeat("ä", 10_000), strings.Repeat("ä", 100)},
		"0172.4 cut before a word":  {strings.Repeat("a", 99) + " Lee", strings.Repeat("a", 99)},
		"0172.4 never empty":        {"\u202e\x01 ", phone},
		"0172.4 no name, so the id": {"", phone},
	} {
		t.Run(name, func(t *testing.T) {
			if got := nameOf(mapping.Contact{ID: phone, Name: c.in}); got != c.want {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestNameOfAnother: the network calls somebody as the user calls another. Each
// keeps its address, and a name that two have means neither.
func TestNameOfAnother(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Bridge = bridgetest.New(withList(), number) })
	const other = "+12025550101"
	has(r, phone+" Zoe", other+" Bob")
	rename := bridges.ContactChange{Person: bridges.Person{ID: other, Name: "Zoe"}}
	if err := r.g.Deliver(t.Context(), toAlice(rename)); err != nil {
		t.Fatal(err)
	}
	r.barrier(alice)
	for id, want := range map[bridges.ChatID]string{phone: "Zoe", other: "Zoe"} {
		if c, _, _ := r.store.Contact(t.Context(), domain, alice, id); c.Name != want || c.ID != id {
			t.Errorf("0172.4: %+v", c)
		}
	}
	const two = "More than one of your contacts has a name like that: Zoe (" + phoneJID + "), Zoe (" + other + "@sms.example.org)."
	r.reads([]exchange{
		{"0172.4 to write", "add Zoe", two},
		{"0172.4 to rename", "rename Zoe", two},
		{"stopped", "cancel", ""},
		{"0172.4 to remove", "remove zoe", two},
		{"stopped", "cancel", ""},
		{"0172.4 the address", "rename " + other + " Not Zoe", other + "@sms.example.org is now called Not Zoe."},
		{"0172.4 one of them left", "add Zoe", "Write to " + phoneJID + " now."},
	})
	r.Send(`<iq type='set' id='p' from='alice@example.org/x' to='sms.example.org'>` + typed("Zoe") + `</iq>`)
	r.Receive(`<iq type='result' id='p' from='sms.example.org' to='alice@example.org/x'><query xmlns='jabber:iq:gateway'><jid>` + phoneJID + `</jid></query></iq>`)
}

func FuzzCleanName(f *testing.F) {
	f.Add("Ann\u202e\x00 Lee")
	f.Add(strings.Repeat("a ", 300))
	f.Fuzz(func(t *testing.T, name string) {
		got := cleanName(name)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > longestName || cleanName(got) != got {
			t.Errorf("%q became %q", name, got)
		}
	})
}

// TestNameEvents: clients that want to know are told that the network's list, or who it
// is, has another name for a contact, once; one that the user has named keeps that.
func TestNameEvents(t *testing.T) {
	t.Run("listed", func(t *testing.T) {
		nameEvents(t, withList(), func(r *timeless, name string) {
			r.bridge.SetContacts(alice, bridges.Person{ID: phone, Name: name})
			r.give(bridges.ContactChange{Person: bridges.Person{ID: phone, Name: name}})
		})
	})
	t.Run("of its own", func(t *testing.T) {
		nameEvents(t, withPictures(), func(r *timeless, name string) {
			r.bridge.SetProfile(phone, bridges.Profile{Name: name})
			for _, who := range []bridges.UserID{phone, "+12025550101"} {
				r.g.Hint(bridges.Delivery{Account: alice, Event: bridges.ProfileChange{Person: who}})
			}
		})
	})
}

// names returns the news of names that were sent.
func (r *timeless) names() (got []string) {
	for _, xml := range r.drain() {
		o := mustParse(r.t, xml)
		if event, ok := o.Child(pubsub.NS+"#event", "event"); ok {
			items, _ := event.Child(pubsub.NS+"#event", "items")
			item, _ := items.Child(pubsub.NS+"#event", "item")
			if name, ok := item.Child(nick.NS, "nick"); ok {
				got = append(got, o.From+" to "+resourceOf(o.To)+" "+o.Type+" "+items.Attr("node")+" "+name.Text())
			}
		}
	}
	return got
}

func nameEvents(t *testing.T, info bridges.Info, change func(r *timeless, name string)) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemStore()
		registered(s, alice, number)
		hasContacts(t, s, phone)
		r := startTimeless(t, s, info)
		defer r.end()
		info, ver := clientInfo(t, nick.NS+pubsub.Notify)
		r.answer(disco.NSInfo, info)
		r.receive(t, available(alice+"/old", domain))
		r.receive(t, says("x", ver))
		r.drain()
		named := func(what, name string, want ...string) {
			change(r, name)
			if got := r.names(); !slices.Equal(got, want) {
				t.Errorf("%s: %q", what, got)
			}
		}
		event := phoneJID + " to x headline " + nick.NS + " "
		named("0172.3 a name", "Bob", event+"Bob")
		named("0172.3 the same", "Bob")
		named("0172.3-4 another", "Rob\u202eert\n", event+"Robert")
		c, _, _ := s.Contact(t.Context(), domain, alice, phone)
		c.Subscription |= mapping.NamedByUser
		if err := s.Commit(t.Context(), &mapping.Batch{PutContacts: []mapping.Contact{c}}); err != nil {
			t.Fatal(err)
		}
		named("0356.7 named by the user", "Bobby")
	})
}
