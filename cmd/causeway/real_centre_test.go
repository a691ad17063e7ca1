package main_test

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/cmd/loadgen/centre"
)

// realCentre is an SMS centre that nobody here wrote; ours keeps account for
// it, remembers what it had for the gateway when it was killed, and knows
// nothing of SMPP here.
type realCentre struct {
	*lab.Centre
	t    *testing.T
	book *centre.Centre
	hear sync.WaitGroup
	out  chan map[string]any
	last realBind // for the goroutine that hears only
}

// realBind is one bind at a real centre. What is meant for it goes over no
// other: the book delivers it again over the next, and a text that is on its way
// to the centre meanwhile would overtake those.
type realBind struct {
	*realCentre
	number int
}

// newRealCentre starts one.
func newRealCentre(t *testing.T, with peer.Interpreter, book *centre.Centre) *realCentre {
	r := &realCentre{Centre: lab.StartCentre(t, with, peer.Secret), t: t, book: book, out: make(chan map[string]any, 10_000)}
	r.serve()
	return r
}

// serve listens to the centre until it ends, and tells it what to do.
func (r *realCentre) serve() {
	lines, ended := r.Lines, make(chan struct{})
	r.hear.Go(func() {
		defer close(ended)
		for line := range lines.Said() {
			var e lab.CentreEvent
			if err := json.Unmarshal(line, &e); err != nil {
				r.t.Errorf("the centre says %q: %v", line, err)
				continue
			}
			r.heard(e)
		}
		r.book.Unbound(r.last)
	})
	r.hear.Go(func() {
		for {
			select {
			case c := <-r.out:
				if lines.Lines.Tell(c) != nil { // it is dead; the book delivers again
					return
				}
			case <-ended:
				return
			}
		}
	})
}

func (r *realCentre) heard(e lab.CentreEvent) {
	switch e.Event {
	case "bound":
		r.last = realBind{r, e.Bind}
		r.book.Bound(r.last)
	case "answer":
		if e.Status >= 0 { // else that bind has ended
			r.book.Answered(uint64(e.Tag), uint32(e.Status))
		}
	case "submit":
		octets, err := hex.DecodeString(e.Octets)
		if err != nil {
			r.t.Errorf("the centre says %+v: %v", e, err)
		}
		if e.Status == 0 {
			r.book.Submitted(e.ID, centre.Submit{
				From: e.From, To: e.To, ESMClass: byte(e.ESM), Registered: byte(e.Report), Code: byte(e.Coding), Message: octets,
			})
		}
	}
}

// Deliver implements centre.Front.
func (b realBind) Deliver(id uint64, d centre.Delivery) {
	c := map[string]any{"tag": id, "bind": b.number, "from": d.From, "to": d.To}
	text, header := string(d.Message), 0
	switch {
	case d.ESMClass&0x04 != 0:
		c["do"], c["state"], c["err"] = "report", 2, "000"
		c["id"], c["stat"] = field(text, "id:"), field(text, "stat:")
	case d.ESMClass&0x40 != 0:
		header = int(d.Message[0]) + 1
		fallthrough
	default:
		c["do"], c["coding"] = "text", 0
		c["udh"], c["text"] = hex.EncodeToString(d.Message[:header]), text[header:]
	}
	select {
	case b.out <- c:
	default:
		b.t.Error("the centre takes nothing")
	}
}

// field returns the value of a field in the text of a report.
func field(text, name string) string {
	_, rest, _ := strings.Cut(text, name)
	value, _, _ := strings.Cut(rest, " ")
	return value
}

// kill kills the centre and starts it again.
func (r *realCentre) kill() {
	r.t.Helper()
	r.Kill()
	r.hear.Wait()
	r.Restart(peer.Secret)
	r.serve()
}
