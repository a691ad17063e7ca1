package component

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"causeway/bridges/takeover"
	"causeway/component/componenttest"
)

// poisoned is a held link that gets three stanzas at once, the second of which
// kills whoever tries it.
type poisoned struct {
	*rig
	s       *componenttest.Conn
	end     uint64 // of the culprit
	metrics *Metrics
}

func newPoisoned(t *testing.T) *poisoned {
	r, _ := newHeldRig(t)
	p := &poisoned{rig: r, metrics: NewMetrics(prometheus.NewRegistry())}
	r.c.Metrics = p.metrics
	r.start()
	p.s = r.srv.AcceptRaw()
	p.s.HoldPings()
	p.s.Handshake("1", testSecret)
	r.rec.want("up")
	r.cancel(takeover.ErrHandover)
	r.ended()
	p.end = r.readMark().offset + uint64(len(chat("a")+chat("culprit")))
	p.s.Write(chat("a") + chat("culprit") + chat("b"))
	return p
}

// next runs a successor that dies at trials, and waits for its death; before
// is how many have died.
func (p *poisoned) next(before int, dies func(t trial) bool) {
	n := p.rig.successor()
	n.step = func(step string) error {
		if step != "tried" { // the writer has steps, too, and the trial is the reader's
			return nil
		}
		if b := n.note.trial.Get(); dies(trial{to: order.Uint64(b[8:]), deaths: order.Uint64(b[16:])}) {
			return errKilled
		}
		return nil
	}
	n.start()
	n.ended()
	p.rig = n
	if got := len(p.j.stanzas()); got != min(before, 1) {
		p.t.Fatalf("%d stanzas are journalled after death %d", got, before+1)
	}
}

// Three die of a stanza; the fourth skips it, tells its sender, and goes on.
// What is before and behind it is handled once.
func TestPoison(t *testing.T) {
	for deaths, answered := range map[int]bool{3: true, 4: false} {
		t.Run(fmt.Sprint(deaths), func(t *testing.T) {
			p := newPoisoned(t)
			for i := range deaths {
				p.next(i, func(t trial) bool { return t.to == p.end || i == 0 && t.to > p.end })
			}
			n := p.rig.successor()
			n.start()
			n.logged("skipped", "again and again")
			if answered {
				receive(t, p.s, "culprit")
			}
			for e := n.rec.next(); e.s == nil || e.s.ID != "b"; e = n.rec.next() {
			}
			if got := fmt.Sprint(n.j.stanzas()); got != "[a b]" {
				t.Error("journalled", got)
			}
			if c := testutil.ToFloat64(p.metrics.skipped.WithLabelValues(testDomain, "poison")); c != 1 {
				t.Error("counted", c)
			}
			p.s.Close()
		})
	}
}

// Whoever is killed while it waits for the disk has not died of what it read.
func TestNoPoison(t *testing.T) {
	p := newPoisoned(t)
	p.j.block, p.j.blocked = make(chan struct{}), make(chan struct{}, 1)
	for range 5 {
		n := p.rig.successor()
		n.start()
		<-p.j.blocked
		n.cancel(takeover.ErrHandover)
		n.ended()
		p.rig = n
	}
	close(p.j.block)
	n := p.rig.successor()
	n.start()
	for e := n.rec.next(); e.s == nil || e.s.ID != "b"; e = n.rec.next() {
	}
	if got := fmt.Sprint(n.j.stanzas()); got != "[a culprit b]" {
		t.Error("journalled", got)
	}
	p.s.Close()
}
