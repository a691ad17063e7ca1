package component

import (
	"context"
	"sync"
	"time"

	"causeway/component/stanza"
)

const requestTimeout = 60 * time.Second

// requests are our own IQs that wait for their answer.
type requests struct {
	mu   sync.Mutex
	open map[string]request
}

type request struct {
	to     string
	answer chan *stanza.Stanza // closed without a value at a disconnect
}

// Request sends an IQ get or set and returns its result. An error answer is a
// *stanza.Error. It sets a random 128-bit id, takes an answer only from the
// address that was asked, and ends with ctx (at the latest after 60 s) or with
// ErrDown at a disconnect. Never call it from a Handler.
func (l *Link) Request(ctx context.Context, o *stanza.Out) (*stanza.Stanza, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	c := *o
	c.ID = randomID()
	r := request{to: c.To, answer: make(chan *stanza.Stanza, 1)}
	if c.Kind != stanza.IQ || c.Type != "get" && c.Type != "set" {
		return nil, ErrType
	}
	l.req.add(c.ID, r)
	defer l.req.remove(c.ID)
	if err := l.Send(ctx, &c, Key{}); err != nil {
		return nil, err
	}
	select {
	case s, ok := <-r.answer:
		if !ok {
			return nil, ErrDown
		}
		if s.Type == "error" {
			return nil, s.Err()
		}
		return s, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (q *requests) add(id string, r request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open[id] = r
}

func (q *requests) remove(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.open, id)
}

// answer gives s to whoever asked; false when nobody asked that address so
// (RFC 6120 §8.1.2.1; xeps.md 6120.8).
func (q *requests) answer(s *stanza.Stanza) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	r, ok := q.open[s.ID]
	if !ok || !same(r.to, s.From) {
		return false
	}
	delete(q.open, s.ID)
	r.answer <- s
	return true
}

// wake ends all at a disconnect: their answers will never come.
func (q *requests) wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for id, r := range q.open {
		delete(q.open, id)
		close(r.answer)
	}
}
