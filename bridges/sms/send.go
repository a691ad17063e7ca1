package sms

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"causeway/bridges"
	"causeway/bridges/sms/smpp"
)

// session sends for one account.
type session struct {
	b    *Bridge
	self smpp.Address
	work sync.WaitGroup
}

// Open implements bridges.Bridge. It does not block.
func (b *Bridge) Open(_ context.Context, a bridges.Account) (bridges.Session, error) {
	self, ok := b.plan.destination(string(a.Self))
	if !ok {
		return nil, &bridges.Error{
			Kind: bridges.Internal, Text: "Your number is none that can send. Please tell the operator.",
			Cause: fmt.Errorf("account %s has the number %q", a.ID, a.Self),
		}
	}
	return &session{b: b, self: self}, nil
}

// Close implements bridges.Session.
func (s *session) Close() error {
	s.work.Wait()
	return nil
}

// Send implements bridges.Session: each part is one submit_sm, after the one
// before it was taken.
func (s *session) Send(ctx context.Context, m bridges.Message) ([]bridges.MessageID, error) {
	s.work.Add(1)
	defer s.work.Done()
	if isName(string(m.Chat)) {
		return nil, because(errOneWay, nil)
	}
	to, ok := s.b.plan.destination(string(m.Chat))
	if !ok {
		return nil, because(errNobody, nil)
	}
	p, begun := s.b.resume(m.Key)
	if p.by == nil {
		return nil, because(errNotConnected, nil)
	}
	c, err := encode(m.Text, p.by.standard, s.b.cfg.MaxParts)
	if err != nil {
		return nil, err
	}
	if !begun {
		p.ref = s.b.references.next(s.self.Addr, to.Addr)
	}
	return s.b.submit(ctx, p, c, smpp.SubmitSM{Source: s.self, Dest: to, DataCoding: c.coding}, m)
}

// submit sends the parts that nobody has, and asks for the ids of the others.
func (b *Bridge) submit(ctx context.Context, p progress, c cut, sm smpp.SubmitSM, m bridges.Message) ([]bridges.MessageID, error) {
	for n := range c.parts {
		sm := sm
		sm.ShortMessage = c.parts[n]
		if len(c.parts) > 1 {
			sm.ESMClass = smpp.ESMUDHI
			sm.ShortMessage = append(concat(p.ref, n, len(c.parts)), c.parts[n]...)
		}
		if m.Receipt && b.reports(n, len(c.parts)) {
			sm.RegisteredDelivery = 1 // of success and of failure
		}
		by := b.holder(p, m.Key, n)
		bridges.Waits(ctx) // for the window, then for the answer
		id, err := by.client.Submit(ctx, smpp.Ticket{Key: m.Key, Part: byte(n), Mark: p.ref}, &sm)
		if err != nil {
			return nil, p.stopped(b, len(c.parts), submitError(err))
		}
		if id == "" { // nothing to tell a receipt by
			id = m.Key + "." + strconv.Itoa(n)
		}
		p.ids = append(p.ids, messageID(by.system, id))
	}
	if b.cfg.Receipts == receiptsLast {
		return p.ids[len(p.ids)-1:], nil
	}
	return p.ids, nil
}

// reports tells whether the centre shall report on part n.
func (b *Bridge) reports(n, total int) bool {
	return b.cfg.Receipts == receiptsAll || b.cfg.Receipts == receiptsLast && n == total-1
}

// stopped returns the error of a message of which a part failed. What will be
// tried again goes on there.
func (p progress) stopped(b *Bridge, total int, e *bridges.Error) error {
	again := e.Kind == bridges.Temporary || e.Kind == bridges.Unknown && b.cfg.Unknown == unknownResend
	if !again && len(p.ids) > 0 {
		e.Text += fmt.Sprintf(" Of its %d parts %d were sent.", total, len(p.ids))
	}
	return e
}
