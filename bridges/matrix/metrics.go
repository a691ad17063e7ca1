package matrix

import (
	"github.com/prometheus/client_golang/prometheus"

	"causeway/bridges/matrix/appservice"
	"causeway/bridges/matrix/client"
)

// metrics count what passes.
type metrics struct {
	incoming *prometheus.CounterVec
	served   *prometheus.CounterVec // what the homeserver asked of us
	asked    *prometheus.CounterVec // what we asked of it
}

// What comes in, as the label of its counter.
const (
	inText    = "text"
	inRead    = "read"
	inState   = "state"
	inOwn     = "own"   // what our ghosts said
	inOther   = "other" // of a type that is not carried
	inLater   = "later" // before the ghost was there: it is read from the room
	inAgain   = "again" // it was taken before
	inNobody  = "nobody"
	inUnknown = "unknown_room"
	inAsked   = "asked"   // of the bot
	inLimited = "limited" // too much of that
	inRefused = "refused" // the gateway cannot take it now
)

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help, label string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
		r.MustRegister(c)
		return c
	}
	m := &metrics{
		incoming: counter("causeway_matrix_incoming_total", "Events from the homeserver, by what became of them.", "result"),
		served:   counter("causeway_matrix_served_total", "Requests of the homeserver, by outcome.", "outcome"),
		asked:    counter("causeway_matrix_asked_total", "Requests to the homeserver, by outcome.", "outcome"),
	}
	// An alert on growth misses the event that makes a counter.
	for _, result := range []string{inText, inRead, inState, inOwn, inOther, inLater, inAgain, inNobody, inUnknown, inAsked, inLimited, inRefused} {
		m.incoming.WithLabelValues(result)
	}
	for _, o := range appservice.Outcomes {
		m.served.WithLabelValues(string(o))
	}
	for _, o := range client.Outcomes {
		m.asked.WithLabelValues(string(o))
	}
	return m
}
