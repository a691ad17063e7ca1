package stanza

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// However a stream comes, and however often another process takes over, the
// framer reports the same and never holds more than the limit.
func FuzzFramer(f *testing.F) {
	f.Add(stream, uint64(1), false)
	f.Add("<?xml version='1.0'?><stream:stream a='>'><iq/></stream:stream>", uint64(2), true)
	f.Fuzz(func(t *testing.T, in string, seed uint64, header bool) {
		want := collect(NewFramer(small, header), in, whole)
		r := rand.New(rand.NewPCG(seed, 0))
		equal(t, "pieces", collect(NewFramer(small, header), in, func() int { return 1 + r.IntN(9) }), want)
		cut := int(seed % uint64(len(in)+1))
		first := NewFramer(small, header)
		got := collect(first, in[:cut], whole)
		if first.err == nil {
			next := NewFramer(small, !header)
			if err := next.Restore(first.State(nil), first.Tail()); err != nil {
				t.Fatal(err)
			}
			got = append(got, collect(next, in[cut:], whole)...)
		}
		equal(t, fmt.Sprint("taken over at ", cut), got, want)
	})
}

// A damaged state is refused or gone on from; it never panics.
func FuzzRestore(f *testing.F) {
	for _, cut := range []int{0, 20, 70, 200, 260, 330} {
		fr := NewFramer(small, false)
		collect(fr, stream[:cut], whole)
		f.Add(string(fr.State(nil)), string(fr.Tail()), stream[cut:])
	}
	f.Fuzz(func(_ *testing.T, state, tail, rest string) {
		fr := NewFramer(small, false)
		if fr.Restore([]byte(state), []byte(tail)) == nil {
			collect(fr, rest, whole)
		}
	})
}

// Parse and encoding/xml read the same, and refuse the same but for what is
// listed in stricter and looser.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		chat, benchStanza, "<iq><a b='\r\n&#13;'>x\r\ny\r<![CDATA[\r\n]]></a></iq>",
		"<iq xmlns:q='urn:q' xmlns='jabber:client'><q:a xmlns='' q:b='1'/><b xmlns:q='u'><q:c/></b></iq>",
		"<message xmlns:a='b'><é a:é='1'>&#x10FFFF;</é></message>", "<presence><q:a q:b='1'/></presence>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		e, err := ParseElement([]byte(in))
		want, wantErr := byEncodingXML(in)
		switch {
		case err != nil:
			if wantErr == nil && !stricter(err) {
				t.Fatalf("refused: %v; encoding/xml reads %q", err, want)
			}
			return
		case wantErr != nil:
			if !looser(wantErr) {
				t.Fatalf("taken, but encoding/xml says %v", wantErr)
			}
		case tree(e, false) != want:
			t.Fatalf("read\n%q, encoding/xml\n%q", tree(e, false), want)
		}
		checkCopy(t, e)
	})
}

// checkCopy copies an element to another place: it has to mean the same there.
func checkCopy(t *testing.T, e Element) {
	var w Writer
	w.Start("x", "urn:x").Copy(e).Text("y")
	out := string(w.Bytes())
	x, err := ParseElement(w.Bytes())
	if err != nil {
		t.Fatalf("copy %q: %v", out, err)
	}
	if _, err := byEncodingXML(out); err != nil && !looser(err) {
		t.Fatalf("copy %q: encoding/xml says %v", out, err)
	}
	got := ""
	for c := range x.Children() {
		got += tree(c, true)
	}
	if _, local := e.Name(); strings.Contains(local, ":") {
		if got != "" {
			t.Fatalf("copied without its namespace: %q", out)
		}
	} else if want := tree(e, true); got != want {
		t.Fatalf("copy %q reads\n%q, want\n%q", out, got, want)
	}
}

// stricter has what Parse refuses and encoding/xml does not.
func stricter(err error) bool {
	var e *SyntaxError
	if !errors.As(err, &e) {
		return false
	}
	switch e.Text {
	case "comment or DTD", "processing instruction": // RFC 6120 §11.1
	case "attribute given twice", "no space before an attribute": // XML 1.0 §3.1
	case "undefined entity": // a reference to a surrogate, which it reads as U+FFFD
	case "bad element name", "bad attribute name": // it takes names that begin with '.' or '-' after a prefix
	case "bad start tag": // "< a/>"
	case "no element at the start", "more than one element": // Parse reads exactly one
	default:
		return false
	}
	return true
}

// looser has what encoding/xml refuses and Parse does not: it has the names of
// the fourth edition of XML 1.0, not of the fifth, and no name with two colons.
func looser(err error) bool {
	for _, s := range []string{"invalid XML name", "expected element name after <", "expected attribute name in element"} {
		if strings.Contains(err.Error(), s) {
			return true
		}
	}
	return false
}

// tree describes an element; without says to leave out what has a prefix that
// is not declared.
func tree(e Element, without bool) string {
	space, local := e.Name()
	var b strings.Builder
	fmt.Fprintf(&b, "<%q %q", space, local)
	n := &e.s.nodes[e.i]
	for a := attrs(e.s.raw[n.start+1+uint32(n.name) : n.body]); ; {
		k, _, more := a.next()
		if !more {
			break
		}
		if k != "xmlns" && !strings.Contains(k, ":") {
			fmt.Fprintf(&b, " %s=%q", k, e.Attr(k))
		}
	}
	fmt.Fprintf(&b, " %q", e.Text())
	for c := range e.Children() {
		if _, local := c.Name(); !without || !strings.Contains(local, ":") {
			b.WriteString(tree(c, without))
		}
	}
	return b.String() + ">"
}

