package gateway

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component"
	"causeway/component/componenttest"
	"causeway/component/stanza"
	"causeway/mapping"
)

// FuzzRead: what becomes a text has one; nothing else does.
func FuzzRead(f *testing.F) {
	f.Add("chat", "<body>x</body>")
	f.Add("groupchat", "<body xml:lang='de'>x</body><delay xmlns='urn:xmpp:delay' stamp='2001-01-01T00:00:00Z'/>")
	f.Add("chat", quoting+"<body>&gt; a\nb</body><replace xmlns='urn:xmpp:message-correct:0' id='x'/>")
	f.Add("chat", "<x xmlns='jabber:x:oob'><url>https://a.example/b</url><desc>d</desc></x><body>b</body>")
	f.Add("chat", "<file-sharing xmlns='urn:xmpp:sfs:0'>"+sources+"</file-sharing><displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>")
	f.Add("error", "<encrypted xmlns='urn:xmpp:omemo:2'><payload/></encrypted>")
	f.Fuzz(func(t *testing.T, typ, inside string) {
		if strings.ContainsAny(typ, `'"<>&`) {
			return
		}
		s, err := stanza.Parse([]byte("<message type='" + typ + "'>" + inside + "</message>"))
		if err != nil {
			return
		}
		r := read(s, time.Now())
		n := 0
		for _, set := range []bool{r.text != "", r.drop != "", r.refuse != nil} {
			if set {
				n++
			}
		}
		if n != 1 || strings.TrimSpace(r.text) == "" && r.text != "" {
			t.Errorf("%+v", r)
		}
	})
}

// FuzzDecodeIncoming: what can be read is whole, and is written as it was.
func FuzzDecodeIncoming(f *testing.F) {
	for _, e := range []bridges.Event{
		sms("hello"),
		bridges.Receipt{ID: "m", Chat: phone, State: bridges.Failed, Reason: &bridges.Error{Kind: bridges.Absent, Text: "Off."}},
		bridges.ContactChange{Person: bridges.Person{ID: phone, Name: "Zoë"}, Gone: true},
		bridges.Displayed{Chat: phone, From: phone, UpTo: "m"},
		bridges.Edit{Message: sms("new"), Of: "m"},
		bridges.Retraction{Chat: phone, From: phone, Of: "m"},
		bridges.ContactRequest{Person: phone},
		bridges.Reaction{Chat: phone, From: phone, Of: "m", Emojis: []string{"👍", ""}},
	} {
		in, err := newIncoming(bridges.Delivery{Account: alice, Event: e, Once: "o", Stream: 7}, time.Unix(1, 0).UTC())
		if err != nil {
			f.Fatal(err)
		}
		rec, err := in.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(rec.Data)
	}
	f.Add([]byte(`{"k":"message","r":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		one, err := decodeIncoming(data)
		if err != nil {
			return
		}
		head, ok := headOfEvent(mapping.Record{Kind: mapping.FromNetwork, Data: data})
		if len(data) < 64<<10 && (!ok || head.chat() != one.chat() || head.Account != one.Account) {
			t.Errorf("the head of %+v is %+v", one, head)
		}
		if nanoseconds := time.Unix(0, one.At.UnixNano()); !nanoseconds.Equal(one.At) {
			return // JSON has times beyond those that are written
		}
		rec, err := one.encode()
		if err != nil {
			t.Fatal(err)
		}
		two, err := decodeIncoming(rec.Data)
		if err != nil || one.chat() != two.chat() || !one.At.Equal(two.At) || !reflect.DeepEqual(one.Receipt, two.Receipt) || !reflect.DeepEqual(one.Change, two.Change) || !reflect.DeepEqual(one.Displayed, two.Displayed) {
			t.Errorf("%s became %s: %v", data, rec.Data, err)
		}
	})
}

// FuzzFromRecord: a stanza of ours that is read from its record is written as
// it was.
func FuzzFromRecord(f *testing.F) {
	f.Add([]byte(`<message from='a@b' to='c@d' id='1' type='chat' xml:lang='de'><body>x &amp; y</body><x:y xmlns:x='urn:x' x:z='1'/></message>`))
	f.Add([]byte(`<presence from='a' to='b'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/></presence>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		one, err := fromRecord(data)
		if err != nil {
			return
		}
		first := one.Append(nil)
		two, err := fromRecord(first)
		if err != nil {
			t.Fatalf("%q became %q: %v", data, first, err)
		}
		if second := two.Append(nil); string(second) != string(first) {
			t.Errorf("%q became %q", first, second)
		}
	})
}

// strictLink fails when it is given what is no XML, or a sign of a panic.
type strictLink struct {
	up   chan struct{}
	fail func(format string, args ...any)
}

func (l *strictLink) Run(ctx context.Context) error {
	close(l.up)
	<-ctx.Done()
	return nil
}

func (l *strictLink) Request(ctx context.Context, o *stanza.Out) (*stanza.Stanza, error) {
	return nil, errors.Join(l.Send(ctx, o, component.Key{}), component.ErrDown)
}

func (l *strictLink) Send(_ context.Context, o *stanza.Out, _ component.Key) error {
	raw := o.Append(nil)
	if _, err := stanza.Parse(raw); err != nil {
		l.fail("sends %q: %v", raw, err)
	}
	if strings.Contains(string(raw), "internal-server-error") {
		l.fail("a panic: %q", raw)
	}
	return nil
}

// FuzzControl: whatever a user asks, shows or says to the gateway itself, it
// answers in XML and without a panic.
func FuzzControl(f *testing.F) {
	for _, c := range componenttest.Corpus(f, "../testdata/hostile") {
		if c.Counter == "handled" && !strings.Contains(c.Name, "-of-64-kb") && !strings.HasPrefix(c.Name, "limit-") {
			var b strings.Builder
			if err := c.Play(&b, hostileValues); err != nil {
				f.Fatal(err)
			}
			f.Add(b.String())
		}
	}
	f.Add(`<iq type='set' id='1' from='alice@example.org/x' to='sms.example.org'><command xmlns='http://jabber.org/protocol/commands' node='unregister'/></iq>`)
	f.Add(`<message id='1' from='alice@example.org/x' to='sms.example.org'><body>register</body></message>`)
	s := &quickStore{memStore: newMemStore()}
	registered(s.memStore, alice, number)
	g := New(Config{Domain: domain, Bridge: bridgetest.New(bridgetest.SMS(), number), Store: s, Allow: []string{"example.org"}})
	l := &strictLink{up: make(chan struct{}), fail: f.Errorf}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx, l) }()
	<-l.up
	f.Cleanup(func() {
		cancel()
		<-ended
	})
	f.Fuzz(func(t *testing.T, xml string) {
		s, err := stanza.Parse([]byte(xml))
		if err != nil || s.From == "" || bare(s.To) != domain && s.Kind == stanza.Message && s.Type != "error" {
			return
		}
		l.fail = t.Errorf
		st, _ := g.stepControl(s, mapping.Key{})
		st.run(t.Context())
	})
}
