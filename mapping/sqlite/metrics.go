package sqlite

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// health says, once a change, whether the store can write.
type health struct {
	log      *slog.Logger
	now      func() time.Time
	writable prometheus.Gauge
	commits  prometheus.Counter
	seconds  prometheus.Histogram
	dropped  prometheus.Counter

	mu    sync.Mutex
	since time.Time // of the last change
	why   error     // it cannot write; nil while it can
}

func newHealth(o Options) *health {
	h := &health{
		log: o.Log, now: o.Now, since: o.Now(),
		writable: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "causeway_store_writable", Help: "1 while the store can write, 0 while everything waits for it.",
		}),
		commits: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "causeway_store_commits_total", Help: "Transactions written to the store.",
		}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "causeway_store_commit_seconds", Help: "Time of a transaction, to the disk.",
			Buckets: []float64{.0003, .001, .003, .01, .03, .1, .3, 1, 3},
		}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "causeway_store_dropped_total", Help: "Changes written behind that the store refused for good.",
		}),
	}
	h.writable.Set(1)
	if o.Metrics != nil {
		o.Metrics.MustRegister(h.writable, h.commits, h.seconds, h.dropped)
	}
	return h
}

func (h *health) committed(took time.Duration) {
	h.commits.Inc()
	h.seconds.Observe(took.Seconds())
	if before, changed := h.change(nil); changed {
		h.log.Info("store writes again", "after", h.now().Sub(before).Round(time.Millisecond))
		h.writable.Set(1)
	}
}

func (h *health) failed(path string, err error) {
	if _, changed := h.change(fmt.Errorf("%s cannot be written: %w", path, err)); changed {
		h.writable.Set(0)
		h.log.Error("store cannot write: nothing is accepted until it can", "file", path, "err", err)
	}
}

// change notes whether the store can write. It tells whether that is news, and
// since when it was otherwise.
func (h *health) change(why error) (before time.Time, changed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	before, changed = h.since, (why == nil) != (h.why == nil)
	if changed {
		h.since = h.now()
	}
	h.why = why
	return before, changed
}

// State implements mapping.Reporter.
func (s *Store) State() (since time.Time, err error) {
	s.health.mu.Lock()
	defer s.health.mu.Unlock()
	return s.health.since, s.health.why
}

// refused notes a change behind that can never be written.
func (h *health) refused(err error) {
	h.dropped.Inc()
	h.log.Error("store refuses a change", "err", err)
}
