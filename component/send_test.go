package component

import (
	"context"
	"errors"
	"strings"
	"testing"

	"causeway/component/stanza"
)

// TestSendRefuses names what never reaches a server: it would end the stream
// for every user (0114.6, .12, .13).
func TestSendRefuses(t *testing.T) {
	const user = "u@example.org"
	for _, c := range []struct {
		name          string
		kind          stanza.Kind
		from, to, typ string
		want          error
	}{
		{"0114.6 the domain", stanza.Message, testDomain, user, "chat", nil},
		{"0114.6 a contact", stanza.Message, "c@" + testDomain, user, "", nil},
		{"0114.6 any resource", stanza.Presence, "c@" + testDomain + "/x y/@", user + "/r", "unavailable", nil},
		{"0114.6 no from", stanza.Message, "", user, "", ErrAddress},
		{"0114.12 other domain", stanza.Message, "c@other.example", user, "", ErrAddress},
		{"0114.12 part of the domain", stanza.Message, "c@x" + testDomain, user, "", ErrAddress},
		{"0114.12 under the domain", stanza.Message, "c@x." + testDomain, user, "", ErrAddress},
		{"0114.12 domain in the resource", stanza.Message, "example.org/c@" + testDomain, user, "", ErrAddress},
		{"0114.12 domain in the localpart", stanza.Message, testDomain + "@example.org", user, "", ErrAddress},
		{"0114.12 two at signs", stanza.Message, "a@b@" + testDomain, user, "", ErrAddress},
		{"0114.12 empty localpart", stanza.Message, "@" + testDomain, user, "", ErrAddress},
		{"0114.12 empty resource", stanza.Message, testDomain + "/", user, "", ErrAddress},
		{"0114.12 forbidden in a localpart", stanza.Message, "a&b@" + testDomain, user, "", ErrAddress},
		{"0114.12 space", stanza.Message, "a b@" + testDomain, user, "", ErrAddress},
		{"0114.12 nothing left", stanza.Message, "\x01@" + testDomain, user, "", ErrAddress},
		{"0114.12 no UTF-8", stanza.Message, "\xff@" + testDomain, user, "", ErrAddress},
		{"0114.12 noncharacter", stanza.Message, "\uFFFE@" + testDomain, user, "", ErrAddress},
		{"0114.12 resource of nothing", stanza.Message, testDomain + "/\x1f", user, "", ErrAddress},
		{"0114.12 long localpart", stanza.Message, strings.Repeat("a", 1024) + "@" + testDomain, user, "", ErrAddress},
		{"0114.12 long resource", stanza.Message, testDomain + "/" + strings.Repeat("a", 1024), user, "", ErrAddress},
		{"0114.13 no to", stanza.Message, testDomain, "", "", ErrAddress},
		{"0114.13 to of nothing", stanza.Message, testDomain, "\x01", "", ErrAddress},
		{"type of a message", stanza.Message, testDomain, user, "get", ErrType},
		{"type of presence", stanza.Presence, testDomain, user, "available", ErrType},
		{"type of an IQ", stanza.IQ, testDomain, user, "", ErrType},
		{"no kind", 0, testDomain, user, "", ErrType},
		{"0478.2 too large", stanza.Message, testDomain, user + strings.Repeat("a", 512<<10), "", ErrTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			s := r.up()
			o := &stanza.Out{Kind: c.kind, From: c.from, To: c.to, Type: c.typ}
			if err := r.Send(t.Context(), o, Key{}); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			r.send("next", 0)
			if n := s.Next(); c.want == nil && (n.Attr["from"] != c.from || n.Attr["to"] != c.to || n.Attr["id"] == "") {
				t.Error("got", n)
			} else if c.want != nil && n.Attr["id"] != "next" {
				t.Error("was written:", n)
			}
		})
	}
}

