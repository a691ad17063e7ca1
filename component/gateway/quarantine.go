package gateway

import (
	"bytes"
	"context"
	"encoding/xml"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
)

// errKills is the answer to what cannot be handled at all.
var errKills = &stanza.Error{
	Type: "cancel", Condition: "internal-server-error",
	Text: "The gateway failed again and again at this. Please do not send it again.",
}

// errKillsSent is the same for a text that the network may have.
var errKillsSent = &stanza.Error{
	Type: "cancel", Condition: "internal-server-error",
	Text: "The gateway failed again and again at this message: it may have been sent. Please do not send it again.",
}

// killer is a record that has killed the program as often as it may.
type killer struct {
	key    mapping.Key
	record mapping.Record
	sent   bool // it was given to the bridge
}

func (x *trial) killer(r mapping.Record) killer { return killer{x.key, r, x.flags&sending != 0} }

// putAway takes a killer out of the journal, and tells its sender with an error
// of the same id, or its user that a text came. Nothing of it is decoded but
// its head. A text that the bridge may have been given is answered so, too.
func (g *Gateway) putAway(ctx context.Context, k killer) error {
	const reason = "it killed the program three times"
	t := &tx{}
	t.batch.Settle = []mapping.Key{k.key}
	t.batch.Quarantine = g.away(k.key, k.record, reason)
	head := headOf(k.record)
	if k.record.Kind == mapping.FromXMPP && head.Kind != stanza.Presence {
		t.account = accountOf(head.From)
		answer := errKills
		if k.sent {
			answer = errKillsSent
		}
		if o, ok := answer.Reply(&head); ok {
			t.send(o)
		}
	}
	told := g.withNotice(&t.batch, k.key, k.record)
	g.log.Error("a record is put away", "reason", reason, "id", trace(k.key), "stanza", head.ID, "from", head.From, "to", head.To)
	g.cfg.Metrics.quarantined.WithLabelValues(g.domain, "deaths").Inc()
	cycle := t.cycle(g.domain)
	if err := g.store.Commit(ctx, &t.batch); err != nil {
		return err
	}
	told()
	g.settledWithBridge(k.key)
	for i, o := range t.outs {
		g.enqueueControl(t.account, true, g.stepSend(o, cycle.Key(i), &flight{account: t.account}))
	}
	return nil
}

// headOf reads the first tag of a stanza, by other means than those that may
// have failed at it. What cannot be read is empty.
func headOf(r mapping.Record) (s stanza.Stanza) {
	if r.Kind != mapping.FromXMPP && r.Kind != mapping.ToXMPP {
		return s
	}
	data := r.Data[:min(len(r.Data), 8192)]
	token, err := xml.NewDecoder(bytes.NewReader(data)).RawToken()
	start, ok := token.(xml.StartElement)
	if err != nil || !ok {
		return s
	}
	switch start.Name.Local {
	case "iq":
		s.Kind = stanza.IQ
	case "presence":
		s.Kind = stanza.Presence
	default:
		s.Kind = stanza.Message
	}
	for _, a := range start.Attr {
		if a.Name.Space != "" {
			continue
		}
		switch a.Name.Local {
		case "from":
			s.From = a.Value
		case "to":
			s.To = a.Value
		case "id":
			s.ID = a.Value
		case "type":
			s.Type = a.Value
		}
	}
	return s
}

// Parties tells from whom a quarantined record is and to whom, as far as it
// can be read without decoding all of it.
func Parties(q mapping.Quarantined) (from, to string) {
	if q.Record.Kind != mapping.FromNetwork {
		s := headOf(q.Record)
		return s.From, s.To
	}
	in, ok := headOfEvent(q.Record)
	if !ok {
		return "", ""
	}
	return localpart(string(in.chat())) + "@" + q.Bridge, string(in.Account)
}

// settledWithBridge tells the bridge that the outcome of texts is on disk.
func (g *Gateway) settledWithBridge(keys ...mapping.Key) {
	if s, ok := g.cfg.Bridge.(bridges.Settler); ok {
		for _, k := range keys {
			s.Settled(trace(k))
		}
	}
}
