package stanza

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

var small = Limits{Size: 300, Depth: 4, Attributes: 3}

// stream is a corpus of all that may come between two servers' writes.
const stream = " <message from='a@b' to='c>d' id=\"it's\"><body>x > y]]</body></message>\n" +
	"<presence/><presence />" +
	"<iq type='get' id='&lt;1'><a><b><c/></b></a></iq>" +
	"<message id='skipped' from='d@e'><a><b><c><d/>]]<![CDATA[</message>]]]></c></b></a></message>" +
	"<iq to='x' a='1' id='skipped too' b='1' type='set'><q/></iq>" +
	"<message from='é@ü'><body>Grüße 😀 \x00<![CDATA[</body>>]] ]> ]]></body></message>" +
	"<message><error xmlns='http://etherx.jabber.org/streams'/><stream:error/></message>" +
	"<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>" +
	"</stream:stream >rest"

// collect gives the framer a stream in pieces and describes what comes out.
func collect(f *Framer, in string, piece func() int) (out []string) {
	for in != "" {
		n := min(piece(), len(in))
		f.Advance(copy(f.Space(n), in[:n]))
		in = in[n:]
		for {
			fr, ok, err := f.Next()
			if err != nil {
				var e *SyntaxError
				errors.As(err, &e)
				return append(out, e.Condition)
			}
			if !ok {
				break
			}
			out = append(out, describe(fr))
		}
		if len(f.Tail()) > f.limits.Size || len(f.buf) > f.limits.Size+n {
			return append(out, "holds too much")
		}
	}
	return out
}

func describe(fr Frame) string {
	s := fmt.Sprintf("%d %d %q %s", fr.Kind, fr.End, fr.Raw, fr.Reason)
	if h := fr.Head; h != nil {
		s += fmt.Sprintf("%d from=%s to=%s id=%s type=%s lang=%s", h.Kind, h.From, h.To, h.ID, h.Type, h.Lang)
	}
	return s
}

func whole() int { return 1 << 30 }

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Fatalf("%s:\n%s\nwant\n%s", what, g, w)
	}
}

func TestFramerKinds(t *testing.T) {
	got := collect(NewFramer(small, false), stream, whole)
	var kinds strings.Builder
	for _, s := range got {
		kinds.WriteByte(s[0])
	}
	if kinds.String() != "1111331125" {
		t.Errorf("kinds %s in\n%s", &kinds, strings.Join(got, "\n"))
	}
	for _, want := range []string{
		"nested deeper than the limit1 from=d@e to= id=skipped type= lang=",
		"more attributes than the limit3 from= to=x id=skipped too type= lang=",
		`"</stream:stream >"`,
	} {
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("not found: %s in\n%s", want, strings.Join(got, "\n"))
		}
	}
}

func TestFramerSplits(t *testing.T) {
	want := collect(NewFramer(small, false), stream, whole)
	for i := 1; i < len(stream); i++ {
		pieces := []int{i, len(stream)}
		got := collect(NewFramer(small, false), stream, func() int {
			n := pieces[0]
			pieces = pieces[1:]
			return n
		})
		equal(t, fmt.Sprint("split at ", i), got, want)
	}
	for _, size := range []int{1, 2, 3, 7} {
		equal(t, fmt.Sprint("pieces of ", size), collect(NewFramer(small, false), stream, func() int { return size }), want)
	}
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 0))
		got := collect(NewFramer(small, false), stream, func() int { return 1 + r.IntN(60) })
		equal(t, fmt.Sprint("seed ", seed), got, want)
	}
}

// A successor takes over at every byte.
func TestFramerRestore(t *testing.T) {
	want := collect(NewFramer(small, false), stream, whole)
	for i := 1; i < len(stream); i++ {
		f := NewFramer(small, false)
		got := collect(f, stream[:i], whole)
		next := NewFramer(small, false)
		next.Space(10)
		if err := next.Restore(f.State(nil), f.Tail()); err != nil {
			t.Fatalf("at %d: %v", i, err)
		}
		if next.Offset() != uint64(i) {
			t.Fatalf("Offset = %d, want %d", next.Offset(), i)
		}
		equal(t, fmt.Sprint("taken over at ", i), append(got, collect(next, stream[i:], whole)...), want)
	}
	for _, bad := range []string{"", "\x02", "\x01", string(NewFramer(small, true).State(nil)) + "x"} {
		if err := NewFramer(small, false).Restore([]byte(bad), nil); !errors.Is(err, ErrState) {
			t.Errorf("Restore(%q) = %v", bad, err)
		}
	}
}

func TestFramerHeader(t *testing.T) {
	const header = "<stream:stream xmlns='jabber:component:accept' id='>1'>"
	for _, c := range []struct{ name, in, want string }{
		{"plain", header + "<iq/>", header},
		{"declaration", "<?xml version='1.0'?>\n" + header + "<iq/>", header},
		{"6120.2 other instruction", "<?xsl version='1.0'?>" + header, restrictedXML},
		{"6120.2 late declaration", " <?xml version='1.0'?>" + header, restrictedXML},
		{"6120.2 billion laughs", "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]>" + header, restrictedXML},
		{"closed", "<stream:stream/>", notWellFormed},
		{"end first", "</stream:stream>", notWellFormed},
		{"attributes", "<s a='' b='' c='' d=''>", notWellFormed},
		{"too large", "<s a='" + strings.Repeat("x", 300) + "'>", notWellFormed},
		{"declaration too large", "<?xml " + strings.Repeat("x", 300) + "?><s>", notWellFormed},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := collect(NewFramer(small, true), c.in, whole)
			if len(got) == 0 || !strings.Contains(got[0], c.want) {
				t.Errorf("got %q, want %s", got, c.want)
			}
			equal(t, "byte by byte", collect(NewFramer(small, true), c.in, func() int { return 1 }), got)
		})
	}
}

