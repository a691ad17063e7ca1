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
	for _, result := range []string{inText, inPart, inReceipt, inOnItsWay, inUnreadable, inNobody, inLost, inRefused} {
		m.incoming.WithLabelValues(result) // an alert on growth misses the event that makes a counter
	}
	r.MustRegister(m.events, m.incoming)
	return m
}

// count returns what counts the events of a connector.
func (m *metrics) count(connector string) func(smpp.Event) {
	counters := map[smpp.Event]prometheus.Counter{}
	for _, e := range smpp.Events {
		counters[e] = m.events.WithLabelValues(connector, string(e))
	}
	return func(e smpp.Event) { counters[e].Inc() }
}
