package gateway

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component/xep/privilege"
	"causeway/mapping"
)

// markerIn is what alice gets when the phone has read her text.
const markerIn = `<message from='+12025550100@sms.example.org/gateway' to='alice@example.org' id='*' type='chat'>` +
	`<displayed xmlns='urn:xmpp:chat-markers:0' id='TEXT'/><store xmlns='urn:xmpp:hints'/></message>`

// saw is the event that somebody has read up to a message.
func saw(who, upTo string) bridges.Displayed {
	return bridges.Displayed{Chat: phone, From: bridges.UserID(who), UpTo: bridges.MessageID(upTo)}
}

// marks returns the ids of what was marked to users, and fails on what no marker
// looks like.
func (r *timeless) marks() (all []string) {
	r.t.Helper()
	for _, xml := range r.drain() {
		if strings.Contains(xml, "<body>") || strings.Contains(xml, "<presence") {
			continue
		}
		s := mustParse(r.t, xml)
		e, ok := s.Child("urn:xmpp:chat-markers:0", "displayed")
		if want := strings.NewReplacer("*", s.ID, "TEXT", e.Attr("id")).Replace(markerIn); !ok || len(s.ID) != 36 || xml != want {
			if e, ok = s.Child("urn:xmpp:receipts", "received"); !ok {
				r.t.Errorf("sent %s, not %s", xml, want)
			}
			all = append(all, "receipt")
		}
		all = append(all, e.Attr("id"))
	}
	return all
}

var markersIn = []struct {
	name   string
	events []bridges.Event
	want   string
	drop   string
}{
	{"0333.3 0334.1 of the user's message", []bridges.Event{saw(phone, "m1")}, "a1", ""},
	{"0333.3 newest only", []bridges.Event{saw(phone, "m2"), saw(phone, "m1"), saw(phone, "m2")}, "a2", "older marker"},
	{"one after the other", []bridges.Event{saw(phone, "m1"), saw(phone, "m2")}, "a1 a2", ""},
	{"0333.4 no receipt of it", []bridges.Event{saw(phone, "m1"), delivered("m1")}, "a1 receipt a1", ""},
	{"0333.4 nor one of a receipt", []bridges.Event{delivered("m1"), saw(phone, "m1"), delivered("m1")}, "receipt a1 a1", ""},
	{"unknown", []bridges.Event{saw(phone, "m9")}, "", "marker for an unknown message"},
	{"of the contact's own", []bridges.Event{saw(phone, "n0")}, "", "marker for an unknown message"},
	{"of another chat", []bridges.Event{bridges.Displayed{Chat: stranger, From: stranger, UpTo: "m1"}}, "", "marker for an unknown message"},
	{"of a part", []bridges.Event{saw(phone, "p1")}, "", "marker for an unknown message"},
	{"of the last part", []bridges.Event{saw(phone, "p2")}, "long", ""},
	{"of a message without an id", []bridges.Event{saw(phone, "none")}, "", "marker for an unknown message"},
	{"of what the user sent elsewhere", []bridges.Event{own("o1", "hello"), saw(phone, "o1")}, "OWN", ""},
}

// correspond has texts go both ways: a1 and a2 are m1 and m2 on the network, n0
// came from there, one was cut in two, and one has no id.
func (r *timeless) correspond() {
	r.inbox(1)
	nameless := strings.Replace(toContact(phone, "<body>y</body>"), " id='h'", "", 1)
	for _, m := range []struct {
		xml string
		ids []bridges.MessageID
	}{
		{text("a1", "one"), []bridges.MessageID{"m1"}},
		{text("a2", "two"), []bridges.MessageID{"m2"}},
		{text("long", "long"), []bridges.MessageID{"p1", "p2"}},
		{nameless, []bridges.MessageID{"none"}},
	} {
		r.bridge.OnSend(parts(m.ids...))
		r.receive(r.t, m.xml)
		time.Sleep(time.Millisecond)
	}
	r.drain()
}

