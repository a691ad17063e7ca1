package component

import (
	"fmt"
	"strings"
	"testing"

	"causeway/component/stanza"
)

// from is a stanza of a user's to a contact.
func from(kind, attrs, inside string) string {
	return "<" + kind + " from='u@example.org/r' to='c@" + testDomain + "'" + attrs + ">" + inside + "</" + kind + ">"
}

// refusedWith is the pattern of an error in answer to such a stanza.
func refusedWith(kind, id, typ, condition string) string {
	return "<" + kind + " from='c@" + testDomain + "' to='u@example.org/r' type='error'" + id + "><error type='" + typ + "'>" +
		"<" + condition + " xmlns='" + stanza.NSError + "'/><any/></error></" + kind + ">"
}

const etherx = "http://etherx.jabber.org/streams"

var (
	badIQPattern = refusedWith("iq", " id='1'", "modify", "bad-request")
	tooMuch      = refusedWith("message", " id='1'", "modify", "policy-violation")
	tooMuchIQ    = refusedWith("iq", " id='1'", "modify", "policy-violation")
	empty        = "<a xmlns='urn:a'/>"
)

// hostile has what users and servers can send. The stream lives, the next
// stanza is handled, and the sender is told if answer is not empty.
var hostile = []struct {
	name, in string
	handled  bool
	answer   string
}{
	{"D2", from("message", " id='1'", "<error xmlns='"+etherx+"'><conflict xmlns='"+nsStreams+"'/></error>"), true, ""},
	{"D2 deep", from("message", "", "<x><stream:error xmlns:stream='"+etherx+"'/></x>"), true, ""},
	{"D2 in presence", from("presence", "", "<stream xmlns='"+etherx+"'/>"), true, ""},
	{"D2 prefix", from("message", "", "<stream:error><stream:stream/></stream:error>"), true, ""},
	{"D3", "<message from='u@example.org/r' to='👍@" + testDomain + "'><body>hi</body></message>", true, ""},
	{"D3 no JID", "<message from='@/' to='@@" + testDomain + "'/>", false, ""},
	{"D4", from("iq", " type='result' id='1'", "text"), false, ""},
	{"D5 6120.6", from("iq", " type='get' id='1'", ""), false, badIQPattern},
	{"D5 text", from("iq", " type='set' id='1'", "text"), false, badIQPattern},
	{"D5 error", from("iq", " type='error' id='1'", ""), false, ""},
	{"6120.6 two payloads", from("iq", " type='get' id='1'", empty+empty), false, badIQPattern},
	{"6120.6 type", from("iq", " type='bogus' id='1'", empty), false, badIQPattern},
	{"6120.6 no type", from("iq", " id='1'", empty), false, badIQPattern},
	{"6120.6 no id", from("iq", " type='get'", empty), false, ""},
	{"6120.7 result", from("iq", " type='result' id='1'", empty), false, ""},
	{"6120.7 error", from("iq", " type='error' id='1'", "<error/>"), false, ""},
	{"6120.7 large error", from("message", " type='error' id='1'", strings.Repeat("x", 3000)), false, ""},
	{"no from", "<message to='" + testDomain + "'><body/></message>", false, ""},
	{"global_routes", "<message from='u@example.org' to='c@other.example.org'><body/></message>", false, ""},
	{"no to", "<message from='u@example.org'><body/></message>", false, ""},
	{"message of a strange type", from("message", " type='bogus'", "<body/>"), true, ""},
	{"ejabberd 3.5.1", from("message", "", "<x xmlns='urn:q' q:y='2'/><q:z/><body>hi</body>"), true, ""},
	{"6120.11", from("message", "", "<x xmlns='urn:unknown'><y/></x><body>hi</body>"), true, ""},
	{"6120.4 size", from("message", " id='1'", strings.Repeat("x", 3000)), false, tooMuch},
	{"6120.4 size of a tag", from("message", " id='1'", "<x y='"+strings.Repeat("x", 3000)+"'/>"), false, tooMuch},
	{"6120.4 depth", from("message", " id='1'", strings.Repeat("<x>", 60)+strings.Repeat("</x>", 60)), false, tooMuch},
	{"6120.4 attributes", from("iq", " type='set' id='1'", "<x"+attributes(60)+"/>"), false, tooMuchIQ},
	{"6120.4 a skipped element", "<x>" + strings.Repeat("x", 3000) + "</x>", false, ""},
	{"0114.14", " ", false, ""},
	{"0114.14 more", "\r\n \t", false, ""},
	{"0114.15", "<stream:features/>", false, ""},
	{"a ping of a predecessor", "<iq from='" + testDomain + "' to='" + testDomain + "' type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>", false, ""},
	{"jabber:client", "<message xmlns='jabber:client' from='u@example.org/r' to='" + testDomain + "'><body>hi</body></message>", true, ""},
	{"not a stanza", "<message xmlns='urn:other' from='u@example.org/r' to='" + testDomain + "'/>", false, ""},
	{"ends do not match", from("message", "", "<a></b>"), false, ""},
	{"forbidden character", from("message", "", "<body>\x01</body>"), false, ""},
	{"attribute given twice", from("message", " id='1' id='2'", ""), false, ""},
}

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " a%d=''", i)
	}
	return b.String()
}

