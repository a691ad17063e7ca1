// Package ledger keeps account of numbered texts: which have come, how often,
// and whether in order within their conversation.
package ledger

import (
	"sync"
)

// Verdict is what a Ledger makes of one text.
type Verdict uint8

// The verdicts.
const (
	First Verdict = iota // new, and behind all others of its conversation
	Again                // it had come before
	Late                 // new, but a later one of its conversation was here first
)

// Totals sums up a Ledger.
type Totals struct {
	Conversations, Texts, Again, Late int
	// Missing counts the numbers below the highest of each conversation that
	// never came.
	Missing int
}

// Ledger records texts by conversation and number, counted from 0. The zero
// value is ready; all methods are safe for concurrent use.
type Ledger struct {
	mu    sync.Mutex
	all   map[string]*page
	again int
	late  int
}

// page is one conversation: a bit for each number.
type page struct {
	seen  []uint64
	next  uint64 // one above the highest number seen
	texts int
}

// Add records that text n of a conversation has come.
func (l *Ledger) Add(conversation []byte, n uint64) Verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = map[string]*page{}
	}
	p := l.all[string(conversation)]
	if p == nil {
		p = &page{}
		l.all[string(conversation)] = p
	}
	for uint64(len(p.seen)) <= n/64 {
		p.seen = append(p.seen, 0)
	}
	if p.seen[n/64]&(1<<(n%64)) != 0 {
		l.again++
		return Again
	}
	p.seen[n/64] |= 1 << (n % 64)
	p.texts++
	if n < p.next {
		l.late++
		return Late
	}
	p.next = n + 1
	return First
}

// Has tells whether text n of a conversation has come.
func (l *Ledger) Has(conversation string, n uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.all[conversation]
	return p != nil && n/64 < uint64(len(p.seen)) && p.seen[n/64]&(1<<(n%64)) != 0
}

// Totals returns the sums.
func (l *Ledger) Totals() Totals {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := Totals{Conversations: len(l.all), Again: l.again, Late: l.late}
	for _, p := range l.all {
		t.Texts += p.texts
		t.Missing += int(p.next) - p.texts
	}
	return t
}

// Plus returns the sums of both.
func (t Totals) Plus(o Totals) Totals {
	return Totals{
		Conversations: t.Conversations + o.Conversations,
		Texts:         t.Texts + o.Texts,
		Again:         t.Again + o.Again,
		Late:          t.Late + o.Late,
		Missing:       t.Missing + o.Missing,
	}
}
