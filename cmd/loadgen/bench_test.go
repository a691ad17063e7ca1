package main

import (
	"flag"
	"fmt"
	"slices"
	"testing"
)

var (
	texts   = flag.Int("texts", 20_000, "texts of a round")
	apart   = flag.Bool("apart", true, "the XMPP server has a processor of its own")
	profile = flag.String("profile", "", "FILE for a processor profile of the gateway")
)

// The load that the figures are for.
const (
	window   = 256 // texts under way at once
	contacts = 200
)

var servers = []string{"prosody", "ejabberd"}

// BenchmarkRoundTrip measures durable round trips: a text from a client through
// a real XMPP server and the whole program to an SMS centre, and the delivery
// report back as a receipt. Each round is followed, on the same server, by one
// with the cheapest possible component, whose round trip is the text itself
// coming back: two stanzas through the server either way. The figures are
// medians over the rounds, processor times those of whole processes.
func BenchmarkRoundTrip(b *testing.B) {
	program, aid := programs(b)
	for _, name := range servers {
		b.Run(name, func(b *testing.B) {
			r := newRig(b, name, program, aid)
			gateway, swap := r.startGateway(), r.startSwap()
			r.round(gateway, *texts/10)
			r.round(swap, *texts/10)
			var durable, ceiling []figures
			for b.Loop() {
				durable = append(durable, r.round(gateway, *texts))
				ceiling = append(ceiling, r.round(swap, *texts))
			}
			report(b, durable, ceiling)
		})
	}
}

// BenchmarkStuck measures memory: a round of texts while a hundred more go to a
// number that the SMS centre never takes.
func BenchmarkStuck(b *testing.B) {
	program, aid := programs(b)
	for _, name := range servers {
		b.Run(name, func(b *testing.B) {
			r := newRig(b, name, program, aid)
			gateway := r.startGateway()
			r.round(gateway, *texts/10)
			gateway.load.Stuck, gateway.load.StuckCount = []string{stuckJID}, 100
			var f figures
			for b.Loop() {
				f = r.round(gateway, *texts)
			}
			m := f.memory
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(mib(m[len(m)/10]), "MiB-at-10%")
			b.ReportMetric(mib(m[len(m)/2]), "MiB-at-50%")
			b.ReportMetric(mib(m[len(m)-1]), "MiB-at-end")
			b.ReportMetric(mib(slices.Max(m)), "MiB-max")
			b.ReportMetric(f.rate, "rt/s")
		})
	}
}

// report gives the medians of the rounds.
func report(b *testing.B, durable, ceiling []figures) {
	median := func(rounds []figures, of func(figures) float64) float64 {
		var v []float64
		for _, f := range rounds {
			v = append(v, of(f))
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	time := func(process string) func(figures) float64 {
		return func(f figures) float64 { return f.time[process] }
	}
	rate := func(f figures) float64 { return f.rate }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(durable, rate), "rt/s")
	b.ReportMetric(median(ceiling, rate), "swap-rt/s")
	pair := 0
	b.ReportMetric(median(durable, func(f figures) float64 { // each by its neighbour in time
		pair++
		return f.rate / ceiling[pair-1].rate
	}), "of-swap")
	b.ReportMetric(median(durable, time("component")), "gateway-µs/rt")
	b.ReportMetric(median(ceiling, time("component")), "swap-µs/rt")
	b.ReportMetric(median(durable, time("server")), "server-µs/rt")
	b.ReportMetric(median(ceiling, time("server")), "server-swap-µs/rt")
	b.ReportMetric(median(durable, time("loadgen")), "client-µs/rt")
	b.ReportMetric(median(durable, time("centre")), "centre-µs/rt")
	b.ReportMetric(median(durable, func(f figures) float64 { return mib(f.memory[len(f.memory)-1]) }), "gateway-MiB")
	b.ReportMetric(1/median(durable, func(f figures) float64 { return f.commits }), "rt/commit")
	for i := range durable {
		b.Logf("round %d: %s; swap %s", i, durable[i], ceiling[i])
	}
}

// String is a line for the log.
func (f figures) String() string {
	return fmt.Sprintf("%.0f/s, 50%% %v, 99%% %v, µs %v, %.3f commits", f.rate, f.p50, f.p99, f.time, f.commits)
}
