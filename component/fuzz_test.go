package component

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"causeway/component/componenttest"
	"causeway/component/stanza"
)

// chunks is a source that gives a text in pieces.
type chunks struct {
	in   string
	size func() int
}

func (c *chunks) Peek(buf []byte) (int, error) {
	if c.in == "" {
		return 0, io.EOF
	}
	return copy(buf, c.in[:min(c.size(), len(c.in))]), nil
}

func (c *chunks) Consume(buf []byte) error {
	c.in = c.in[len(buf):]
	return nil
}

// diary is a Handler and Journal that writes down what it is told.
type diary struct {
	strings.Builder
	last   uint64
	cycles uint64
	wrong  string
}

func (d *diary) Up(bool)                      {}
func (d *diary) Settled(_ []Key, done func()) { done() }
func (d *diary) Down(error)                   {}

func (d *diary) Handle(s *stanza.Stanza, k Key) {
	fmt.Fprintf(d, "%s from %q to %q id %q type %q lasting %t: %q\n", s.Kind, s.From, s.To, s.ID, s.Type, k != Key{}, s.Raw())
}

func (d *diary) Append(_ context.Context, c *Cycle) (uint64, error) {
	if c.First < d.last || c.Last <= c.First || len(c.Stanzas) == 0 {
		d.wrong = fmt.Sprintf("%d stanzas from %d to %d behind %d", len(c.Stanzas), c.First, c.Last, d.last)
	}
	d.last = c.Last
	d.cycles++
	return d.cycles, nil
}

func (d *diary) Last(context.Context, uint64) (uint64, error) { return d.last, nil }

// readAll sends a text through the whole reading path and returns all that
// comes of it: what is handled, what is answered, and why it ends.
func readAll(t *testing.T, in string, suspect trial, size func() int) string {
	d := &diary{}
	l := New(Config{Domain: testDomain, MaxStanza: 300, MaxDepth: 4, MaxAttributes: 5}, d, d)
	l.out.up()
	s := l.newStream(1, nil, &chunks{in, size})
	s.barrier = newBarrier(testDomain, l.t, time.Time{}, 0)
	s.r = newReader(l, 1, 0)
	s.r.suspect = suspect
	err := s.read(context.Background())
	if d.wrong != "" {
		t.Fatal("journalled", d.wrong)
	}
	fmt.Fprintln(d, "ended:", err)
	for _, b := range l.out.queue {
		d.Write(b.data)
	}
	return d.String()
}

// small returns the bytes of a case that has few, else "".
func small(t testing.TB, c *componenttest.Hostile) string {
	b := &few{}
	if err := c.Play(b, values("1")); err != nil && !errors.Is(err, io.ErrShortBuffer) {
		t.Fatal(err)
	}
	if len(b.text) > maxSmall {
		return ""
	}
	return string(b.text)
}

const maxSmall = 1000

// few keeps what is written, as long as that is small.
type few struct{ text []byte }

func (f *few) Write(b []byte) (int, error) {
	f.text = append(f.text, b...)
	if len(f.text) > maxSmall {
		return len(b), io.ErrShortBuffer
	}
	return len(b), nil
}

// FuzzReading: in whatever pieces bytes come, the same is made of them, and
// what the link answers is XML; also when some are taken singly.
func FuzzReading(f *testing.F) {
	for _, c := range componenttest.Corpus(f, "testdata/hostile") {
		if in := small(f, &c); in != "" {
			f.Add(chat("1")+in+chat("2"), uint64(1))
		}
	}
	f.Add(from("message", " id='1'", strings.Repeat("x", 400))+from("iq", " type='get' id='1'", "")+endTag+"x", uint64(2))
	f.Add(from("message", " id='1'", "&lol;")+chat("2"), uint64(3))
	f.Add(streamError("conflict")+"<!-- -->", uint64(4))
	f.Fuzz(func(t *testing.T, in string, seed uint64) {
		want := readAll(t, in, trial{}, func() int { return len(in) })
		r := rand.New(rand.NewPCG(seed, 0))
		for _, size := range []func() int{
			func() int { return 1 },
			func() int { return 1 + r.IntN(20) },
			func() int { return 1 + r.IntN(1+len(in)) },
		} {
			if got := readAll(t, in, trial{to: uint64(r.IntN(1 + len(in))), deaths: 1}, size); got != want {
				t.Fatalf("one by one\n%s\nin one\n%s", got, want)
			}
			if got := readAll(t, in, trial{}, size); got != want {
				t.Fatalf("in pieces\n%s\nin one\n%s", got, want)
			}
		}
		answers := want[strings.LastIndex(want, "\nended:")+1:]
		_, answers, _ = strings.Cut(answers, "\n")
		f := stanza.NewFramer(stanza.Limits{}, false)
		f.Advance(copy(f.Space(len(answers)), answers))
		for fr, ok, err := f.Next(); ok || err != nil; fr, ok, err = f.Next() {
			if err == nil {
				_, err = stanza.Parse(fr.Raw)
			}
			if err != nil {
				t.Fatalf("answered %q: %v", answers, err)
			}
		}
	})
}

// FuzzAddress: an address that may stand as from is one of the domain for
// anybody else too.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{testDomain, "c@" + testDomain + "/r", "c@" + testDomain + "/a@b/c", "@" + testDomain, "a@b@" + testDomain, testDomain + "/", "+1\\20@" + testDomain} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !sendable(s, testDomain) {
			return
		}
		local, domain, resource, err := jid.SplitString(s)
		l, d, r := split(s)
		if err != nil || domain != testDomain || l != local || d != domain || r != resource {
			t.Errorf("%q: %q %q %q, %v", s, local, domain, resource, err)
		}
		if !within(s, testDomain) || !same(s, s) {
			t.Errorf("%q is not within the domain", s)
		}
	})
}
