package sms

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/bridges/sms/smpp"
	"causeway/bridges/takeover"
	"causeway/cmd/lab"
)

// again is how long a centre waits with what was not taken.
const again = 20 * time.Millisecond

// office is a centre that others wrote, and the phone of the suite behind it. It
// hands over one part after the other, each again until it is taken, as centres do.
type office struct {
	*lab.Centre
	t     *testing.T
	parts chan map[string]any // as many as the suite has

	mu   sync.Mutex
	read []lab.CentreEvent
	said byte // texts
}

func newOffice(t *testing.T, c *lab.Centre) *office {
	o := &office{Centre: c, t: t, parts: make(chan map[string]any, 1<<16)}
	events, end := make(chan lab.CentreEvent), make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() { o.listen(events, end) })
	work.Go(func() { o.handOver(events, end) })
	t.Cleanup(func() { close(end); work.Wait() })
	return o
}

// listen keeps the texts for the phone, and tells of all else.
func (o *office) listen(events chan<- lab.CentreEvent, end <-chan struct{}) {
	for {
		var e lab.CentreEvent
		select {
		case line := <-o.Said():
			if err := json.Unmarshal(line, &e); err != nil {
				o.t.Errorf("the centre says %q", line)
				return
			}
		case <-end:
			return
		}
		if e.Event == "submit" {
			o.mu.Lock()
			o.read = append(o.read, e)
			o.mu.Unlock()
			continue
		}
		select {
		case events <- e:
		case <-end:
			return
		}
	}
}

// handOver hands over the parts, each over the newest bind until that answers.
func (o *office) handOver(events <-chan lab.CentreEvent, end <-chan struct{}) {
	var part map[string]any // that is under way
	next, retry := o.parts, make(<-chan time.Time)
	bind, tag := 0, 0
	send := func() {
		if retry = nil; part == nil || bind == 0 {
			return
		}
		tag++
		part["tag"], part["bind"] = tag, bind
		if err := o.Lines.Lines.Tell(part); err != nil {
			o.t.Error(err)
		}
	}
	for {
		select {
		case part = <-next:
			next = nil
			send()
		case <-retry:
			send()
		case e := <-events:
			switch {
			case e.Event == "bound":
				bind = e.Bind
				send()
			case e.Event != "answer" || e.Tag != tag || e.Status < 0: // the next bind gets it
			case e.Status == 0 || smpp.Status(e.Status).Class() == smpp.Permanent:
				part, next = nil, o.parts
			default:
				retry = time.After(again)
			}
		case <-end:
			return
		}
	}
}

// Texts implements bridgetest.Network.
func (o *office) Texts(from bridges.UserID) (texts []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	open := map[byte]map[byte]string{} // parts of long texts, by reference
	for _, e := range o.read {
		udh, err := hex.DecodeString(e.UDH)
		switch {
		case err != nil || "+"+e.From != string(from) || "+"+e.To != phone:
		case len(udh) != 5:
			texts = append(texts, e.Text)
		default:
			ref, total, n := udh[2], udh[3], udh[4]
			if open[ref] == nil {
				open[ref] = map[byte]string{}
			}
			open[ref][n] = e.Text
			if len(open[ref]) == int(total) {
				texts = append(texts, joined(open[ref]))
				delete(open, ref)
			}
		}
	}
	return texts
}

func joined(parts map[byte]string) string {
	var text strings.Builder
	for n := range len(parts) {
		text.WriteString(parts[byte(n+1)])
	}
	return text.String()
}

// Say implements bridgetest.Network.
func (o *office) Say(_ *testing.T, to bridges.UserID, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.said++
	for _, p := range lab.Parts(o.said, phone[1:], strings.TrimPrefix(string(to), "+"), text) {
		o.parts <- p
	}
}

// Act implements bridgetest.Acting.
func (o *office) Act(_ *testing.T, _ bridges.UserID, a bridgetest.Act) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range o.read {
		if e.Text == a.Of {
			o.parts <- lab.Reporting(e, true)
		}
	}
}

// The suite that every adapter passes, with centres that nobody here wrote.
func TestRealSuite(t *testing.T) {
	eachCentre(t, func(t *testing.T, c *lab.Centre) {
		t.Parallel()
		w, k := newWire(t, c.Address), new(takeover.Memory)
		o := newOffice(t, c)
		bridgetest.RealSuite(t, func(*testing.T) bridgetest.Adapter {
			a := adapter(w, k)
			a.Network = o
			return a
		}, 3)
	})
}
