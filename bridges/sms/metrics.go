package sms

import (
	"github.com/prometheus/client_golang/prometheus"

	"causeway/bridges/sms/smpp"
)

// metrics count what passes.
type metrics struct {
	events   *prometheus.CounterVec // of SMPP, by connector
	incoming *prometheus.CounterVec
}

// What comes in, as the label of its counter.
const (
	inText       = "text"
	inPart       = "part"
	inReceipt    = "receipt"
	inOnItsWay   = "receipt_on_its_way" // not final, or of an unknown state
	inUnreadable = "receipt_without_id"
	inNobody     = "nobody" // a text to a number that no account has
	inLost       = "receipt_for_nobody"
	inRefused    = "refused" // the gateway cannot take it now
)

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "causeway_sms_smpp_events_total", Help: "What happened on the binds to SMS centres.",
		}, []string{"connector", "event"}),
		incoming: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "causeway_sms_incoming_total", Help: "Messages and receipts from SMS centres, by what became of them.",
		}, []string{"result"}),
	}
	r.MustRegister(m.events, m.incoming)
	return m
}

// count returns what counts the events of a connector.
func (m *metrics) count(connector string) func(smpp.Event) {
	often := map[smpp.Event]prometheus.Counter{}
	for _, e := range []smpp.Event{smpp.Submitted, smpp.Accepted, smpp.Delivered} {
		often[e] = m.events.WithLabelValues(connector, string(e)) // to look it up once
	}
	return func(e smpp.Event) {
		c := often[e]
		if c == nil {
			c = m.events.WithLabelValues(connector, string(e))
		}
		c.Inc()
	}
}