// One forbidden character would end the stream for everybody: each field is
// without them on the wire.
func TestSendDrops(t *testing.T) {
	r := newRig(t)
	s := r.up()
	const bad = "a\x00\x01\x08\x0b\x0c\x0e\x1f\uFFFE\uFFFF\xed\xa0\x80\xffb"
	o := &stanza.Out{Kind: stanza.Message, From: testDomain, To: "u@example.org", ID: bad, Type: "chat", Lang: bad}
	o.Payload.Leaf("body", "", "<&>'\"]]>"+bad+"\t\n\r").Start("x", "urn:x", "file", bad).Leaf("y", "", bad)
	if err := r.Send(t.Context(), o, Key{}); err != nil {
		t.Fatal(err)
	}
	n := s.Receive("<message from='" + testDomain + "' to='u@example.org' id='ab' type='chat'>" +
		"<body>*</body><x xmlns='urn:x' file='ab'><y>ab</y></x></message>")
	if got := n.Child("", "body").Text; got != "<&>'\"]]>ab\t\n\r" {
		t.Errorf("6120.3: %q", got)
	}
}

// A stanza of just the limit passes, one byte more does not (0478.2). The limit
// is above the size of the link's own pings, which come back.
func TestSendLimit(t *testing.T) {
	r := newRig(t)
	long := strings.Repeat("x", 1000)
	r.c.MaxStanza = len(message("1", long).Append(nil))
	s := r.up()
	if err := r.Send(t.Context(), message("1", long), Key{}); err != nil {
		t.Error(err)
	}
	for _, key := range []Key{{}, {Cycle: 1}} {
		if err := r.Send(t.Context(), message("1", long+"!"), key); !errors.Is(err, ErrTooLarge) {
			t.Error(err)
		}
	}
	r.send("2", 0)
	s.Receive(strings.Replace(sent("1"), "text", long, 1))
	s.Receive(sent("2"))
}

func TestSendWhileDown(t *testing.T) {
	r := newRig(t)
	if err := r.Send(t.Context(), message("lost", "text"), Key{}); !errors.Is(err, ErrDown) {
		t.Error("without a key:", err)
	}
	r.send("kept", 1)
	s := r.up()
	s.Receive(sent("kept"))
	r.cancel(nil)
	for s.Next().Local != "end" {
	}
	s.End()
	<-r.done
	r.done <- nil
	for _, key := range []Key{{}, {Cycle: 2}} {
		if err := r.Send(t.Context(), message("late", "text"), key); !errors.Is(err, ErrDown) {
			t.Error("after Run:", err)
		}
	}
}

// Send blocks when too much is under way, until its ctx ends or there is room.
func TestSendBlocks(t *testing.T) {
	r := newRig(t)
	r.start()
	s := r.srv.AcceptRaw()
	s.HoldPings() // before the first comes
	s.Handshake("1", testSecret)
	r.rec.want("up")
	ping := s.Next()
	s.Next()
	for i := range int(firstWindow) {
		r.send("m", uint64(i+1))
	}
	cause := errors.New("the cause")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if err := r.Send(ctx, message("full", "text"), Key{Cycle: 1 << 40}); !errors.Is(err, cause) {
		t.Error("got", err)
	}
	done := make(chan error)
	go func() { done <- r.Send(t.Context(), message("room", "text"), Key{Cycle: 1 << 40}) }()
	s.AnswerPing(ping)
	for ping = s.Next(); ping.Local == "message"; ping = s.Next() {
	}
	s.AnswerPing(ping)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestConfig(t *testing.T) {
	good := Config{Domain: testDomain, Address: "127.0.0.1:1", Secret: "s"}
	for name, change := range map[string]func(*Config){
		"domain":     func(c *Config) { c.Domain = "" },
		"a contact":  func(c *Config) { c.Domain = "a@" + testDomain },
		"upper case": func(c *Config) { c.Domain = "SMS.example.org" },
		"address":    func(c *Config) { c.Address = "" },
		"secret":     func(c *Config) { c.Secret = "" },
	} {
		c := good
		change(&c)
		if err := New(c, nil, nil).Run(t.Context()); err == nil {
			t.Error(name, "is taken")
		}
	}
}
