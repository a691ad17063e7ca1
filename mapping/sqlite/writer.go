package sqlite

import (
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
)

const (
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
	// closeTime is how long Close goes on trying when the store cannot write.
	closeTime = 3 * time.Second
)

// write is the one writer: it commits what waits, all of it together, until
// the queue is closed and empty.
func (s *Store) write() {
	defer close(s.written)
	for {
		group := s.queue.take()
		if len(group) == 0 {
			return
		}
		s.commit(group)
	}
}

// commit writes a group, however long the store refuses. A request that is
// itself at fault gets its error, and the others go on without it.
func (s *Store) commit(group []*request) {
	pause := firstPause
	for len(group) > 0 {
		start := time.Now()
		culprit, err := s.transact(group)
		switch {
		case err == nil:
			s.health.committed(time.Since(start))
			report(group)
			s.queue.finish(group, nil)
			return
		case culprit >= 0:
			s.refuse(group[culprit], err)
			group = append(group[:culprit:culprit], group[culprit+1:]...)
		default:
			s.health.failed(s.path, err)
			group = s.queue.pause(group)
			if !s.sleep(pause) {
				s.giveUpOn(group, err)
				return
			}
			pause = min(2*pause, lastPause)
			if group = s.queue.resume(group); len(group) == 0 {
				group = []*request{newProbe()} // who waited has left; when can others come?
			}
		}
	}
}

// newProbe returns a request that only tries whether the store can write.
func newProbe() *request {
	return &request{done: make(chan error, 1), probe: true, step: func(t *tx) error {
		return exec(t.conn, "UPDATE state SET value = value WHERE name = 'clean'")
	}}
}

// giveUpOn ends what cannot be written before the store closes.
func (s *Store) giveUpOn(group []*request, err error) {
	if len(group) > 0 && !group[0].probe {
		s.lost = fmt.Errorf("sqlite: %d changes could not be written before the end: %w", len(group), err)
	}
	s.queue.finish(group, err)
}

func (s *Store) refuse(r *request, err error) {
	group := []*request{r}
	if r.behind {
		s.health.refused(err)
		report(group)
	}
	s.queue.finish(group, err)
}

// sleep waits for d. It returns false when the store has to end.
func (s *Store) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-s.giveUp:
		return false
	case <-t.C:
		return true
	}
}

// transact writes a group in one transaction. When one of its requests is at
// fault it returns its place, else -1.
func (s *Store) transact(group []*request) (culprit int, err error) {
	t := newTx(s)
	culprit = -1
	if err := exec(s.conn, "BEGIN IMMEDIATE"); err != nil {
		return culprit, err
	}
	defer func() {
		if err != nil && !s.conn.AutocommitEnabled() {
			_ = exec(s.conn, "ROLLBACK")
		}
	}()
	for i, r := range group {
		if err := t.run(r); err != nil {
			if !environmental(err) {
				culprit = i
			}
			return culprit, err
		}
	}
	if err := t.finish(); err != nil {
		return culprit, err
	}
	if err := exec(s.conn, "COMMIT"); err != nil {
		return culprit, err
	}
	t.committed()
	return culprit, nil
}

// environmental tells whether an error is one of the store, not of what it
// was given, so that trying again may help.
func environmental(err error) bool {
	if errors.Is(err, errTaken) {
		return false
	}
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultConstraint, sqlite.ResultTooBig, sqlite.ResultMismatch, sqlite.ResultRange:
		return false
	}
	return true
}
