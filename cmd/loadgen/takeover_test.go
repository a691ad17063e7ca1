package main

import (
	"context"
	"flag"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/cmd/loadgen/client"
	"causeway/cmd/loadgen/load"
)

var rate = flag.Int("rate", 1000, "texts a second while the program is killed")

// BenchmarkTakeover kills the program under load, on a large store, with some
// thousand texts that await their receipts and while the users are greeted. It measures for how long nobody
// answers: from the kill to the first answer to one of the pings that a user
// sends every 5 ms.
func BenchmarkTakeover(b *testing.B) {
	program, aid := programs(b)
	store := filepath.Join(b.TempDir(), "causeway.db")
	seed(b, store)
	for _, name := range servers {
		b.Run(name, func(b *testing.B) {
			r := newRig(b, name, program, aid)
			_, spec, web := r.configure(store, "-delay", "4s")
			s := r.side(gatewayDomain, nil)
			p := lab.Start(b, spec)
			if err := register(b.Context(), s.load.Client, gatewayDomain); err != nil {
				b.Fatal(err)
			}
			pings := startPings(b, s.load.Client)
			s.press(b)
			var gaps []time.Duration
			for b.Loop() {
				time.Sleep(5 * time.Second) // until the load is what it shall be
				at := time.Now()
				p = kill(b, p, spec)
				awaitReady(b, web)
				gaps = append(gaps, pings.firstAfter(b, at))
			}
			slices.Sort(gaps)
			b.Log("gaps: ", gaps)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(gaps[len(gaps)/2].Microseconds())/1000, "ms-takeover")
			b.ReportMetric(float64(gaps[len(gaps)-1].Microseconds())/1000, "ms-longest")
		})
	}
}

// kill ends the worker, which the keeper starts again; where there is no keeper
// the program itself, and starts it again.
func kill(b *testing.B, p *peer.Process, spec peer.Spec) *peer.Process {
	b.Helper()
	if pid := worker(b, p); pid != p.PID() {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			b.Fatal(err)
		}
		return p
	}
	p.Kill()
	spec.Ready = nil
	return lab.Start(b, spec)
}

// press makes load until the benchmark ends. Its account is not looked at.
func (s *side) press(b *testing.B) {
	c := s.load
	c.Run, c.Window, c.Rate = "press", 4096, float64(*rate)
	ctx, cancel := context.WithCancel(b.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = load.Run(ctx, c) })
	b.Cleanup(func() { cancel(); wg.Wait() })
}

// pings are those of a user to the gateway.
type pings struct {
	mu       sync.Mutex
	answered []span // in the order of the answers
}

// span is a ping and its answer.
type span struct{ sent, came time.Time }

// startPings sends a ping every 5 ms until the benchmark ends.
func startPings(b *testing.B, c client.Config) *pings {
	b.Helper()
	c.Resource = "pings"
	cl, err := client.Dial(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	p := &pings{}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { p.read(cl) })
	wg.Go(func() {
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			select {
			case now := <-tick.C:
				_ = cl.Send("<iq type='get' to='%s' id='%d'><ping xmlns='urn:xmpp:ping'/></iq>", gatewayDomain, now.UnixNano())
			case <-done:
				return
			}
		}
	})
	b.Cleanup(func() { close(done); _ = cl.Close(); wg.Wait() })
	return p
}

// read notes the answers; an error is one of the server, for a component that
// is not there.
func (p *pings) read(cl *client.Client) {
	for {
		_, h, err := cl.Read()
		if err != nil {
			return
		}
		if sent, err := strconv.ParseInt(string(h.ID), 10, 64); err == nil && string(h.Type) == "result" {
			p.mu.Lock()
			p.answered = append(p.answered, span{time.Unix(0, sent), time.Now()})
			p.mu.Unlock()
		}
	}
}

// firstAfter returns how long after a time the first ping was answered that
// was sent then.
func (p *pings) firstAfter(b *testing.B, at time.Time) time.Duration {
	b.Helper()
	var gap time.Duration
	lab.Await(b, "an answer", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, s := range p.answered {
			if s.sent.After(at) {
				gap = s.came.Sub(at)
				return true
			}
		}
		return false
	})
	return gap
}
