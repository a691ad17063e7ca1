package gateway

import (
	"context"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// idleSession is how long a session stays open without a message.
const idleSession = 10 * time.Minute

// sessions holds the open session of each account that has had traffic.
type sessions struct {
	bridge bridges.Bridge
	mu     sync.Mutex
	open   map[bridges.AccountID]*session
}

// session is one open session and who uses it now.
type session struct {
	ready chan struct{} // closed when Open has answered
	s     bridges.Session
	err   error
	self  bridges.UserID
	users int
	used  time.Time
}

func newSessions(b bridges.Bridge) *sessions {
	return &sessions{bridge: b, open: map[bridges.AccountID]*session{}}
}

// use returns the session of an account, opened if need be, and a function to
// call when it is no longer needed. It blocks while the session opens, until
// ctx ends.
func (ss *sessions) use(ctx context.Context, acc mapping.Account) (bridges.Session, func(), error) {
	ss.mu.Lock()
	s := ss.open[acc.ID]
	fresh := s == nil
	if fresh {
		s = &session{ready: make(chan struct{}), self: acc.Self}
		ss.open[acc.ID] = s
	}
	s.users++
	ss.mu.Unlock()
	if fresh {
		s.s, s.err = ss.bridge.Open(ctx, bridges.Account{ID: acc.ID, Self: acc.Self})
		close(s.ready)
	}
	select {
	case <-s.ready:
	case <-ctx.Done():
		ss.release(acc.ID, s)
		return nil, nil, &bridges.Error{Kind: bridges.Temporary, Text: "The network does not answer.", Cause: ctx.Err()}
	}
	if s.err != nil {
		ss.release(acc.ID, s)
		return nil, nil, s.err
	}
	return s.s, func() { ss.release(acc.ID, s) }, nil
}

// release ends one use; a session that failed to open is forgotten.
func (ss *sessions) release(id bridges.AccountID, s *session) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	s.users--
	s.used = time.Now()
	select {
	case <-s.ready:
		if s.err != nil && ss.open[id] == s {
			delete(ss.open, id)
		}
	default:
	}
}

// close ends the session of an account. It waits for what is under way.
func (ss *sessions) close(id bridges.AccountID) error {
	ss.mu.Lock()
	s := ss.open[id]
	delete(ss.open, id)
	ss.mu.Unlock()
	if s == nil {
		return nil
	}
	<-s.ready
	if s.err != nil {
		return nil
	}
	return s.s.Close()
}

// closeIdle ends the sessions that nobody used for a while.
func (ss *sessions) closeIdle(now time.Time) {
	ss.mu.Lock()
	var idle []*session
	for id, s := range ss.open {
		if s.users == 0 && now.Sub(s.used) > idleSession {
			delete(ss.open, id)
			idle = append(idle, s)
		}
	}
	ss.mu.Unlock()
	for _, s := range idle {
		_ = s.s.Close()
	}
}

func (ss *sessions) closeAll() {
	ss.mu.Lock()
	ids := make([]bridges.AccountID, 0, len(ss.open))
	for id := range ss.open {
		ids = append(ids, id)
	}
	ss.mu.Unlock()
	for _, id := range ids {
		_ = ss.close(id)
	}
}