func TestFramerRefuses(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"6120.2 DTD", "<!DOCTYPE a>", restrictedXML},
		{"6120.2 comment", "<iq><!-- ", restrictedXML},
		{"6120.2 instruction", "<?x?>", restrictedXML},
		{"6120.2 late header", "<?xml version='1.0'?>", restrictedXML},
		{"6120.2 instruction inside", "<iq><?x?></iq>", restrictedXML},
		{"6120.2 inside what is skipped", "<a><b><c><d><e><?x?>", restrictedXML},
		{"entity declaration", "<iq><!ENTITY", restrictedXML},
		{"not CDATA", "<iq><![CDATE[", restrictedXML},
		{"CDATA between", "<![CDATA[", restrictedXML},
		{"text between", "<iq/>x", badFormat},
		{"NUL between", "\x00", badFormat},
		{"no name", "<>", notWellFormed},
		{"tag in a tag", "<iq <", notWellFormed},
		{"slash", "<iq / >", notWellFormed},
		{"wrong end", "</iq>", notWellFormed},
		{"endless end", "</" + strings.Repeat("a", 400), notWellFormed},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := NewFramer(small, false)
			got := collect(f, c.in, whole)
			if len(got) == 0 || got[len(got)-1] != c.want {
				t.Fatalf("got %q, want %s", got, c.want)
			}
			if _, _, err := f.Next(); err == nil {
				t.Error("the error does not stay")
			}
		})
	}
}

// endless repeats a piece of a stanza without end.
type endless struct{ piece, rest []byte }

func (e *endless) Read(b []byte) (n int, err error) {
	for n < len(b) {
		if len(e.rest) == 0 {
			e.rest = e.piece
		}
		k := copy(b[n:], e.rest)
		n, e.rest = n+k, e.rest[k:]
	}
	return n, nil
}

// 6120.4: whatever is endless is skipped in bounded memory, and the stream lives.
func TestFramerBounded(t *testing.T) {
	const head = "<message from='a@b' id='1'"
	for _, c := range []struct {
		name, before, piece, after string
		size                       int64
	}{
		{"text of 1 GB", head + "><body>", strings.Repeat("é", 999), "</body></message>", 1 << 30},
		{"value", head + " x='", ">", "'/>", 1 << 24},
		{"100,000 attributes", head, " a='1'", "/>", 600000},
		{"nested", head + ">", "<a>", strings.Repeat("</a>", 5000) + "</message>", 15000},
		{"CDATA", head + "><![CDATA[", "]] >", "]]></message>", 1 << 24},
		{"children", head + ">", "<a></a>", "</message>", 7 << 20},
		{"white space in a tag", head, " ", "/>", 1 << 24},
		{"end tag", head + "></message", " ", ">", 1 << 24},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := NewFramer(Limits{}, false)
			in := io.MultiReader(strings.NewReader(c.before), io.LimitReader(&endless{piece: []byte(c.piece)}, c.size),
				strings.NewReader(c.after+"<presence/>"))
			frames := drain(t, f, in)
			if len(frames) != 2 || frames[1].Kind != FrameStanza {
				t.Fatalf("frames %+v", frames)
			}
			if frames[0].End < uint64(c.size) {
				t.Errorf("End = %d", frames[0].End)
			}
			if h := frames[0].Head; h == nil || h.Kind != Message || h.From != "a@b" || h.ID != "1" {
				t.Errorf("head %+v", h)
			}
			if c := cap(f.buf); c > 512<<10+128<<10 {
				t.Errorf("holds %d bytes", c)
			}
		})
	}
}

func drain(t *testing.T, f *Framer, in io.Reader) (frames []Frame) {
	for {
		n, err := in.Read(f.Space(64 << 10))
		f.Advance(n)
		for {
			fr, ok, err := f.Next()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			fr.Raw = bytes.Clone(fr.Raw)
			frames = append(frames, fr)
		}
		if err != nil {
			return frames
		}
	}
}

func TestReadStreamError(t *testing.T) {
	const conflict = "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
	for _, c := range []struct{ name, raw, want string }{
		{"0114.8 conflict", "<stream:error>" + conflict + "</stream:error>", "stream error: conflict"},
		{"text", "<x:error xmlns:x='http://etherx.jabber.org/streams'>" + conflict + "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>t</text></x:error>", "stream error: conflict: t"},
		{"0114.10 other host", "<error xmlns='http://etherx.jabber.org/streams'><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>h</see-other-host></error>", "stream error: see-other-host"},
		{"empty", "<stream:error/>", "stream error: undefined-condition"},
		{"features", "<stream:features/>", ""},
		{"own", "<error/>", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := ParseElement([]byte(c.raw))
			if err != nil {
				t.Fatal(err)
			}
			r, ok := ReadStreamError(e)
			if ok != (c.want != "") || ok && r.Error() != c.want {
				t.Errorf("got %v, %v", r, ok)
			}
		})
	}
}
