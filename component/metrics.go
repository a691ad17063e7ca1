package component

import (
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the counters of all links of a process, by domain.
type Metrics struct {
	stanzas, bytes, skipped, dropped, reconnects *prometheus.CounterVec
	unsettled                                    *prometheus.GaugeVec
	up                                           *prometheus.GaugeVec
	commit                                       *prometheus.HistogramVec
}

// NewMetrics registers the counters.
func NewMetrics(r prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "causeway", Subsystem: "link", Name: name, Help: help,
		}, append([]string{"domain"}, labels...))
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "causeway", Subsystem: "link", Name: name, Help: help,
		}, []string{"domain"})
	}
	m := &Metrics{
		stanzas:    counter("stanzas_total", "Stanzas by direction.", "direction"),
		bytes:      counter("bytes_total", "Bytes of the stream by direction.", "direction"),
		skipped:    counter("skipped_total", "Received stanzas that were refused or skipped, by reason.", "reason"),
		dropped:    counter("dropped_total", "What was meant for the server and dropped, by reason.", "reason"),
		reconnects: counter("disconnects_total", "Ends of a stream or of an attempt, by reason.", "reason"),
		unsettled:  gauge("unsettled", "Keyed stanzas that the server has not confirmed."),
		up:         gauge("up", "1 while the stream is open."),
		commit: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "causeway", Subsystem: "link", Name: "commit_seconds",
			Help:    "Time that a read cycle waited for the journal.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 9),
		}, []string{"domain"}),
	}
	r.MustRegister(m.stanzas, m.bytes, m.skipped, m.dropped, m.reconnects, m.unsettled, m.up, m.commit)
	return m
}

// The known reasons, whose counters exist from the start: an alert on growth
// misses the event that makes a counter. Those of disconnects are stream errors
// too, of the server's or ours; with hints these are all that are known.
var (
	skippedReasons    = []string{"limit", "unknown", "not-well-formed", "no-from", foreignTo, "bad-iq", "unasked", "own", "panic", "journal", "poison"}
	droppedReasons    = []string{"reply"}
	disconnectReasons = slices.AppendSeq([]string{
		"connection", "adopt", "system-shutdown", "restricted-xml", "not-well-formed", "bad-format",
	}, maps.Keys(hints))
)

// counters are the metrics of one link. The hot ones are looked up once.
type counters struct {
	stanzasIn, stanzasOut, bytesIn, bytesOut prometheus.Counter
	skipped, dropped, ended                  func(reason string)
	unsettled, up                            prometheus.Gauge
	commit                                   prometheus.Observer
}

func (m *Metrics) of(domain string) counters {
	if m == nil {
		m = NewMetrics(prometheus.NewRegistry())
	}
	by := func(v *prometheus.CounterVec, known []string) func(string) {
		for _, reason := range known {
			v.WithLabelValues(domain, reason)
		}
		return func(reason string) { v.WithLabelValues(domain, reason).Inc() }
	}
	return counters{
		stanzasIn:  m.stanzas.WithLabelValues(domain, "in"),
		stanzasOut: m.stanzas.WithLabelValues(domain, "out"),
		bytesIn:    m.bytes.WithLabelValues(domain, "in"),
		bytesOut:   m.bytes.WithLabelValues(domain, "out"),
		skipped:    by(m.skipped, skippedReasons), dropped: by(m.dropped, droppedReasons),
		ended:     by(m.reconnects, disconnectReasons),
		unsettled: m.unsettled.WithLabelValues(domain),
		up:        m.up.WithLabelValues(domain),
		commit:    m.commit.WithLabelValues(domain),
	}
}
