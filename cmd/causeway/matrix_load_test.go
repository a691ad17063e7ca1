package main_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// dialogue is load both ways in one chat of alice and bob: texts with numbers, from
// when it begins until it ends.
type dialogue struct {
	*matrixRig
	t     *testing.T
	alice *user
	bob   *lab.MatrixClient
	room  string

	stop           chan struct{}
	stopping       sync.Once
	senders, heard sync.WaitGroup

	mu       sync.Mutex
	up, down side
	errors   []peer.Event // that alice got
}

// side is one direction: how many texts were sent, and which came.
type side struct {
	sent int
	came []string
}

// The texts of a dialogue, how many there are in a second at most, and how many are
// under way in a direction.
const (
	upText, downText = "up %d", "down %d"
	dialogueRate     = 15
	dialogueWindow   = 10
)

// dialogue begins one.
func (m *matrixRig) dialogue(t *testing.T) *dialogue {
	t.Helper()
	d := &dialogue{matrixRig: m, t: t, alice: m.registered("alice"), bob: lab.Nio(t, m.home, "bob", "autojoin"), stop: make(chan struct{})}
	d.alice.Send(matrixJID("bob"), "begin", "begin")
	d.room = said(d.bob, "begin")
	d.heard.Go(d.listenAlice)
	d.heard.Go(d.listenBob)
	d.senders.Go(func() { d.send(&d.up, d.sendUp) })
	d.senders.Go(func() { d.send(&d.down, d.sendDown) })
	t.Cleanup(d.silence) // when a test fails in the midst
	return d
}

// send sends in one direction until the end.
func (d *dialogue) send(s *side, text func(n int) error) {
	beat := time.NewTicker(time.Second / dialogueRate)
	defer beat.Stop()
	for {
		select {
		case <-d.stop:
			return
		case <-beat.C:
		}
		n, ok := d.next(s)
		if !ok {
			continue
		}
		if err := text(n); err != nil {
			if d.t.Context().Err() == nil {
				d.t.Error(err)
			}
			return
		}
	}
}

// next returns the number of the next text, if there is room for one.
func (d *dialogue) next(s *side) (n int, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s.sent-len(s.came) >= dialogueWindow {
		return 0, false
	}
	s.sent++
	return s.sent - 1, true
}

func (d *dialogue) sendUp(n int) error {
	return d.alice.Client.Client.Send(matrixJID("bob"), fmt.Sprint("up", n), fmt.Sprintf(upText, n))
}

func (d *dialogue) sendDown(n int) error {
	_, err := d.bob.Nio.Do(d.t.Context(), map[string]any{"do": "send", "room": d.room, "body": fmt.Sprintf(downText, n), "txn": fmt.Sprint("down", n)})
	return err
}

// listenAlice notes what comes for alice until her client ends.
func (d *dialogue) listenAlice() {
	for {
		e, err := d.alice.Client.Client.Wait(d.t.Context(), func(e peer.Event) bool {
			return e.Event == "message" && of(e, matrixJID("bob")) && (e.Body != "" || e.Type == "error")
		}, nil)
		if err != nil {
			return
		}
		d.mu.Lock()
		if e.Type == "error" {
			d.errors = append(d.errors, e)
		} else {
			d.down.came = append(d.down.came, e.Body)
		}
		d.mu.Unlock()
	}
}

// listenBob notes what comes for bob, in whatever room, until his client ends.
func (d *dialogue) listenBob() {
	for {
		e, err := d.bob.Nio.Wait(d.t.Context(), func(e peer.MatrixEvent) bool {
			return e.Event == "message" && e.Sender == aliceGhost
		}, nil)
		if err != nil {
			return
		}
		d.mu.Lock()
		d.up.came = append(d.up.came, e.Body)
		d.mu.Unlock()
	}
}

// now returns how far both directions are.
func (d *dialogue) now() (up, down side) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.up, d.down
}

// flows waits until what is sent from now on has come in both directions.
func (d *dialogue) flows() {
	d.t.Helper()
	wantUp, wantDown := d.now()
	lab.Await(d.t, fmt.Sprintf("texts %d up and %d down", wantUp.sent, wantDown.sent), func() bool {
		up, down := d.now()
		return len(up.came) > wantUp.sent && len(down.came) > wantDown.sent
	})
}

// underWay tells whether there are texts, in either direction, that have not come.
func (d *dialogue) underWay() bool {
	up, down := d.now()
	return up.sent > len(up.came) || down.sent > len(down.came)
}

// silence ends the sending.
func (d *dialogue) silence() {
	d.stopping.Do(func() { close(d.stop) })
	d.senders.Wait()
}

// finish ends the dialogue and wants all texts to have come, each once and in
// order, and nothing else.
func (d *dialogue) finish() {
	d.t.Helper()
	d.flows()
	d.silence()
	lab.Await(d.t, "all texts", func() bool { return !d.underWay() })
	for name, s := range map[string]*side{upText: &d.up, downText: &d.down} {
		d.mu.Lock()
		want := make([]string, s.sent)
		for n := range want {
			want[n] = fmt.Sprintf(name, n)
		}
		if n := firstDifference(s.came, want); n >= 0 {
			d.t.Errorf("%d texts were sent, %d came; from %d on: %q", s.sent, len(s.came), n, s.came[n:min(n+10, len(s.came))])
		}
		d.mu.Unlock()
	}
	for _, e := range d.errors {
		d.t.Errorf("alice got the error %s %s: %s", e.ID, e.Condition, e.Text)
	}
	d.t.Logf("%d texts up, %d down", d.up.sent, d.down.sent)
}

// firstDifference returns where two lists differ first; -1: nowhere.
func firstDifference(a, b []string) int {
	if slices.Equal(a, b) {
		return -1
	}
	for n := range min(len(a), len(b)) {
		if a[n] != b[n] {
			return n
		}
	}
	return min(len(a), len(b))
}
