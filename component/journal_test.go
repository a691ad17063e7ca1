package component

import (
	"testing"

	"causeway/component/stanza"
)

// TestLasting names what a sender believes that we have once the server has
// written it to us.
func TestLasting(t *testing.T) {
	const (
		states  = "http://jabber.org/protocol/chatstates"
		receipt = "<received xmlns='urn:xmpp:receipts' id='1'/>"
		marker  = "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>"
	)
	for _, c := range []struct {
		kind, attrs, inside string
		want                bool
	}{
		{"message", "", "<body>hi</body>", true},
		{"message", " type='groupchat'", "<subject/>", true},
		{"message", "", receipt, true},
		{"message", "", marker, true},
		{"message", "", "<x xmlns='urn:unknown'/>", true},
		{"message", "", "<active xmlns='" + states + "'/><body>hi</body>", true},
		{"message", " type='error'", "", true},
		{"message", "", "<composing xmlns='" + states + "'/>", false},
		{"message", "", "<composing xmlns='" + states + "'/><thread>1</thread><no-store xmlns='urn:xmpp:hints'/>", false},
		{"message", "", "", false},
		{"presence", " type='subscribe'", "", true},
		{"presence", " type='subscribed'", "", true},
		{"presence", " type='unsubscribe'", "", true},
		{"presence", " type='unsubscribed'", "", true},
		{"presence", "", "", false},
		{"presence", " type='unavailable'", "", false},
		{"presence", " type='probe'", "", false},
		{"presence", " type='error'", "<error/>", false},
		{"iq", " type='set' id='1'", empty, true},
		{"iq", " type='get' id='1'", empty, false},
	} {
		s, err := stanza.Parse([]byte(from(c.kind, c.attrs, c.inside)))
		if err != nil {
			t.Fatal(err)
		}
		if lasting(s) != c.want {
			t.Error(s.Raw(), "lasts:", !c.want)
		}
	}
}

// One cycle is one commit; one in which nothing must last commits nothing. The
// keys are those of the journal, and offsets cover what was read.
func TestCycles(t *testing.T) {
	r := newRig(t)
	var start readMark // of what was handled last
	r.rec.handle = func(*stanza.Stanza, Key) { start = r.readMark() }
	s := held(r)
	get := from("iq", " type='get' id='get'", empty)
	presence := from("presence", " id='presence'", "")
	s.Send(get + presence)
	for _, id := range []string{"get", "presence"} {
		if e := r.hears(id); e.key != (Key{}) {
			t.Error(id, "has the key", e.key)
		}
	}
	if c := r.j.all(); len(c) > 0 {
		t.Fatal("a commit for nothing")
	}
	begin := start
	in := chat("1") + get + chat("2") + presence + chat("3")
	s.Send(in)
	for i, id := range []string{"1", "get", "2", "presence", "3"} {
		want := Key{}
		if i%2 == 0 {
			want = Key{Cycle: 1, Index: uint32(i / 2)}
		}
		if e := r.hears(id); e.key != want {
			t.Error(id, "has the key", e.key)
		}
	}
	cycles := r.j.all()
	c := cycles[0]
	if len(cycles) != 1 || c.Conn != begin.conn || c.First != begin.offset || c.Last != begin.offset+uint64(len(in)) {
		t.Errorf("%d cycles, the first of %d from %d to %d; the mark was %d", len(cycles), c.Conn, c.First, c.Last, begin.offset)
	}
	s.Send(chat("4")[:50])
	r.send("out", 0)
	s.Receive(sent("out"))
	s.Send(chat("4")[50:])
	r.hears("4")
	if c := r.j.all()[1]; c.First != begin.offset+uint64(len(in)) || c.Last != c.First+uint64(len(chat("4"))) {
		t.Errorf("a stanza in two pieces is from %d to %d", c.First, c.Last)
	}
}
