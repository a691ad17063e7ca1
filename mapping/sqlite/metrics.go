package sqlite

import (
	"log/slog"
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
	since    time.Time // of the failure; zero while all is well
}

func newHealth(o Options) *health {
	h := &health{
		log: o.Log, now: o.Now,
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
	if !h.since.IsZero() {
		h.log.Info("store writes again", "after", h.now().Sub(h.since).Round(time.Millisecond))
		h.writable.Set(1)
		h.since = time.Time{}
	}
}

func (h *health) failed(path string, err error) {
	if h.since.IsZero() {
		h.since = h.now()
		h.writable.Set(0)
		h.log.Error("store cannot write: nothing is accepted until it can", "file", path, "err", err)
	}
}

// refused notes a change behind that can never be written.
func (h *health) refused(err error) {
	h.dropped.Inc()
	h.log.Error("store refuses a change", "err", err)
}
