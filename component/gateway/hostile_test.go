package gateway

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/component"
	"causeway/component/stanza"
	"causeway/mapping"
)

func toContact(local, inside string) string {
	return `<message type='chat' id='h' from='alice@example.org/phone' to='` + local + `@sms.example.org'>` + inside + `</message>`
}

func TestHostileAddresses(t *testing.T) {
	r := newRig(t)
	for name, local := range map[string]string{
		"garbage": `\20\00`, "escaped": `%00%2f`, "not a number": "ａｂｃ", "huge": strings.Repeat("9", 1000), "plus": "+",
	} {
		t.Run(name, func(t *testing.T) {
			r.Send(toContact(local, "<body>x</body>"))
			n := r.Receive(`<message type='error' id='h' from='*' to='alice@example.org/phone'><error type='modify'><jid-malformed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><any/></error></message>`)
			if got := len(n.Attr["from"]); got < len("@sms.example.org") {
				t.Errorf("from %q", n.Attr["from"])
			}
			r.Send(`<presence type='subscribe' from='alice@example.org' to='` + local + `@sms.example.org'/>`)
			r.Receive(`<presence type='unsubscribed' from='*' to='alice@example.org'/>`) // 0100.28
			r.answer(alice)
		})
	}
	if n := len(r.bridge.All()); n != 0 {
		t.Errorf("%d texts were sent", n)
	}
}

func TestSpoofing(t *testing.T) {
	r := newRig(t)
	t.Run("spoofing.1 nothing inside says who it is", func(t *testing.T) {
		r.Send(strings.ReplaceAll(toContact(phone, `<body>x</body><addresses xmlns='http://jabber.org/protocol/address'><address type='ofrom' jid='alice@example.org'/></addresses><nick xmlns='http://jabber.org/protocol/nick'>alice@example.org</nick>`), "from='alice@", "from='bob@"))
		r.Receive(strings.Replace(stanzaError("h", "auth", "registration-required"), "alice@", "bob@", 1))
		r.Send(fromBob("set", "rm", `<query xmlns='jabber:iq:register'><remove/></query>`))
		r.Receive(iqError("rm", "auth", "registration-required"))
		if _, ok, _ := r.store.Account(t.Context(), domain, alice); !ok {
			t.Error("alice's account is gone")
		}
	})
	t.Run("spoofing.3 advertisements and pushes of users", func(t *testing.T) {
		r.Send(strings.ReplaceAll(toContact(phone, `<privilege xmlns='urn:xmpp:privilege:2'><perm access='roster' type='both'/></privilege>`), phone+"@", ""))
		r.Send(fromBob("set", "push", `<query xmlns='jabber:iq:roster'><item jid='+12025550100@sms.example.org' subscription='both'/></query>`))
		r.Receive(iqError("push", "cancel", "service-unavailable"))
		r.barrier(alice)
	})
	t.Run("spoofing.5 another's message cannot be confirmed", func(t *testing.T) {
		r.Send(text("mine", "x"))
		r.onPhone()
		err := r.bridge.Host().Deliver(t.Context(), []bridges.Delivery{{Account: bob, Event: delivered("m1")}})
		if err != nil {
			t.Fatal(err)
		}
		r.Receive(strings.Replace(receiptPattern, "a1", "mine", 1)) // to the sender, whoever was named
	})
}

func TestBodies(t *testing.T) {
	r := newRig(t)
	for name, c := range map[string]struct{ inside, want string }{
		"several languages":        {`<body xml:lang='de'>eins</body><body>one</body>`, "one"},
		"one language":             {`<body xml:lang='de'>eins</body>`, "eins"},
		"subject beside it":        {`<subject>s</subject><body>one</body>`, "one"},
		"0334.3 hints":             {`<body>one</body><no-store xmlns='urn:xmpp:hints'/><no-copy xmlns='urn:xmpp:hints'/>`, "one"},
		"6120.11 unknown elements": {`<x xmlns='urn:odd'><body>two</body></x><body>one</body>`, "one"},
		"0308 correction":          {`<body>one</body><replace xmlns='urn:xmpp:message-correct:0' id='x'/>`, "* one"},
		"0203 a short delay":       {`<body>one</body><delay xmlns='urn:xmpp:delay' stamp='` + time.Now().UTC().Format(time.RFC3339) + `'/>`, "one"},
		"characters":               {`<body>a&amp;b &#x1F600;</body>`, "a&b 😀"},
	} {
		t.Run(name, func(t *testing.T) {
			r.Send(strings.Replace(toContact(phone, c.inside), "id='h'", "id='"+name+"'", 1))
			r.wantOnPhone(c.want)
		})
	}
}

func TestNoSecretInErrors(t *testing.T) {
	r := newRig(t)
	r.bridge.OnSend(func(context.Context, bridges.Message) ([]bridges.MessageID, error) {
		return nil, &bridges.Error{Kind: bridges.Rejected, Text: "Refused.", Cause: errors.New("token s3cret")}
	})
	r.Send(text("e", "x"))
	n := r.Receive(stanzaError("e", "cancel", "not-acceptable"))
	if s := n.String(); strings.Contains(s, "s3cret") || !strings.Contains(s, "Refused.") {
		t.Errorf("6120.10: %s", s)
	}
}

