package component

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// Every counter exists before its first event, or alerts on growth miss it:
// asking for one that the source names makes no other.
func TestCountersFromTheStart(t *testing.T) {
	m := NewMetrics(prometheus.NewRegistry())
	m.of("sms.example.org")
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	used := regexp.MustCompile(`\bm\.(skipped|dropped|ended)\("([^"]+)"\)|\b(drop): "([^"]+)"`)
	counters := map[string]*prometheus.CounterVec{"skipped": m.skipped, "drop": m.skipped, "dropped": m.dropped, "ended": m.reconnects}
	found := 0
	for _, f := range files {
		source, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		for _, u := range used.FindAllStringSubmatch(string(source), -1) {
			found++
			c := counters[u[1]+u[3]]
			before := testutil.CollectAndCount(c)
			if c.WithLabelValues("sms.example.org", u[2]+u[4]); testutil.CollectAndCount(c) != before {
				t.Errorf("%s: there is no counter of %s", f, u[0])
			}
		}
	}
	if found == 0 {
		t.Error("the source names none")
	}
}
