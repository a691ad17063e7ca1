package sms

import (
	"context"
	"strings"

	"causeway/bridges"
	"causeway/bridges/sms/smpp"
)

// deliver hands a batch to the gateway in one call, and returns the answers to
// the centre when all of it is on disk. Nothing is answered before that; if
// the gateway cannot take it, the centre is asked to send it again later.
//
// A text to a number that no account has is answered with ESME_RX_P_APPN, a
// permanent error: the centre does not try again, and can tell its sender. A
// receipt for such a number is taken and dropped.
func (b *Bridge) deliver(ctx context.Context, c *connector, stream uint64, batch []*smpp.DeliverSM) []smpp.Status {
	statuses := make([]smpp.Status, len(batch))
	ds := make([]bridges.Delivery, 0, len(batch))
	results := map[string]int{}
	for i, m := range batch {
		d, result, err := b.read(ctx, c, m)
		if err != nil {
			return b.refuse(ctx, statuses, err)
		}
		results[result]++
		if result == inNobody {
			statuses[i] = smpp.PermanentAppError
		}
		if d.Event != nil {
			if result != inReceipt { // a receipt names its message: twice is once
				d.Once, d.Stream = m.Fingerprint(), stream
			}
			ds = append(ds, d)
		}
	}
	if len(ds) > 0 {
		if err := b.host.Deliver(ctx, ds); err != nil {
			return b.refuse(ctx, statuses, err)
		}
	}
	for r, n := range results {
		b.metrics.incoming.WithLabelValues(r).Add(float64(n))
	}
	return statuses
}

// refuse asks the centre to send all of a batch later, so that order is kept.
// When the bind has ended nobody hears that, and the centre does it anyway.
func (b *Bridge) refuse(ctx context.Context, statuses []smpp.Status, err error) []smpp.Status {
	if ctx.Err() == nil {
		b.log.Warn("messages from the centre cannot be taken now", "messages", len(statuses), "err", err)
		b.metrics.incoming.WithLabelValues(inRefused).Add(float64(len(statuses)))
	}
	for i := range statuses {
		statuses[i] = smpp.TemporaryAppError
	}
	return statuses
}

// read makes an event of a message; without one there is nothing to keep.
func (b *Bridge) read(ctx context.Context, c *connector, m *smpp.DeliverSM) (bridges.Delivery, string, error) {
	if isReport(&m.SM) {
		return b.readReceipt(ctx, c, m)
	}
	account, ok, err := b.host.Owner(ctx, b.plan.identify(m.Dest))
	if err != nil {
		return bridges.Delivery{}, "", err
	}
	if !ok {
		b.log.Info("a text to a number that nobody has was refused", "to", m.Dest.Addr)
		return bridges.Delivery{}, inNobody, nil
	}
	from := b.plan.identify(m.Source)
	p := readPiece(&m.SM, c.standard)
	if p.place.valid() {
		return bridges.Delivery{Account: account, Event: p.event(from)}, inPart, nil
	}
	e := bridges.Message{Chat: bridges.ChatID(from), From: from, Text: shown(tidy(decode(p.script, p.data, p.tables)))}
	return bridges.Delivery{Account: account, Event: e}, inText, nil
}

// empty stands for a text without anything that a stanza can hold.
const empty = "(an empty message)"

// inXML tells whether a character can stand in a stanza (XML 1.0, production 2).
func inXML(r rune) bool {
	return r >= ' ' && r != 0xFFFE && r != 0xFFFF || r == '\t' || r == '\n' || r == '\r'
}

// shown returns what people see of a text.
func shown(s string) string {
	if !strings.ContainsFunc(s, inXML) {
		return empty
	}
	return s
}

// readReceipt makes an event of a receipt that says what became of a part.
func (b *Bridge) readReceipt(ctx context.Context, c *connector, m *smpp.DeliverSM) (bridges.Delivery, string, error) {
	r := readReport(&m.SM)
	o, final := r.outcome()
	switch {
	case r.id == "":
		b.log.Warn("a receipt without a message id", "from", m.Source.Addr)
		return bridges.Delivery{}, inUnreadable, nil
	case !final || m.ESMClass&smpp.ESMTypeMask == smpp.ESMIntermediate:
		b.log.Debug("receipt of a message on its way", "message", r.id, "state", r.state)
		return bridges.Delivery{}, inOnItsWay, nil
	}
	account, chat, ok, err := b.parties(ctx, m)
	if err != nil || !ok {
		return bridges.Delivery{}, inLost, err
	}
	e := bridges.Receipt{ID: messageID(c.system, r.id), Chat: chat, State: o.state}
	if o.state == bridges.Failed {
		e.Reason = &bridges.Error{Kind: o.kind, Text: o.text}
	}
	return bridges.Delivery{Account: account, Event: e}, inReceipt, nil
}

// parties returns whose message a receipt is about, and the chat. A receipt
// comes from the phone that has the message, but some centres copy the
// addresses as they were in the message.
func (b *Bridge) parties(ctx context.Context, m *smpp.DeliverSM) (bridges.AccountID, bridges.ChatID, bool, error) {
	from, to := b.plan.identify(m.Source), b.plan.identify(m.Dest)
	account, ok, err := b.host.Owner(ctx, to)
	if err != nil || ok {
		return account, bridges.ChatID(from), ok, err
	}
	account, ok, err = b.host.Owner(ctx, from)
	if err == nil && !ok {
		b.log.Info("a receipt for a number that nobody has", "from", m.Source.Addr, "to", m.Dest.Addr)
	}
	return account, bridges.ChatID(to), ok, err
}
