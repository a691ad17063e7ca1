package main

import (
	"flag"
	"slices"
	"testing"
	"time"
)

var (
	matrixTexts  = flag.Int("matrix-texts", 1000, "texts of a round with Matrix, each way")
	matrixPeople = flag.Int("matrix-people", 10, "people of Matrix that they are from and to")
	matrixPace   = flag.Duration("matrix-pace", 20*time.Millisecond, "how long an event takes a homeserver that does nothing else")
)

// BenchmarkMatrix measures what a text costs between an XMPP client and people of
// Matrix, through a real XMPP server, the whole program and a real homeserver, each
// way: processor time of whole processes, the journal included. Nobody on Matrix
// reads what comes, which would cost the homeserver more.
func BenchmarkMatrix(b *testing.B) {
	newMatrixRig(b, synapseHome, gatewayBetween).measure()
}

// BenchmarkMatrixAlone measures the same with a homeserver that does next to nothing,
// at the pace of a real one and at full pace, and beside it the cheapest program that
// does not lose texts.
func BenchmarkMatrixAlone(b *testing.B) {
	for _, c := range []struct {
		name    string
		pace    time.Duration
		between between
	}{
		{"paced/causeway", *matrixPace, gatewayBetween},
		{"paced/bare", *matrixPace, bareBetween},
		{"full/causeway", 0, gatewayBetween},
		{"full/bare", 0, bareBetween},
	} {
		b.Run(c.name, func(b *testing.B) { newMatrixRig(b, pacedHome(c.pace), c.between).measure() })
	}
}

// measure reports medians of rounds each way, after a short one.
func (m *matrixRig) measure() {
	m.round(m.up, *matrixTexts/10)
	m.round(m.down, *matrixTexts/10)
	var up, down []map[string]float64
	for m.b.Loop() {
		up = append(up, m.round(m.up, *matrixTexts))
		down = append(down, m.round(m.down, *matrixTexts))
	}
	m.b.ReportMetric(0, "ns/op")
	for way, rounds := range map[string][]map[string]float64{"to-matrix": up, "from-matrix": down} {
		for what := range rounds[0] {
			var all []float64
			for _, r := range rounds {
				all = append(all, r[what])
			}
			slices.Sort(all)
			m.b.ReportMetric(all[len(all)/2], what+"-"+way)
		}
	}
}

// round tells what a way costs.
func (m *matrixRig) round(way func(int), n int) map[string]float64 {
	m.b.Helper()
	meter, err := newMeter(m.meter)
	if err != nil {
		m.b.Fatal(err)
	}
	commits := m.metric(commitsMetric)
	stop, began := meter.watch(), time.Now()
	way(n)
	took := time.Since(began)
	stop()
	f := map[string]float64{"texts/s": float64(n) / took.Seconds(), "commits": (m.metric(commitsMetric) - commits) / float64(n)}
	for _, p := range meter.processes {
		f[p.name+"-µs"] = float64(p.used.Microseconds()) / float64(n)
	}
	return f
}

// up has alice write so many texts, somewhat slower than the homeserver can take
// them, and waits until it has told of all of them.
func (m *matrixRig) up(n int) {
	before, began := m.told(), time.Now()
	for i := range n {
		time.Sleep(time.Until(began.Add(time.Duration(i) * m.home.pace * 5 / 4)))
		m.sent++
		p := m.people[i%len(m.people)]
		if err := m.alice.Send("<message type='chat' id='u%d' to='%s\\3alocalhost@%s'><body>to %d</body></message>", m.sent, p.name, matrixDomain, m.sent); err != nil {
			m.b.Fatal(err)
		}
	}
	m.until("the homeserver has all", int64(n), func() int64 { return m.told() - before })
}

// down has people write so many texts, one after the other, and waits until alice
// has all of them.
func (m *matrixRig) down(n int) {
	before := m.came.Load()
	for i := range n {
		m.sent++
		m.home.say(m.people[i%len(m.people)], m.sent)
	}
	m.until("alice has all", int64(n), func() int64 { return m.came.Load() - before })
}

// told is how many events the program was told of.
func (m *matrixRig) told() int64 {
	if m.home.told != nil {
		return m.home.told()
	}
	return int64(m.metric(ownMetric))
}

// The counters that are asked for.
const (
	commitsMetric = "causeway_store_commits_total"
	ownMetric     = `causeway_matrix_incoming_total{bridge="matrix.localhost",result="own"}`
)

// metric asks for a counter of the program; one that counts nothing has 0.
func (m *matrixRig) metric(name string) float64 {
	m.b.Helper()
	if m.web == "" {
		return 0
	}
	return metric(m.b, m.web, name)
}

// until waits until n have come. It asks seldom, as that costs the program, too:
// about when the rest should be there.
func (m *matrixRig) until(what string, n int64, count func() int64) {
	m.b.Helper()
	began := time.Now()
	for pause := 100 * time.Millisecond; ; {
		is := count()
		switch took := time.Since(began); {
		case is >= n:
			return
		case took > 2*time.Minute:
			m.b.Fatalf("%s: %d of %d within two minutes", what, is, n)
		case is > 0:
			pause = max(pause, min(took*time.Duration(n-is)/time.Duration(is), 10*time.Second))
		}
		time.Sleep(pause)
		pause = 100 * time.Millisecond
	}
}
