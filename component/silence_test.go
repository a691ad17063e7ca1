package component

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/cmd/lab/proxy"
)

// TestGivenUp loses one direction of the way to a real server for longer than
// the link waits for a sign of life. What was settled before comes once, and the
// rest once or twice with the same id, in order. The wait is shorter here than
// the usual two minutes.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	for kind, start := range lab.Servers {
		for name, w := range map[string]proxy.Way{"way up": proxy.Up, "way down": proxy.Down} {
			t.Run(kind+" "+name, func(t *testing.T) {
				t.Parallel()
				givenUp(t, start(t, peer.Options{Bare: true}), w)
			})
		}
	}
}

func givenUp(t *testing.T, s *lab.Server, w proxy.Way) {
	p, err := proxy.Listen(s.Component, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	rec := newRecorder(t)
	l := New(Config{
		Domain: "sms.localhost", Address: p.Address(), Secret: peer.Secret, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}, rec, &memory{})
	l.t.silence = 8 * time.Second                         // of a busy server, too
	l.t.slow = [2]time.Duration{time.Second, time.Second} // Prosody has not seen the last connection go: conflict
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	defer func() {
		cancel()
		<-done
	}()
	rec.want("up")
	alice := lab.Slixmpp(t, s, "alice")
	alice.Wait("her own presence", func(e peer.Event) bool {
		return e.Event == "presence" && strings.HasPrefix(e.From, "alice@localhost/")
	})

	send := func(first, last int) {
		for n := first; n <= last; n++ {
			o := message(fmt.Sprint("m", n), "text")
			o.From, o.To = "c@sms.localhost", "alice@localhost"
			if err := l.Send(ctx, o, Key{Cycle: uint64(n)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	send(1, 3)
	settled(rec, 3)
	if err := p.Lose(w); err != nil {
		t.Fatal(err)
	}
	send(4, 9)
	rec.want("down")
	if err := p.Heal(); err != nil {
		t.Fatal(err)
	}
	settled(rec, 6)
	send(10, 10)
	inOrder(t, alice, 3, 10)
}

// inOrder wants m1 to the last, in order, and those after once no more than
// twice.
func inOrder(t *testing.T, alice *lab.Client, once, last int) {
	t.Helper()
	came := map[string]int{}
	before := 0
	alice.Wait("the last", func(e peer.Event) bool {
		n := 0
		if _, err := fmt.Sscanf(e.ID, "m%d", &n); err != nil || e.Event != "message" {
			return false
		}
		if came[e.ID]++; came[e.ID] == 1 && n != before+1 {
			t.Errorf("m%d comes after m%d", n, before)
		}
		before = max(before, n)
		return n == last
	})
	for n := 1; n <= last; n++ {
		if c := came[fmt.Sprint("m", n)]; c != 1 && (c != 2 || n <= once) {
			t.Errorf("m%d came %d times", n, c)
		}
	}
}

// settled waits until so many keys are.
func settled(rec *recorder, n int) {
	rec.t.Helper()
	for n > 0 {
		if e := rec.next(); e.what == "settled" {
			n -= len(e.keys)
		}
	}
}
