package component

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"causeway/component/componenttest"
	"causeway/component/stanza"
)

// heapBound is how much the heap may grow while one case is read, whatever its
// size: a piece of the stream, a stanza of the limit, and what the collector
// has not yet taken.
const heapBound = 32 << 20

// values are those of the corpus, for a link to a fake server.
func values(asked string) map[string]string {
	return map[string]string{
		"user": "u@example.org/r", "mallory": "u@example.org", "victim": "victim@example.org",
		"domain": testDomain, "DOMAIN": strings.ToUpper(testDomain), "contact": "c@" + testDomain,
		"server": "example.org", "other": "matrix.example.org", "asked": asked,
	}
}

// TestHostile plays each case of the corpus between two stanzas: both are
// handled, a counter rises, the sender is told, memory is bounded.
func TestHostile(t *testing.T) {
	for _, c := range componenttest.Corpus(t, "testdata/hostile") {
		t.Run(c.Name, func(t *testing.T) {
			p := &played{rig: newRig(t), c: c}
			p.metrics = NewMetrics(prometheus.NewRegistry())
			p.m = p.metrics.of(testDomain)
			p.begin()
			before := p.counted()
			p.play()
			if c.Ends != "" {
				p.ended()
			} else {
				p.lives()
			}
			if got := p.counted() - before; got != 1 && c.Counter != "nothing" {
				t.Errorf("%s was counted %d times", c.Counter, got)
			}
			if p.peak > heapBound {
				t.Errorf("the heap grew by %d MiB", p.peak>>20)
			}
			p.say("own", 0)
		})
	}
}

// played is one case on a link.
type played struct {
	*rig
	c       componenttest.Hostile
	s       *componenttest.Conn
	metrics *Metrics
	asked   string // an id of ours
	handled int    // stanzas of the case

	head   bytes.Buffer // how the case begins
	writes int
	base   uint64 // of the heap
	peak   uint64 // above the base
}

// begin opens the stream; a case that names an id of ours gets that of a ping
// which nobody answers.
func (p *played) begin() {
	p.start()
	p.s = p.srv.AcceptRaw()
	p.s.HoldPings()
	p.s.Handshake("3BF96D32", testSecret)
	p.rec.want("up")
	p.asked = p.s.Next().Attr["id"]
	p.s.Next() // the ping to the other address
	p.s.Send(chat("before"))
	p.hears("before")
	runtime.GC()
	p.base = heap()
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Write gives the link a piece of the case, and looks at the heap now and then.
func (p *played) Write(b []byte) (int, error) {
	if p.head.Len() < 1<<20 {
		p.head.Write(b)
	}
	p.s.Write(string(b))
	if p.writes++; p.writes%64 == 0 {
		if h := heap(); h > p.base {
			p.peak = max(p.peak, h-p.base)
		}
	}
	return len(b), nil
}

func (p *played) play() {
	p.t.Helper()
	if err := p.c.Play(p, values(p.asked)); err != nil {
		p.t.Fatal(err)
	}
}

// counted is the counter that the case names.
func (p *played) counted() int {
	c := p.metrics.skipped.WithLabelValues(testDomain, p.c.Counter)
	switch p.c.Counter {
	case "handled":
		return p.handled
	case "ends":
		c = p.metrics.reconnects.WithLabelValues(testDomain, p.c.Ends)
	}
	return int(testutil.ToFloat64(c))
}

// lives wants the stream to go on: the next stanza is handled, and the sender
// was told what the case says, and nothing else.
func (p *played) lives() {
	p.t.Helper()
	p.s.Send(chat("behind"))
	for e := p.rec.want("stanza"); e.s.ID != "behind"; e = p.rec.want("stanza") {
		p.handled++
		if e.s.Raw() != p.head.String() {
			p.t.Errorf("handled %.200s", e.s.Raw())
		}
	}
	if p.c.Answer != "" {
		p.told()
	}
}

// told wants the error that the case says.
func (p *played) told() {
	p.t.Helper()
	n := p.s.Next()
	e := n.Child("", "error")
	if n.Attr["type"] != "error" || n.Attr["to"] != values("")["user"] || e == nil {
		p.t.Fatalf("the sender is told %.300s", n)
	}
	if text := e.Child(stanza.NSError, "text"); e.Child(stanza.NSError, p.c.Answer) == nil || text == nil || text.Text == "" {
		p.t.Errorf("the sender is told %.300s", e)
	}
	if sent, err := componenttest.Parse(p.head.String()); err == nil && n.Attr["id"] != sent.Attr["id"] {
		p.t.Errorf("the id is %.100q", n.Attr["id"]) // RFC 6120 §8.1.3
	}
}

// ended wants the stream error, and the link back on a new stream.
func (p *played) ended() {
	p.t.Helper()
	p.s.Receive("<error xmlns='" + etherx + "'><" + p.c.Ends + " xmlns='" + nsStreams + "'/></error>")
	if n := p.s.Next(); n.Local != "end" {
		p.t.Error("got", n)
	}
	p.rec.want("down")
	p.s = p.srv.Accept()
	p.rec.want("up")
	p.s.Send(chat("behind"))
	p.hears("behind")
}

// say sends a stanza of ours, which must be the next that the server gets.
func (p *played) say(id string, key uint64) {
	p.t.Helper()
	p.send(id, key)
	p.s.Receive(sent(id))
}
