package gateway

import (
	"sync"
	"time"

	"causeway/bridges"
)

const (
	// signLimit bounds the chats of which a sign waits or lasts, and signShare
	// those of one account.
	signLimit, signShare = 4096, 64
	// signWorkers is how many users have their turn at once: one for whom the
	// network is slow does not hold up all others.
	signWorkers = 4
	// signTime bounds how long the network may take for one sign.
	signTime = 10 * time.Second
	// composeTime is how long a user types of whom no more is heard: clients say
	// it once, however long it lasts.
	composeTime = 2 * time.Minute
	// markLimit bounds the markers that wait in one chat. They wait for a network
	// that does not take them for markTime, and are tried again after markGap.
	markLimit = 32
	markTime  = time.Hour
	markGap   = 30 * time.Second
)

// signs are what users show of themselves beyond texts. Each chat has one place
// in the queue, and when its turn comes the network is told what is true then:
// what changed back meanwhile costs it nothing.
type signs struct {
	mu     sync.Mutex
	of     map[whose]*sign
	shares map[bridges.AccountID]int
	busy   map[bridges.AccountID]bool // a chat of it has its turn
	due    chan whose                 // each at most once
}

// sign is what a user shows in one chat.
type sign struct {
	composing bool      // the user does, as far as we heard
	heard     time.Time // when
	told      bool      // the network was told so
	marks     []mark    // that wait, as they came
	retry     time.Time // they wait until then
	listed    bool      // it is among due
	turn      bool      // it has its turn
}

func newSigns() *signs {
	return &signs{
		of: map[whose]*sign{}, due: make(chan whose, signLimit),
		shares: map[bridges.AccountID]int{}, busy: map[bridges.AccountID]bool{},
	}
}

// at returns the sign of a chat; nil: there are too many. The caller holds the
// lock.
func (x *signs) at(p whose) *sign {
	s := x.of[p]
	if s == nil && len(x.of) < signLimit && x.shares[p.account] < signShare {
		p = p.clone()
		s = new(sign)
		x.of[p] = s
		x.shares[p.account]++
	}
	return s
}

// needs tells whether the network is to be told something now.
func (s *sign) needs(now time.Time) bool { return s.composing != s.told || s.hasMarks(now) }

func (s *sign) hasMarks(now time.Time) bool { return len(s.marks) > 0 && !now.Before(s.retry) }

// settle gives a sign its turn if it needs one, and forgets it when nothing is
// left of it. The caller holds the lock.
func (x *signs) settle(p whose, s *sign, now time.Time) {
	switch {
	case s.listed || s.turn:
	case s.needs(now) && x.busy[p.account]: // until then
	case s.needs(now):
		s.listed = true
		x.due <- p // never full: see there
	case !s.composing && len(s.marks) == 0:
		delete(x.of, p)
		if x.shares[p.account]--; x.shares[p.account] == 0 {
			delete(x.shares, p.account)
		}
	}
}

// types notes that a user types, or no longer does. False: there are too many.
func (x *signs) types(p whose, composing bool, now time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !composing && x.of[p] == nil {
		return true
	}
	s := x.at(p)
	if s == nil {
		return false
	}
	s.composing, s.heard = composing, now
	x.settle(p, s, now)
	return true
}

// marked has a marker wait for the turn of its chat. It returns one that has to
// give way, if there are too many.
func (x *signs) marked(p whose, m mark, now time.Time) (out mark, full bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.at(p)
	if s == nil {
		return m, true
	}
	if full = len(s.marks) >= markLimit; full {
		out, s.marks = s.marks[0], s.marks[1:]
	}
	s.marks = append(s.marks, m)
	x.settle(p, s, now)
	return out, full
}

// writes notes that a text of the user has come. The network will see that from
// the text itself; if that does not get there soon, renew tells it.
func (x *signs) writes(p whose) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s := x.of[p]; s != nil {
		s.composing = false
	}
}

// wrote notes that the network has a text, and takes it as the end of typing
// (bridges.Typist). While it is being told, nobody knows which comes last.
func (x *signs) wrote(p whose, now time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s := x.of[p]; s != nil && !s.turn {
		s.told = false
		x.settle(p, s, now)
	}
}

// renew ends what lasts too long, and gives a turn to what needs one. ready: the
// network takes again what it did not.
func (x *signs) renew(now time.Time, ready bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for p, s := range x.of {
		if s.composing && now.Sub(s.heard) >= composeTime {
			s.composing = false
		}
		if ready {
			s.retry = time.Time{}
		}
		x.settle(p, s, now)
	}
}

// turn is what the network is to be told of a chat.
type turn struct {
	changed, composing bool
	marks              []mark
}

// begin begins the turn of a chat. What it is told counts as told: after an
// error nothing is repeated but markers. False: another chat of its user has its
// turn, and this one comes after it.
func (x *signs) begin(p whose, now time.Time) (t turn, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.of[p]
	s.listed = false
	if x.busy[p.account] {
		return t, false
	}
	x.busy[p.account] = true
	t = turn{changed: s.composing != s.told, composing: s.composing}
	s.turn, s.told = true, s.composing
	if s.hasMarks(now) {
		t.marks, s.marks = s.marks, nil
	}
	return t, true
}

// end ends the turn of a chat. known: the network knows of it. The marks are
// those that it does not take now.
func (x *signs) end(p whose, known bool, marks []mark, now time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.of[p]
	s.turn = false
	delete(x.busy, p.account)
	if !known {
		s.composing, s.told = false, false
	}
	if len(marks) > 0 {
		s.marks, s.retry = append(marks, s.marks...), now.Add(markGap)
	}
	x.settle(p, s, now)
	if x.shares[p.account] == 0 {
		return
	}
	for q, s := range x.of {
		if q.account == p.account {
			x.settle(q, s, now)
		}
	}
}
