package main

import (
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/cmd/loadgen/load"
	"causeway/mapping"
	"causeway/mapping/sqlite"
)

var (
	accounts = flag.Int("accounts", 100_000, "accounts of the store that a cold start finds")
	each     = flag.Int("each", 10, "contacts of each of them")
)

// BenchmarkColdStart measures a start on a large store, up to where link and
// network are up, and what the program holds then and when it has greeted all
// accounts: 50 of them, two stanzas each, every 50 ms.
func BenchmarkColdStart(b *testing.B) {
	program, aid := programs(b)
	store := filepath.Join(b.TempDir(), "causeway.db")
	seed(b, store)
	for _, name := range servers {
		b.Run(name, func(b *testing.B) {
			r := newRig(b, name, program, aid)
			_, spec, web := r.configure(store)
			spec.Ready = nil
			var took []time.Duration
			var p *peer.Process
			for b.Loop() {
				if p != nil {
					stop(b, p)
				}
				began := time.Now()
				p = lab.Start(b, spec)
				awaitReady(b, web)
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "ms-to-ready")
			b.ReportMetric(memory(b, p), "MiB-ready")
			b.ReportMetric(metric(b, web, "go_goroutines"), "goroutines-ready")
			b.ReportMetric(greeted(b, p, web), "MiB-max")
			b.ReportMetric(memory(b, p), "MiB-greeted")
			b.ReportMetric(metric(b, web, "go_goroutines"), "goroutines-greeted")
			stop(b, p)
		})
	}
}

func stop(b *testing.B, p *peer.Process) {
	b.Helper()
	if err := p.Stop(); err != nil {
		b.Fatal(err)
	}
}

// awaitReady looks often: what it waits for takes some ten milliseconds.
func awaitReady(b *testing.B, web string) {
	b.Helper()
	is := ready(web)
	for late := time.After(time.Minute); is() != nil; time.Sleep(time.Millisecond) {
		select {
		case <-late:
			b.Fatal("not ready within a minute: ", is())
		default:
		}
	}
}

func memory(b *testing.B, p *peer.Process) float64 {
	b.Helper()
	n, err := load.Memory(worker(b, p))
	if err != nil {
		b.Fatal(err)
	}
	return mib(n)
}

// greeted waits until all accounts are greeted and what the server says to
// that is handled, and returns the most memory meanwhile.
func greeted(b *testing.B, p *peer.Process, web string) (most float64) {
	b.Helper()
	awaitStanzas(b, web, gatewayDomain, 2**accounts, func() { most = max(most, memory(b, p)) })
	return most
}

// awaitStanzas waits until so many have gone to the server for a domain, and no more
// come from it. It looks once a second, and calls each then.
func awaitStanzas(b *testing.B, web, domain string, out int, each func()) {
	b.Helper()
	stanzas := func(direction string) float64 {
		return metric(b, web, fmt.Sprintf(`causeway_link_stanzas_total{direction=%q,domain=%q}`, direction, domain))
	}
	for in, before := 0.0, -1.0; in != before; {
		time.Sleep(time.Second)
		each()
		if stanzas("out") >= float64(out) {
			in, before = stanzas("in"), in
		}
	}
}

// seed makes a store with many accounts and contacts.
func seed(b *testing.B, path string) {
	b.Helper()
	s, err := sqlite.Open(b.Context(), sqlite.Options{Path: path})
	if err != nil {
		b.Fatal(err)
	}
	for first := 0; first < *accounts; first += 1000 {
		batch := new(mapping.Batch)
		for i := first; i < min(first+1000, *accounts); i++ {
			a := mapping.Account{
				Bridge: gatewayDomain, ID: bridges.AccountID(fmt.Sprintf("user%07d@%s", i, peer.Domain)),
				Self: bridges.UserID(fmt.Sprintf("+1202%07d", i)), Created: time.Now(),
			}
			batch.PutAccounts = append(batch.PutAccounts, a)
			for n := range *each {
				batch.PutContacts = append(batch.PutContacts, mapping.Contact{
					Bridge: gatewayDomain, Account: a.ID, ID: bridges.ChatID(fmt.Sprintf("+1312555%04d", (i+n)%10_000)),
					Subscription: mapping.SeesContact | mapping.SeenByUs,
				})
			}
		}
		if err := s.Commit(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}