// refElement is an element as encoding/xml reads it.
type refElement struct {
	name     xml.Name
	attrs    []xml.Attr
	text     string
	children []*refElement
}

// byEncodingXML is tree by encoding/xml.
func byEncodingXML(in string) (string, error) {
	check := xml.NewDecoder(strings.NewReader(in))
	for {
		if _, err := check.Token(); err == io.EOF {
			break
		} else if err != nil {
			return "", err
		}
	}
	d := xml.NewDecoder(strings.NewReader(in))
	root := &refElement{}
	stack := []*refElement{root}
	for {
		tok, err := d.RawToken()
		if err == io.EOF {
			break
		} else if err != nil {
			return "", err
		}
		top := stack[len(stack)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			e := &refElement{name: tok.Name, attrs: tok.Copy().Attr}
			top.children = append(top.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(tok)
		}
	}
	if len(root.children) != 1 || root.text != "" {
		return "", errors.New("expected element name after <: not one element")
	}
	var b strings.Builder
	root.children[0].describe(&b, map[string]string{"xml": nsXML})
	return b.String(), nil
}

func (r *refElement) describe(b *strings.Builder, outer map[string]string) {
	scope := make(map[string]string)
	for k, v := range outer {
		scope[k] = v
	}
	for _, a := range r.attrs {
		switch {
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			scope[""] = a.Value
		case a.Name.Space == "xmlns" && a.Value != "" && a.Name.Local != "xml":
			scope[a.Name.Local] = a.Value
		}
	}
	space, local := own(scope[r.name.Space]), r.name.Local
	if r.name.Space == "xmlns" || r.name.Space != "" && scope[r.name.Space] == "" {
		space, local = "", r.name.Space+":"+local
	}
	if r.name.Space == "" && strings.Contains(local, ":") {
		space = "" // ":a" and "a:" have no prefix and no namespace
	}
	fmt.Fprintf(b, "<%q %q", space, local)
	for _, a := range r.attrs {
		if a.Name.Space == "" && a.Name.Local != "xmlns" && !strings.Contains(a.Name.Local, ":") {
			fmt.Fprintf(b, " %s=%q", a.Name.Local, a.Value)
		}
	}
	fmt.Fprintf(b, " %q", r.text)
	for _, c := range r.children {
		c.describe(b, scope)
	}
	b.WriteString(">")
}

// clean is what is left of a string on the wire (xeps.md 6120.3).
func clean(s string) string {
	var b strings.Builder
	for i, r := range s {
		if _, n := utf8.DecodeRuneInString(s[i:]); allowed(r) && (r != utf8.RuneError || n > 1) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Whatever a stanza is made of, both readers give its fields back (6120.1, .3).
func FuzzOut(f *testing.F) {
	f.Add("a@b", "c'd", "\x01\uFFFE", "chat", "en", "<&>\r\n\t\"]]>", "\xED\xA0\x80x")
	f.Add("", "", "", "", "", "", "")
	f.Fuzz(func(t *testing.T, from, to, id, typ, lang, body, attr string) {
		o := Out{Kind: Message, From: from, To: to, ID: id, Type: typ, Lang: lang}
		o.Payload.Leaf("body", "", body).Start("x", "urn:x", "a", attr).Text(attr).Leaf("y", "", "")
		raw := o.Append(nil)
		s, err := Parse(raw)
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		if want, err := byEncodingXML(string(raw)); err != nil || tree(s.Root(), false) != want {
			t.Fatalf("%q: encoding/xml reads %q, %v", raw, want, err)
		}
		x, _ := s.Child("urn:x", "x")
		text, _ := s.Body()
		for _, c := range [][2]string{
			{s.From, from},
			{s.To, to},
			{s.ID, id},
			{s.Type, typ},
			{s.Lang, lang},
			{text, body},
			{x.Attr("a"), attr},
			{x.Text(), attr},
		} {
			if c[0] != clean(c[1]) {
				t.Fatalf("%q: %q, want %q", raw, c[0], clean(c[1]))
			}
		}
	})
}

// Whatever is answered, the answer is well-formed, goes back and keeps the id
// (6120.7, .9).
func FuzzErrorReply(f *testing.F) {
	f.Add("<message from='a' to='b' id='1'/>", "wait", "gone", "text", "xmpp:a")
	f.Fuzz(func(t *testing.T, raw, typ, condition, text, gone string) {
		s, err := Parse([]byte(raw))
		if err != nil {
			return
		}
		e := &Error{Type: typ, Condition: condition, Text: text, Gone: gone}
		for c := range s.Children() {
			e.App.Copy(c)
			break
		}
		o, ok := e.Reply(s)
		if !ok {
			return
		}
		r, err := Parse(o.Append(nil))
		if err != nil {
			t.Fatalf("%q: %v", o.Append(nil), err)
		}
		if r.Kind != s.Kind || r.From != s.To || r.To != s.From || r.ID != s.ID || r.Type != "error" {
			t.Fatalf("%q answered by %q", raw, r.Raw())
		}
		if back := r.Err(); types[back.Condition] == "" || back.Text != clean(text) {
			t.Fatalf("%q reads as %+v", r.Raw(), back)
		}
		if _, ok := e.Reply(r); ok {
			t.Fatal("an error is answered")
		}
	})
}