func TestMarkersIn(t *testing.T) {
	for _, c := range markersIn {
		t.Run(c.name, func(t *testing.T) {
			markerRig(t, func(r *timeless) {
				r.correspond()
				before := r.dropped(c.drop)
				for _, e := range c.events {
					r.give(e)
				}
				got := strings.Join(r.marks(), " ")
				if c.want == "OWN" {
					m, _, _ := r.store.MessageByID(context.Background(), domain, "o1")
					c.want = m.Stanza
				}
				if got != c.want {
					t.Errorf("alice got %q, not %q", got, c.want)
				}
				if c.drop != "" && r.dropped(c.drop) == before {
					t.Errorf("nothing is counted as %s", c.drop)
				}
				if records, parked := r.store.count(); records+parked > 0 {
					t.Errorf("%d records and %d rows are left", records, parked)
				}
			})
		})
	}
}

// After a crash no older marker comes (0333.3), and none to who has left.
func TestMarkersInAfterACrash(t *testing.T) {
	markerRig(t, func(r *timeless) {
		r.correspond()
		r.give(saw(phone, "m2"))
		next := r.crash(bridgetest.Rich())
		next.give(saw(phone, "m1"), saw(phone, "m2"), saw(phone, "p2"))
		if got := strings.Join(next.marks(), " "); got != "long" {
			t.Errorf("then alice got %q", got)
		}
		d := toAlice(saw(phone, "m1"))
		d[0].Account = "eve@example.org"
		if err := next.g.Deliver(t.Context(), d); err != nil {
			t.Error(err)
		}
		if synctest.Wait(); next.dropped("no account") != 1 {
			t.Error("a marker for nobody is not counted")
		}
		*r = *next
	})
}

// looked is a store that notes which messages it is asked for.
type looked struct {
	*memStore
	at *[]bridges.MessageID
}

func (s looked) MessageByID(ctx context.Context, bridge string, id bridges.MessageID) (mapping.Message, bool, error) {
	*s.at = append(*s.at, id)
	return s.memStore.MessageByID(ctx, bridge, id)
}

// TestMarkersInReads: of what the user has sent here no caption is looked for: each mark
// costs the store two reads, of the message and of how far was read.
func TestMarkersInReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemStore()
		registered(s, alice, number)
		var at []bridges.MessageID
		r := startTimeless(t, s, withFiles(), func(c *Config) { c.Store = looked{s, &at} })
		r.correspond()
		at = nil
		r.give(saw(phone, "m1"))
		if got := r.marks(); len(at) != 2 || at[0] != "m1" || len(got) != 1 {
			t.Errorf("%q came; the store was asked for %q", got, at)
		}
		r.end()
	})
}

// TestReadElsewhere: what the user has read in another program of the network is
// read here, too, and the network does not hear of it again (0333.7).
func TestReadElsewhere(t *testing.T) {
	for name, granted := range map[string]bool{"without privilege": false, "0333.7 with": true} {
		t.Run(name, func(t *testing.T) {
			markerRig(t, func(r *timeless) {
				ids := r.inbox(3)
				if granted {
					r.g.Handle(mustParse(t, grants("example.org", privilege.NS, permMessage)), zeroKey)
					synctest.Wait()
				}
				r.give(saw(number, "n1"))
				sent := r.drain()
				inner := `<displayed xmlns='urn:xmpp:chat-markers:0' id='` + ids[1] + `'/><store xmlns='urn:xmpp:hints'/></message>`
				if granted != (len(sent) == 1) || granted && !strings.Contains(sent[0], "<message xmlns='jabber:client' from='alice@example.org' to='+12025550100@sms.example.org' type='chat' id='") ||
					granted && !strings.Contains(sent[0], inner) {
					t.Errorf("sent %q", sent)
				}
				r.receive(t, `<message type='chat' id='copy' from='alice@example.org' to='+12025550100@sms.example.org'>`+inner) // F4
				r.reads(alice, phone, ids[0])
				r.reads(alice, phone, ids[2])
				if got := strings.Join(r.shown(), " "); got != "n2" {
					t.Errorf("the network was told %q", got)
				}
			})
		})
	}
}

func playMarkIn(r *theater) {
	r.receive(text("t", "t"), true)
	synctest.Wait()
	r.give(saw(phone, "m1"))
}

// endMarkIn: the user is told once that the text was read, if the network has
// it and nobody was told that it may not.
func endMarkIn(r *theater) {
	r.give(saw(phone, "m1")) // as a network does that got no answer
	r.watch()
	_, known, _ := r.store.MessageByID(context.Background(), domain, "m1")
	if n := r.saw("<displayed", "id='t'"); known != (n == 1) {
		r.w.t.Errorf("0333.3: %d markers, the message is known: %v", n, known)
	}
}
