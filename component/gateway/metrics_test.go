package gateway

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
	m := NewMetrics(nil)
	m.start(domain)
	for name, c := range map[string]prometheus.Collector{"panics": m.panics, "retries": m.retries, "messages": m.messages} {
		if testutil.CollectAndCount(c) == 0 {
			t.Errorf("there is no counter of %s", name)
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	const text = `"([^"]+)"`
	for _, c := range []struct {
		used string
		*prometheus.CounterVec
	}{
		{`refused\.WithLabelValues\(g\.domain, ` + text, m.refused},
		{`bounces\.WithLabelValues\(g\.domain, ` + text, m.bounces},
		{`dropped\.WithLabelValues\(g\.domain, ` + text, m.dropped},
		{`countDropped\(` + text, m.dropped},
		{`dropIn\([a-z.]+, in, ` + text, m.dropped},
		{`\bdrop(?:: |\([a-z.]+, m, )` + text, m.dropped},
	} {
		for _, reason := range named(t, files, c.used) {
			before := testutil.CollectAndCount(c)
			if c.WithLabelValues(domain, reason); testutil.CollectAndCount(c) != before {
				t.Errorf("there is no counter of %q", reason)
			}
		}
	}
}

// named returns what the source has at the group of a pattern.
func named(t *testing.T, files []string, pattern string) (found []string) {
	t.Helper()
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		source, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(source), -1) {
			found = append(found, m[1])
		}
	}
	if len(found) == 0 {
		t.Errorf("nothing fits %s", pattern)
	}
	return found
}
