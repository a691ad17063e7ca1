package stanza

import (
	"errors"
	"strings"
	"testing"
)

const chat = `<message from='alice@localhost/x&amp;y' to='+12025550100@sms.localhost' id='a&apos;1' type='chat' xml:lang='en'>` +
	`<body>Grüße &lt;b&gt; &#x1F44D; 😀</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/>` +
	`<request xmlns='urn:xmpp:receipts'/><ns1:x xmlns:ns1='urn:x' ns1:y='2' y='3'><ns1:z/><in xmlns='urn:in'>t</in></ns1:x></message>`

func mustParse(t testing.TB, raw string) *Stanza {
	t.Helper()
	s, err := Parse([]byte(raw))
	if err != nil {
		t.Fatalf("Parse(%.300q): %v", raw, err)
	}
	return s
}

func TestParseChat(t *testing.T) {
	s := mustParse(t, chat)
	got := []string{s.Kind.String(), s.From, s.To, s.ID, s.Type, s.Lang, s.Raw()}
	want := []string{"message", "alice@localhost/x&y", "+12025550100@sms.localhost", "a'1", "chat", "en", chat}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("field %d: %q, want %q", i, got[i], want[i])
		}
	}
	if body, ok := s.Body(); !ok || body != "Grüße <b> 👍 😀" {
		t.Errorf("Body = %q, %v", body, ok)
	}
	if e, ok := s.Child("urn:xmpp:sid:0", "origin-id"); !ok || e.Attr("id") != "o1" {
		t.Errorf("origin-id: %v, id %q", ok, e.Attr("id"))
	}
	x, _ := s.Child("urn:x", "x")
	if x.Attr("y") != "3" {
		t.Errorf("y = %q, want the one without a prefix", x.Attr("y"))
	}
	if _, ok := x.Child("urn:x", "z"); !ok {
		t.Error("z is not in the namespace of its prefix")
	}
	if in, _ := x.Child("urn:in", "in"); in.Text() != "t" {
		t.Errorf("Text = %q", in.Text())
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ name, raw, space, local string }{
		{"own", `<iq><a/></iq>`, "", "a"},
		{"client", `<iq xmlns='jabber:client'><a/></iq>`, "", "a"},
		{"component", `<iq xmlns='jabber:component:accept'><a/></iq>`, "", "a"},
		{"prefix of own", `<iq xmlns:c='jabber:client'><c:a/></iq>`, "", "a"},
		{"escaped", `<iq><a xmlns='u&amp;v'/></iq>`, "u&v", "a"},
		{"prefix further out", `<iq xmlns:q='urn:q'><q:a/></iq>`, "urn:q", "a"},
		{"xmpp-servers.md 3.5.1 unbound", `<iq><q:body/></iq>`, "", "q:body"},
		{"prefix declared empty", `<iq xmlns:q=''><q:a/></iq>`, "", "q:a"},
		{"xml", `<iq><xml:a/></iq>`, nsXML, "a"},
		{"two colons", `<iq xmlns:a='u'><a:b:c/></iq>`, "", "a:b:c"},
		{"leading colon", `<iq xmlns:='u'><:c/></iq>`, "", ":c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for e := range mustParse(t, c.raw).Children() {
				if space, local := e.Name(); space != c.space || local != c.local {
					t.Errorf("Name = %q %q, want %q %q", space, local, c.space, c.local)
				}
			}
		})
	}
}

