package gateway

import (
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the counters of all gateways of a process, by component domain.
type Metrics struct {
	messages, refused, dropped, changed, retries, receipts, bounces, panics, quarantined, files *prometheus.CounterVec

	unsettled, off *prometheus.GaugeVec
}

// NewMetrics makes the counters and registers them, unless r is nil.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		messages: counter("messages_total", "Messages by direction and outcome.", "direction", "outcome"),
		refused:  counter("refused_total", "Stanzas and events answered with an error at once.", "reason"),
		dropped:  counter("dropped_total", "Stanzas and events that have no effect by rule.", "reason"),
		changed:  counter("changed_total", "Texts that differ from what the user sent, for what the network lacks.", "reason"),
		retries:  counter("retries_total", "Attempts that will be repeated."),
		receipts: counter("receipts_total", "Receipts shown to senders.", "type"),
		bounces:  counter("bounces_total", "Messages that the user's own server returned.", "outcome"),
		panics:   counter("panics_total", "Recovered panics."),

		files:       counter("files_total", "Files by direction and what became of them.", "direction", "outcome"),
		quarantined: counter("quarantined_total", "Records of the journal that were put away.", "reason"),

		unsettled: gauge("unsettled", "Messages of users that are accepted and not settled."),
		off:       gauge("off", "1 while an administrator has turned the gateway off."),
	}
	if r != nil {
		r.MustRegister(m.messages, m.refused, m.dropped, m.changed, m.retries, m.receipts, m.bounces, m.panics, m.quarantined, m.files, m.unsettled, m.off)
	}
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "causeway", Subsystem: "gateway", Name: name, Help: help,
	}, append([]string{"bridge"}, labels...))
}

func gauge(name, help string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: "causeway", Subsystem: "gateway", Name: name, Help: help,
	}, []string{"bridge"})
}

// The known values of the label of each counter. They exist from the start: an
// alert on growth misses the event that makes a counter.
var (
	refusedReasons = []string{
		"chat", "limit", "network-limit", // and conditions of messages that cannot be sent
		"not-allowed", "registration-required", "jid-malformed", "gone",
	}
	droppedReasons = []string{
		"not journalled", ownCopy, "own message", "unsendable", "unreadable record", "no answer allowed", "repetition",
		"no account", "no address", "redelivery", "before the takeover", "repetition of the network",
		"missing part", "repeated part", "part of a network that has none",
		"repeated receipt", "receipt for an unknown message",
		"no hint", "too much typing", "typing unseen", "typing to nobody",
		"too many markers", "older marker", "edit of another's message",
		"retraction of an unknown message", "retraction of another's message", "own retraction", "retraction of an edit", "blocked by the user", "reaction to an unknown message", "own reaction", "marker refused", "marker for an unknown message", "read elsewhere",
		"too many rosters", "too many clients", "too many pictures", "too many users to introduce", "too much presence", "too many probes",
	}
	fileOutcomes = map[string][]string{
		"in": {"uploaded", "linked", "told"}, "out": {"sent", "link sent"},
	}
	quarantineReasons = []string{"deaths", "panic", "unreadable"}

	bounceOutcomes = []string{"kept", "expired", "given up", "nothing to keep"}
)

// start makes the counters of a gateway, at zero.
func (m *Metrics) start(domain string) {
	m.panics.WithLabelValues(domain)
	m.retries.WithLabelValues(domain)
	m.unsettled.WithLabelValues(domain)
	m.off.WithLabelValues(domain)
	for v, reasons := range map[*prometheus.CounterVec][]string{
		m.refused: refusedReasons, m.dropped: droppedReasons, m.bounces: bounceOutcomes, m.quarantined: quarantineReasons,
	} {
		for _, r := range reasons {
			v.WithLabelValues(domain, r)
		}
	}
	for direction, outcomes := range fileOutcomes {
		for _, o := range outcomes {
			m.files.WithLabelValues(domain, direction, o)
		}
	}
	for i := range fallbackRules {
		fallbackRules[i].counter(m).WithLabelValues(domain, fallbackRules[i].reason)
	}
	for _, c := range conditions {
		m.messages.WithLabelValues(domain, "out", c.condition)
	}
	m.messages.WithLabelValues(domain, "out", errNotRegistered.Condition)
	m.messages.WithLabelValues(domain, "out", "service-unavailable")
}

// hotCounters are those of every message, found once.
type hotCounters struct {
	out, in  prometheus.Counter
	receipts map[bool]prometheus.Counter // by whether they tell a failure
}

func (m *Metrics) hot(domain string) hotCounters {
	return hotCounters{
		out: m.messages.WithLabelValues(domain, "out", "sent"),
		in:  m.messages.WithLabelValues(domain, "in", "sent"),
		receipts: map[bool]prometheus.Counter{
			false: m.receipts.WithLabelValues(domain, "chat"), true: m.receipts.WithLabelValues(domain, "error"),
		},
	}
}

// debugs tells whether debug lines are written: what goes into them costs
// more than the rest of some steps.
func (g *Gateway) debugs() bool { return g.log.Enabled(g.work, slog.LevelDebug) }

// countFile counts a file, under one of fileOutcomes.
func (g *Gateway) countFile(direction, outcome string) {
	g.cfg.Metrics.files.WithLabelValues(g.domain, direction, outcome).Inc()
}

// countDropped counts what nobody hears of, under one of droppedReasons.
func (g *Gateway) countDropped(reason string) {
	g.cfg.Metrics.dropped.WithLabelValues(g.domain, reason).Inc()
}