// A panic of the gateway on one stanza or event: out of the way, told, kept
// for the operator.
func TestPoison(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.g.mux.Set("urn:boom", "q", component.ToDomain, func(context.Context, *tx, *stanza.Stanza, stanza.Element) (stanza.Writer, error) {
			panic("boom")
		})
		r.receive(t, `<iq type='set' id='i' from='alice@example.org/x' to='sms.example.org'><q xmlns='urn:boom'/></iq>`)
		if got := r.drain(); len(got) != 1 || !strings.Contains(got[0], "internal-server-error") {
			t.Errorf("the IQ was answered by %q", got)
		}
		r.g.disco = nil // whoever shows presence panics
		r.receive(t, presence("subscribe", alice, phoneJID))
		r.give(sms("fine")) // the others live on
		r.receive(t, text("t", "fine, too"))
		if got := r.texts(); len(got) != 1 {
			t.Errorf("sent %q", got)
		}
		if n, p := r.store.count(); n != 0 || p != 0 {
			t.Errorf("%d records, %d rows are left", n, p)
		}
		if q := r.store.state.quarantined; len(q) != 1 || q[0].Record.Kind != mapping.FromXMPP || !strings.Contains(q[0].Reason, "panic") {
			t.Errorf("quarantine: %+v", q)
		}
		r.g.disco = newDiscoInfo(r.g)
	})
	inBubble(t, func(r *timeless) {
		r.g.early = nil // a receipt that nobody knows panics
		r.give(delivered("nobody"))
		r.give(sms("fine"))
		if got := r.bodies(); len(got) != 1 || r.g.flights.inbound != 0 {
			t.Errorf("shown %q, %d inbound", got, r.g.flights.inbound)
		}
		if q := r.store.state.quarantined; len(q) != 1 || q[0].Record.Kind != mapping.FromNetwork {
			t.Errorf("quarantine: %+v", q)
		}
		r.g.early = newEarlyReceipts()
	})
}

func TestOnlyTheAllowed(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.g.SetPolicy(Policy{Allow: []string{"other.example"}})
		if _, ok, err := r.g.Owner(t.Context(), number); ok || err != nil {
			t.Error("the number of an account that is not allowed has an owner")
		}
		r.give(sms("unwanted"))
		r.receive(t, text("t", "unwanted"))
		got := r.drain()
		if len(got) != 1 || !strings.Contains(got[0], "not-allowed") || len(r.texts()) != 0 {
			t.Errorf("told %q", got)
		}
		r.receive(t, `<iq type='set' id='u' from='alice@example.org/x' to='sms.example.org'><query xmlns='jabber:iq:register'><remove/></query></iq>`)
		if got := r.drain(); len(got) != 4 || !strings.Contains(got[0], "type='result'") { // whoever is in may leave
			t.Errorf("unregistering was answered by %q", got)
		}
	})
}

func TestTextsBehindAStuckOneAreParked(t *testing.T) {
	inBubble(t, func(r *timeless) {
		release := make(chan struct{})
		r.bridge.OnSend(func(_ context.Context, m bridges.Message) ([]bridges.MessageID, error) {
			if m.Text == "one" {
				<-release
			}
			return []bridges.MessageID{bridges.MessageID(m.Text)}, nil
		})
		for _, x := range []string{"one", "two", "three"} {
			r.receive(t, text(x, x))
		}
		time.Sleep(20 * time.Second)
		if n, p := r.store.count(); n != 1 || p != 2 {
			t.Errorf("%d journalled, %d parked", n, p)
		}
		close(release)
		time.Sleep(time.Second)
		if got := strings.Join(r.texts(), " "); got != "one two three" {
			t.Errorf("sent %q", got)
		}
	})
}

func TestUnregisterAnswersWhatIsParked(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.bridge.OnSend(away)
		r.receive(t, text("1", "one"))
		r.receive(t, text("2", "two"))
		time.Sleep(20 * time.Second)
		r.receive(t, text("3", "three"))
		r.receive(t, `<iq type='set' id='u' from='alice@example.org/x' to='sms.example.org'><query xmlns='jabber:iq:register'><remove/></query></iq>`)
		time.Sleep(time.Hour)
		all := strings.Join(r.drain(), "\n")
		for _, id := range []string{"1", "2", "3"} {
			if n := strings.Count(all, "type='error'><error type='auth'"); n != 3 || strings.Count(all, "id='"+id+"'") != 1 {
				t.Errorf("%s: %s", id, all)
			}
		}
		if n, p := r.store.count(); n != 0 || p != 0 || len(r.g.router.users) != 0 || r.g.router.unsettled != 0 {
			t.Errorf("%d records, %d rows, %d users are left", n, p, len(r.g.router.users))
		}
	})
}

func TestRepetitionThatWaitsLong(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.receive(t, text(lasting("1"), "one"))
		synctest.Wait()
		r.bridge.OnSend(away)
		r.receive(t, text("2", "two"))
		r.receive(t, text(lasting("1"), "one")) // the client resumes, the network is away
		time.Sleep(30 * time.Minute)
		r.bridge.OnSend(nil)
		r.texts()
		r.g.Ready()
		if got := strings.Join(r.texts(), " "); got != "two" {
			t.Errorf("sent %q", got)
		}
	})
}
