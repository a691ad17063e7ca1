package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// TestKillWorkerBesideCentres kills the worker 200 ms after it is ready, again
// and again, beside SMS centres that nobody here wrote. There each text comes
// out once and in order, and so do the answers, over one bind.
func TestKillWorkerBesideCentres(t *testing.T) {
	for name, with := range lab.Centres {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "prosody", with, "ann")
			e := &exchange{t: t, u: r.registered(t, "ann"), centre: r.centre, wanted: map[string]bool{}, done: make(chan struct{})}
			e.begin()
			kills := 0
			for over := false; !over; kills++ {
				<-time.After(alive)
				r.gateway.killWorker()
				select {
				case <-e.done:
					over = true
				default:
				}
			}
			e.finish()
			t.Logf("%d texts and as many answers, %d kills", exchanged, kills)
		})
	}
}

const exchanged = 400 // texts, and as many answers

// exchange is a user that sends texts to ten phones, each of which answers
// every text.
type exchange struct {
	t      *testing.T
	u      *user
	centre *lab.Centre
	work   sync.WaitGroup
	done   chan struct{} // the user has got all
	stop   context.CancelFunc
	err    error // of the user

	wanted map[string]bool // receipts and answers
	events []peer.Event    // of the user
	seen   []lab.CentreEvent
}

func (e *exchange) begin() {
	ctx, stop := context.WithTimeout(e.t.Context(), 2*patience)
	e.stop = stop
	for n := range exchanged {
		e.wanted["receipt "+textID(n)], e.wanted["answer "+textBody(n)] = true, true
	}
	e.work.Go(e.phones)
	e.work.Go(func() { e.send(ctx) })
	go e.listen(ctx)
}

func textID(n int) string   { return fmt.Sprint("t", n) }
func textBody(n int) string { return fmt.Sprintf("#%d to phone %d", n/10, n%10) }

func textPhone(n int) string { return fmt.Sprintf("1202555010%d", n%10) }

// send sends the texts at a steady pace, every ninth of them long, each part
// unlike those of others: parts are counted by what they say.
func (e *exchange) send(ctx context.Context) {
	beat := time.NewTicker(15 * time.Millisecond)
	defer beat.Stop()
	for n := range exchanged {
		body := textBody(n)
		if n%9 == 8 {
			body += strings.Repeat(fmt.Sprint(" and so on ", n), 30)
		}
		if err := e.u.Client.Client.Send("+"+textPhone(n)+"@"+domain, textID(n), body); err != nil {
			e.t.Error(err)
			return
		}
		select {
		case <-beat.C:
		case <-ctx.Done():
			return
		}
	}
}

// phones report and answer what comes, until the centre ends.
func (e *exchange) phones() {
	tag := 1000
	tell := func(command map[string]any) {
		tag++
		command["tag"] = tag
		_ = e.centre.Lines.Lines.Tell(command) // if it has gone, its answer is missing
	}
	for line := range e.centre.Said() {
		var got lab.CentreEvent
		if json.Unmarshal(line, &got) != nil {
			continue
		}
		e.seen = append(e.seen, got)
		if got.Event != "submit" {
			continue
		}
		tell(map[string]any{"do": "report", "from": got.To, "to": got.From, "id": got.ID, "stat": "DELIVRD", "state": 2, "err": "000"})
		if body, _, _ := strings.Cut(got.Text, " and so on"); strings.HasPrefix(body, "#") {
			tell(map[string]any{"do": "text", "from": got.To, "to": got.From, "text": body, "coding": 0, "udh": ""})
		}
	}
}

// listen is the user: done is closed when it has all that it wants.
func (e *exchange) listen(ctx context.Context) {
	defer close(e.done)
	left := maps.Clone(e.wanted)
	take := func(got peer.Event) { e.events = append(e.events, got) }
	_, e.err = e.u.Client.Client.Wait(ctx, func(got peer.Event) bool {
		delete(left, meaning(got))
		take(got)
		return len(left) == 0
	}, nil)
	if e.err != nil {
		e.err = fmt.Errorf("%w; %d are missing: %.500v", e.err, len(left), slices.Sorted(maps.Keys(left)))
	}
}

// meaning names what an event is in an exchange.
func meaning(got peer.Event) string {
	switch {
	case got.Event != "message":
		return ""
	case got.Receipt != "":
		return "receipt " + got.Receipt
	case got.Type == "error":
		return "error " + got.ID + " " + got.Text
	}
	return "answer " + got.Body
}

// finish accounts for all.
func (e *exchange) finish() {
	e.t.Helper()
	e.stop()
	if e.err != nil {
		e.t.Error(e.err)
	}
	e.u.Do(map[string]any{"do": "discover", "to": domain}) // nothing is behind its answer
	e.events = append(e.events, e.u.until("the answer to the last question", answer)...)
	if err := e.centre.Stop(); err != nil {
		e.t.Error(err)
	}
	e.work.Wait()
	e.atUser()
	e.atCentre()
}

// atUser: each receipt and each answer came once, those of a phone in order,
// and nothing else.
func (e *exchange) atUser() {
	e.t.Helper()
	came, last := map[string]int{}, map[string]int{}
	for _, got := range e.events {
		what := meaning(got)
		if came[what]++; what != "" && (came[what] > 1 || !e.wanted[what]) {
			e.t.Errorf("%s came %d times: %+v", what, came[what], got)
		}
		var n, phone int
		if _, err := fmt.Sscanf(what, "answer #%d to phone %d", &n, &phone); err != nil {
			continue
		}
		if from := got.From; n < last[from] {
			e.t.Errorf("answer %d of %s came after %d", n, from, last[from])
		} else {
			last[from] = n
		}
	}
}

// atCentre: each part of each text came once, those of a phone in order, over
// one bind, and all that it sent was accepted.
func (e *exchange) atCentre() {
	e.t.Helper()
	binds, came, last := 0, map[string]int{}, map[string]int{}
	for _, got := range e.seen {
		switch got.Event {
		case "bound":
			binds++
		case "unbound", "gone":
			e.t.Errorf("the bind has ended: %+v", got)
		case "answer":
			if got.Status != 0 {
				e.t.Errorf("the gateway answers %+v", got)
			}
		case "submit":
			key := fmt.Sprint(got.To, " ", got.UDH, " ", got.Text)
			if came[key]++; came[key] > 1 {
				e.t.Errorf("a text came %d times: %+v", came[key], got)
			}
			var n, phone int
			if _, err := fmt.Sscanf(got.Text, "#%d to phone %d", &n, &phone); err == nil {
				if n != last[got.To] {
					e.t.Errorf("text %d to %s came, and %d was due", n, got.To, last[got.To])
				}
				last[got.To] = n + 1
			}
		}
	}
	if binds != 1 {
		e.t.Errorf("%d binds", binds)
	}
}