func TestBody(t *testing.T) {
	for _, c := range []struct {
		name, raw, want string
		ok              bool
	}{
		{"none", `<message/>`, "", false},
		{"empty", `<message><body/></message>`, "", true},
		{"other namespace", `<message><body xmlns='http://www.w3.org/1999/xhtml'>x</body></message>`, "", false},
		{"unbound", `<message><q:body>x</q:body></message>`, "", false},
		{"no lang", `<message><body xml:lang='de'>d</body><body>n</body></message>`, "n", true},
		{"own lang", `<message xml:lang='EN'><body xml:lang='de'>d</body><body xml:lang='en'>e</body></message>`, "e", true},
		{"first", `<message xml:lang='en'><body xml:lang='de'>d</body><body xml:lang='fr'>f</body></message>`, "d", true},
		{"CDATA", `<message><body>a<![CDATA[<b>&amp;]]>c</body></message>`, "a<b>&amp;c", true},
		{"mixed", "<message><body>a&amp;<i>no</i>b\r\n<i/>\rc<i></i ></body></message>", "a&b\n\nc", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, ok := mustParse(t, c.raw).Body(); got != c.want || ok != c.ok {
				t.Errorf("Body = %q, %v, want %q, %v", got, ok, c.want, c.ok)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, raw, condition string }{
		{"6120.2 DTD", `<message><!DOCTYPE a></message>`, restrictedXML},
		{"6120.2 entity declaration", `<message><!ENTITY a 'b'></message>`, restrictedXML},
		{"6120.2 comment", `<message><!-- --></message>`, restrictedXML},
		{"6120.2 processing instruction", `<message><?x?></message>`, restrictedXML},
		{"6120.2 undefined entity", `<message><body>&lol;</body></message>`, restrictedXML},
		{"6120.2 in an attribute", `<message id='&lol;'/>`, restrictedXML},
		{"reference to U+0001", `<message>&#1;</message>`, notWellFormed},
		{"reference to a surrogate", `<message>&#xD800;</message>`, notWellFormed},
		{"reference too large", `<message>&#99999999999999999999;</message>`, notWellFormed},
		{"lone ampersand", `<message>a & b</message>`, notWellFormed},
		{"empty reference", `<message>&#x;</message>`, notWellFormed},
		{"NUL", "<message>\x00</message>", notWellFormed},
		{"U+FFFE", "<message>\uFFFE</message>", notWellFormed},
		{"surrogate in UTF-8", "<message>\xED\xA0\x80</message>", notWellFormed},
		{"cut UTF-8", "<message>\xC3</message>", notWellFormed},
		{"control in CDATA", "<message><![CDATA[\x01]]></message>", notWellFormed},
		{"]]>", `<message>]]></message>`, notWellFormed},
		{"end tag", `<message><a></b></message>`, notWellFormed},
		{"end tag longer", `<message><a></ab></message>`, notWellFormed},
		{"twice", `<message id='1' id="2"/>`, notWellFormed},
		{"no space", `<message id='1'to='2'/>`, notWellFormed},
		{"no quotes", `<message id=1/>`, notWellFormed},
		{"no value", `<message id/>`, notWellFormed},
		{"< in a value", `<message id='<'/>`, notWellFormed},
		{"two", `<message/><message/>`, notWellFormed},
		{"open", `<message>`, notWellFormed},
		{"empty", ``, notWellFormed},
		{"another name", `<handshake/>`, unsupportedStanza},
		{"another namespace", `<message xmlns='urn:x'/>`, unsupportedStanza},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.raw))
			var e *SyntaxError
			if !errors.As(err, &e) || e.Condition != c.condition {
				t.Errorf("error %v, want %s", err, c.condition)
			}
		})
	}
}

func TestManyAttributes(t *testing.T) {
	var b strings.Builder
	b.WriteString("<message")
	for i := range 200 {
		b.WriteString(" a" + strings.Repeat("b", i) + "='1'")
	}
	mustParse(t, b.String()+"/>")
	for _, again := range []string{"a", "abb", "a" + strings.Repeat("b", 199)} {
		if _, err := Parse([]byte(b.String() + " " + again + "='2'/>")); err == nil {
			t.Errorf("%s given twice is taken", again)
		}
	}
}

func TestZeroElement(t *testing.T) {
	var e Element
	e, ok := e.Child("", "a")
	space, local := e.Name()
	if ok || e.Text()+e.Attr("a")+space+local != "" {
		t.Error("the zero Element is not empty")
	}
	if _, ok := (&Stanza{Kind: IQ}).Child("", "a"); ok {
		t.Error("a Stanza made by hand has a child")
	}
}
