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
func (b *Bridge) deliver(ctx context.Context, c *connector, stream uint64, batch []*smpp.DeliverSM, try func(func())) []smpp.Status {
	statuses := make([]smpp.Status, len(batch))
	read := make([]reading, len(batch))
	try(func() {
		for i, m := range batch {
			read[i] = b.read(c, m)
		}
	})
	ds := make([]bridges.Delivery, 0, len(batch))
	results := map[string]int{}
	for i, m := range batch {
		d, result, err := b.event(ctx, c, m, read[i])
		if err != nil {
			return b.refuse(ctx, statuses, err)
		}
		results[result]++
		if result == inNobody {
			statuses[i] = smpp.PermanentAppError
		}
		if d.Event != nil {
			d.Once, d.Stream, d.Offset = read[i].once, stream, m.Offset
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

// reading is what a message says by itself.
type reading struct {
	from, to bridges.UserID
	receipt  bool
	report   report // of a receipt
	piece    piece  // of another
	text     string // of another that is no part
	once     string // of another: a receipt names its message, twice is once
}

// read reads a message. It depends on nothing but that, and does not block.
func (b *Bridge) read(c *connector, m *smpp.DeliverSM) reading {
	r := reading{from: b.plan.identify(m.Source), to: b.plan.identify(m.Dest), receipt: isReport(&m.SM)}
	if r.receipt {
		r.report = readReport(&m.SM)
		return r
	}
	r.piece, r.once = readPiece(&m.SM, c.standard), m.Fingerprint()
	if !r.piece.place.valid() {
		r.text = shown(tidy(decode(r.piece.script, r.piece.data, r.piece.tables)))
	}
	return r
}

// event makes an event of a message; without one there is nothing to keep.
func (b *Bridge) event(ctx context.Context, c *connector, m *smpp.DeliverSM, r reading) (bridges.Delivery, string, error) {
	if r.receipt {
		return b.receipt(ctx, c, m, r)
	}
	account, ok, err := b.host.Owner(ctx, r.to)
	if err != nil {
		return bridges.Delivery{}, "", err
	}
	if !ok {
		b.log.Info("a text to a number that nobody has was refused", "to", m.Dest.Addr)
		return bridges.Delivery{}, inNobody, nil
	}
	if r.piece.place.valid() {
		return bridges.Delivery{Account: account, Event: r.piece.event(r.from)}, inPart, nil
	}
	e := bridges.Message{Chat: bridges.ChatID(r.from), From: r.from, Text: r.text}
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

// receipt makes an event of a receipt that says what became of a part.
func (b *Bridge) receipt(ctx context.Context, c *connector, m *smpp.DeliverSM, r reading) (bridges.Delivery, string, error) {
	o, final := r.report.outcome()
	switch {
	case r.report.id == "":
		b.log.Warn("a receipt without a message id", "from", m.Source.Addr)
		return bridges.Delivery{}, inUnreadable, nil
	case !final || m.ESMClass&smpp.ESMTypeMask == smpp.ESMIntermediate:
		b.log.Debug("receipt of a message on its way", "message", r.report.id, "state", r.report.state)
		return bridges.Delivery{}, inOnItsWay, nil
	}
	account, chat, ok, err := b.parties(ctx, m, r)
	if err != nil || !ok {
		return bridges.Delivery{}, inLost, err
	}
	e := bridges.Receipt{ID: messageID(c.system, r.report.id), Chat: chat, State: o.state}
	if o.state == bridges.Failed {
		e.Reason = &bridges.Error{Kind: o.kind, Text: o.text}
	}
	return bridges.Delivery{Account: account, Event: e}, inReceipt, nil
}

// parties returns whose message a receipt is about, and the chat. A receipt
// comes from the phone that has the message, but some centres copy the
// addresses as they were in the message.
func (b *Bridge) parties(ctx context.Context, m *smpp.DeliverSM, r reading) (bridges.AccountID, bridges.ChatID, bool, error) {
	account, ok, err := b.host.Owner(ctx, r.to)
	if err != nil || ok {
		return account, bridges.ChatID(r.from), ok, err
	}
	account, ok, err = b.host.Owner(ctx, r.from)
	if err == nil && !ok {
		b.log.Info("a receipt for a number that nobody has", "from", m.Source.Addr, "to", m.Dest.Addr)
	}
	return account, bridges.ChatID(r.to), ok, err
}