func TestHostile(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.c.MaxStanza, r.c.MaxDepth, r.c.MaxAttributes = 2000, 50, 50
			s := r.up()
			s.Send(c.in + chat("next"))
			if c.handled {
				if e := r.rec.want("stanza"); e.s.Raw() != c.in {
					t.Errorf("got %s", e.s.Raw())
				}
			}
			r.hears("next")
			if c.answer != "" {
				s.Receive(c.answer)
			}
			r.send("own", 0)
			s.Receive(sent("own"))
		})
	}
}

// TestRefused has what ends the stream: nobody but a broken server sends it.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, in, condition string }{
		{"6120.2 DTD", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "restricted-xml"},
		{"6120.2 DTD inside", "<message><!DOCTYPE a></message>", "restricted-xml"},
		{"6120.2 entity declaration", "<message><!ENTITY a 'b'></message>", "restricted-xml"},
		{"6120.2 comment", "<!-- -->", "restricted-xml"},
		{"6120.2 comment inside", "<message><!-- --></message>", "restricted-xml"},
		{"6120.2 processing instruction", "<?x?>", "restricted-xml"},
		{"6120.2 declaration", "<?xml version='1.0'?>", "restricted-xml"},
		{"6120.2 processing instruction inside", "<message><?x?></message>", "restricted-xml"},
		{"6120.2 undefined entity", from("message", "", "<body>&lol;</body>"), "restricted-xml"},
		{"text", "text", "bad-format"},
		{"garbage", "\x00\xff\xfe", "bad-format"},
		{"garbage in a tag", "<message <", "not-well-formed"},
		{"no name", "<\x01>", "not-well-formed"},
		{"an end of nothing", "</message>", "not-well-formed"},
		{"second header", openStream, "bad-format"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			s := r.up()
			s.Send(chat("before") + c.in + chat("behind"))
			r.hears("before")
			s.Receive("<error xmlns='" + etherx + "'><" + c.condition + " xmlns='" + nsStreams + "'/></error>")
			if n := s.Next(); n.Local != "end" {
				t.Error("got", n)
			}
			r.rec.want("down")
			r.srv.Accept()
			r.rec.want("up")
		})
	}
}

// Whatever a payload says, the sender is who the server says (From-spoofing.1),
// and nothing is unpacked (From-spoofing.2).
func TestFromSpoofing(t *testing.T) {
	const forged = "<message xmlns='jabber:client' from='victim@example.org' to='c@" + testDomain + "'><body>forged</body></message>"
	for _, c := range []struct{ name, inside string }{
		{"From-spoofing.1 addresses", "<addresses xmlns='http://jabber.org/protocol/address'><address type='ofrom' jid='victim@example.org'/></addresses>"},
		{"From-spoofing.1 from of a child", "<body from='victim@example.org'>forged</body>"},
		{"From-spoofing.2 carbons", "<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>" + forged + "</forwarded></sent>"},
		{"From-spoofing.2 archive", "<result xmlns='urn:xmpp:mam:2' id='1'><forwarded xmlns='urn:xmpp:forward:0'>" + forged + "</forwarded></result>"},
		{"From-spoofing.2 forwarded", "<forwarded xmlns='urn:xmpp:forward:0'>" + forged + "</forwarded>"},
		{"From-spoofing.3 privilege", "<privilege xmlns='urn:xmpp:privilege:2'><forwarded xmlns='urn:xmpp:forward:0'>" + forged + "</forwarded></privilege>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			s := r.up()
			s.Send(from("message", " id='1'", c.inside) + chat("next"))
			if e := r.hears("1"); e.s.From != "u@example.org/r" {
				t.Error("from", e.s.From)
			} else if text, _ := e.s.Body(); strings.HasPrefix(c.name, "From-spoofing.2") && text != "" {
				t.Error("unpacked:", text)
			}
			r.hears("next")
		})
	}
}

// ejabberd's global_routes sends a link what is another domain's: only the
// administrator can help, and is told once.
func TestForeignIsTold(t *testing.T) {
	r := newRig(t)
	s := r.up()
	foreign := "<message from='u@example.org' to='c@other.example.org'><body/></message>"
	s.Send(foreign + foreign + chat("next"))
	r.hears("next")
	r.logged("global_routes: false", "other.example.org")
	for len(r.logs) > 0 {
		if line := <-r.logs; strings.Contains(line, "global_routes") {
			t.Error("told twice")
		}
	}
}

// The order of a sender is kept (6120.12).
func TestOrder(t *testing.T) {
	r := newRig(t)
	s := r.up()
	var in strings.Builder
	for i := range 3000 {
		in.WriteString(chat(fmt.Sprint(i)))
	}
	s.Send(in.String())
	for i := range 3000 {
		r.hears(fmt.Sprint(i))
	}
}
