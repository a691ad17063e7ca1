package sms

import (
	"os"
	"regexp"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// Every counter exists before its first event, or alerts on growth miss it:
// those of all constants in these files.
func TestCountersFromTheStart(t *testing.T) {
	m := newMetrics(prometheus.NewRegistry())
	m.count("main")
	for file, c := range map[string]struct {
		constant string
		counter  prometheus.Collector
	}{
		"metrics.go":   {`(?m)^\tin[A-Z]\w+ += "`, m.incoming},
		"smpp/smpp.go": {`(?m)^\t\w+ +Event = "`, m.events},
	} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want := len(regexp.MustCompile(c.constant).FindAll(source, -1))
		if n := testutil.CollectAndCount(c.counter); n != want || n == 0 {
			t.Errorf("%s has %d events, there are %d counters", file, want, n)
		}
	}
}
