package gateway

import (
	"context"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/bridges/cache"
	"causeway/component/stanza"
	"causeway/component/xep/hints"
	"causeway/component/xep/receipts"
	"causeway/mapping"
)

// earlyTime is how long a receipt waits for the answer to its submission.
const earlyTime = time.Minute

// sentMessage is a user's message that the network has, by parts.
type sentMessage struct {
	mu    sync.Mutex
	parts []mapping.Message
}

// sentMessages finds the messages of the last minutes without the store.
type sentMessages struct {
	byID *cache.Cache[bridges.MessageID, *sentMessage]
}

func newSentMessages() *sentMessages {
	return &sentMessages{cache.New[bridges.MessageID, *sentMessage](16384)}
}

func (s *sentMessages) add(parts []mapping.Message) *sentMessage {
	m := &sentMessage{parts: parts}
	for _, p := range parts {
		s.byID.Set(p.ID, m)
	}
	return m
}

// findSent returns the message that a receipt is about.
func (g *Gateway) findSent(ctx context.Context, id bridges.MessageID) (*sentMessage, error) {
	if m, ok := g.sent.byID.Get(id); ok {
		return m, nil
	}
	if w, ok := g.awaiting.find(id); ok {
		return g.sent.add([]mapping.Message{w.message}), nil
	}
	parts, err := g.storedParts(ctx, id)
	if err != nil || len(parts) == 0 {
		return nil, err
	}
	return g.sent.add(parts), nil
}

// storedParts reads the message that a receipt is about; none: there is no row.
func (g *Gateway) storedParts(ctx context.Context, id bridges.MessageID) ([]mapping.Message, error) {
	row, ok, err := g.store.MessageByID(ctx, g.domain, id)
	switch {
	case err != nil || !ok:
		return nil, err
	case row.Parts > 1:
		return g.store.Parts(ctx, g.domain, row.Account, row.Chat, row.Stanza)
	}
	return []mapping.Message{row}, nil
}

// mark notes the state of one part. It returns the changed row, and whether
// the message has now been delivered or failed as a whole, for the first time.
// Delivery after failure counts; failure after delivery does not.
func (m *sentMessage) mark(id bridges.MessageID, s bridges.State) (row mapping.Message, news, changed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	failed, delivered := false, 0
	at := -1
	for i, p := range m.parts {
		failed = failed || p.State == bridges.Failed
		if p.ID == id {
			at = i
		} else if p.State == bridges.Delivered {
			delivered++
		}
	}
	if at < 0 || m.parts[at].State == bridges.Delivered || m.parts[at].State == s {
		return row, false, false
	}
	m.parts[at].State = s
	if s == bridges.Failed {
		return m.parts[at], !failed, true
	}
	return m.parts[at], delivered+1 == int(m.parts[at].Parts), true
}

// showReceipt tells the sender what became of a message: delivered, when all
// parts are, or failed (xeps.md 0184).
func (g *Gateway) showReceipt(ctx context.Context, in *incoming) {
	var m *sentMessage
	ok := g.insist(ctx, "read messages", func() (err error) {
		m, err = g.findSent(ctx, in.Receipt.ID)
		return err
	})
	switch {
	case !ok:
		return // the gateway ends: it stays in the journal
	case m == nil:
		g.early.keep(in, time.Now())
		if _, ok := g.sent.byID.Get(in.Receipt.ID); ok { // it was just sent
			g.early.wake(g, []bridges.MessageID{in.Receipt.ID})
		}
		return
	case !g.member(ctx, m.parts[0].Account):
		g.dropIn(ctx, in, "no account")
		return
	}
	if row, news, changed := m.mark(in.Receipt.ID, in.Receipt.State); changed {
		g.tellReceipt(ctx, in, row, news)
	} else {
		g.dropIn(ctx, in, "repeated receipt")
	}
}

// tellReceipt tells it, if it is news of the message as a whole.
func (g *Gateway) tellReceipt(ctx context.Context, in *incoming, row mapping.Message, news bool) {
	rows, record := []mapping.Message{row}, g.awaiting.take(row.ID)
	if record != (mapping.Key{}) && row.State == bridges.Delivered {
		rows = nil // nothing refers to it any more
	}
	o := g.receiptStanza(in, row)
	if !news || o == nil {
		g.finishIn(ctx, in, &mapping.Batch{PutMessages: rows, Settle: appendNamed(nil, record)})
		return
	}
	g.hot.receipts[in.Receipt.State == bridges.Failed].Inc()
	if g.debugs() {
		g.log.Debug("receipt", "id", trace(in.key), "stanza", row.Stanza, "state", in.Receipt.State)
	}
	fl := &flight{account: row.Account, inbound: true, rows: rows, record: record}
	if o.Type != "error" { // an error is never returned
		fl.keep = o
	}
	g.sendKeyed(ctx, o, in.key, fl)
}

// receiptStanza makes a receipt or an error; nil when the sender wants none.
func (g *Gateway) receiptStanza(in *incoming, row mapping.Message) *stanza.Out {
	from := g.contactJID(row.Chat)
	to := string(row.Account)
	if row.Resource != "" {
		to += "/" + row.Resource
	}
	o := &stanza.Out{Kind: stanza.Message, Type: "chat", ID: in.Stanza, From: from + "/" + resource, To: to}
	if in.Receipt.State == bridges.Delivered {
		if !row.Receipt {
			return nil
		}
		receipts.AppendReceived(&o.Payload, row.Stanza)
		hints.AppendStore(&o.Payload) // else not every server keeps it for who is away
		return o
	}
	e := g.stanzaError(&bridges.Error{Kind: in.Receipt.Kind, Text: in.Receipt.Text})
	o, ok := e.Reply(&stanza.Stanza{Kind: stanza.Message, From: to, To: from, ID: row.Stanza, Type: "chat"})
	if !ok {
		return nil
	}
	return o
}

// earlyReceipts holds receipts that came before the answer to the submission
// that they are about.
type earlyReceipts struct {
	mu sync.Mutex
	m  map[bridges.MessageID][]earlyReceipt
}

type earlyReceipt struct {
	in *incoming
	at time.Time
}

func newEarlyReceipts() *earlyReceipts {
	return &earlyReceipts{m: map[bridges.MessageID][]earlyReceipt{}}
}

func (e *earlyReceipts) keep(in *incoming, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.m[in.Receipt.ID] = append(e.m[in.Receipt.ID], earlyReceipt{in, now})
}

// wake takes up the receipts of messages that are known now.
func (e *earlyReceipts) wake(g *Gateway, ids []bridges.MessageID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, id := range ids {
		for _, r := range e.m[id] {
			g.enqueueIn(r.in)
		}
		delete(e.m, id)
	}
}

// expireEarly drops the receipts that nobody claims.
func (g *Gateway) expireEarly(now time.Time) {
	g.early.mu.Lock()
	var old []*incoming
	for id, rs := range g.early.m {
		if now.Sub(rs[0].at) < earlyTime {
			continue
		}
		for _, r := range rs {
			old = append(old, r.in)
		}
		delete(g.early.m, id)
	}
	g.early.mu.Unlock()
	for _, in := range old {
		g.log.Info("receipt for an unknown message", "id", trace(in.key))
		g.dropIn(g.work, in, "receipt for an unknown message")
	}
}
