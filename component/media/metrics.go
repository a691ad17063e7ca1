package media

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// The ways that files go.
const (
	wayFetch = "fetch" // from where a user links to
	wayPut   = "put"   // to a slot
	waySpool = "spool" // from a network to the disk, for a slot or a reader
	wayServe = "serve" // to who opens a link
)

// metrics count what is moved, and what is not.
type metrics struct {
	files, bytes *prometheus.CounterVec // by way
	refused      *prometheus.CounterVec // by way, reason
}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "causeway", Subsystem: "media", Name: name, Help: help,
		}, labels)
	}
	m := &metrics{
		files:   counter("files_total", "Files that began to move, by way.", "way"),
		bytes:   counter("bytes_total", "Bytes of files, by way.", "way"),
		refused: counter("refused_total", "Files that were not moved, by way and reason.", "way", "reason"),
	}
	if r != nil {
		r.MustRegister(m.files, m.bytes, m.refused)
	}
	for _, way := range []string{wayFetch, wayPut, waySpool, wayServe} {
		m.files.WithLabelValues(way)
		m.bytes.WithLabelValues(way)
		for _, reason := range reasons[way] {
			m.refused.WithLabelValues(way, reason)
		}
	}
	return m
}

// reasons are those of each way, whose counters exist from the start: an alert
// on growth misses the event that makes a counter.
var reasons = map[string][]string{
	wayFetch: {
		reasonAddress, reasonURL, reasonRedirect, reasonName, reasonCertificate, reasonStatus, reasonEncoding,
		reasonSize, reasonTime, reasonNetwork,
	},
	wayPut: {
		reasonAddress, reasonURL, reasonName, reasonCertificate, reasonStatus, reasonSize, reasonTime, reasonNetwork,
	},
	waySpool: {reasonSize, reasonDisk, reasonSource},
	wayServe: {reasonLink, reasonExpired, reasonBusy},
}

// begins counts a file, and returns what counts its bytes.
func (m *metrics) begins(way string) prometheus.Counter {
	m.files.WithLabelValues(way).Inc()
	return m.bytes.WithLabelValues(way)
}

// refuse counts err and returns what other packages see of it.
func (m *metrics) refuse(way string, err error) error {
	var r *refusal
	if !errors.As(err, &r) {
		return err
	}
	m.refused.WithLabelValues(way, r.reason).Inc()
	return r.err
}
