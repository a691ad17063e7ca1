package gateway

import (
	"context"
	"fmt"
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
	// accounts finds an account as it is when its session opens: it may have
	// changed since somebody began to use it. seen makes of it what the bridge sees.
	accounts *accounts
	seen     func(mapping.Account) bridges.Account
	mu       sync.Mutex
	open     map[bridges.AccountID]*session
	closing  sync.WaitGroup // idle ones
}

// session is one session and who uses it now. It stays in the map until it is
// closed: the next one opens only then.
type session struct {
	ready  chan struct{} // closed when Open has answered
	closed chan struct{} // closed when Close has; nil: nobody closes it
	s      bridges.Session
	err    error
	users  int
	used   time.Time
}

func newSessions(b bridges.Bridge, a *accounts, seen func(mapping.Account) bridges.Account) *sessions {
	return &sessions{bridge: b, accounts: a, seen: seen, open: map[bridges.AccountID]*session{}}
}

// errSlow is of a session that does not open in time.
func errSlow(err error) error {
	return &bridges.Error{Kind: bridges.Temporary, Text: "The network does not answer.", Cause: err}
}

// use returns the session of an account, opened if need be, and a function to
// call when it is no longer needed. It blocks while the session opens, or an
// earlier one closes, until ctx ends.
func (ss *sessions) use(ctx context.Context, acc mapping.Account) (bridges.Session, func(), error) {
	s, fresh, err := ss.join(ctx, acc.ID)
	if err != nil {
		return nil, nil, err
	}
	if fresh {
		s.s, s.err = ss.openOne(ctx, acc) // it says when it waits
		close(s.ready)
	}
	if !until(ctx, s.ready) {
		ss.release(acc.ID, s)
		return nil, nil, errSlow(ctx.Err())
	}
	if s.err != nil {
		ss.release(acc.ID, s)
		return nil, nil, s.err
	}
	return s.s, func() { ss.release(acc.ID, s) }, nil
}

// join becomes a user of the account's session; fresh: and has to open it.
func (ss *sessions) join(ctx context.Context, id bridges.AccountID) (s *session, fresh bool, err error) {
	for {
		ss.mu.Lock()
		s, found := ss.open[id]
		if !found {
			s = &session{ready: make(chan struct{})}
			ss.open[clone(id)] = s
		}
		if s.closed == nil {
			s.users++
			ss.mu.Unlock()
			return s, !found, nil
		}
		ss.mu.Unlock()
		if !until(ctx, s.closed) {
			return nil, false, errSlow(ctx.Err())
		}
	}
}

// openOne opens a session; a panic of the adapter is an error.
func (ss *sessions) openOne(ctx context.Context, acc mapping.Account) (s bridges.Session, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("gateway: the bridge panicked when it opened a session: %v", p)
		}
	}()
	now, ok, err := ss.accounts.find(ctx, acc.ID)
	switch {
	case err != nil:
		return nil, &bridges.Error{Kind: bridges.Temporary, Text: errInternal.Text, Cause: err}
	case ok:
		acc = now
	}
	s, err = ss.bridge.Open(ctx, ss.seen(acc))
	if err != nil && ctx.Err() != nil {
		err = errSlow(err)
	}
	return s, err
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

// close ends the session of an account. It waits for what is under way, and
// for one who closes it already.
func (ss *sessions) close(id bridges.AccountID) error {
	ss.mu.Lock()
	s := ss.open[id]
	switch {
	case s == nil:
		ss.mu.Unlock()
		return nil
	case s.closed != nil:
		ss.mu.Unlock()
		<-s.closed
		return nil
	}
	s.closed = make(chan struct{})
	ss.mu.Unlock()
	return ss.end(id, s)
}

// end closes a session whose closed is set, and forgets it.
func (ss *sessions) end(id bridges.AccountID, s *session) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("gateway: the bridge panicked when it closed a session: %v", p)
		}
		ss.mu.Lock()
		defer ss.mu.Unlock()
		if ss.open[id] == s {
			delete(ss.open, id)
		}
		close(s.closed)
	}()
	<-s.ready
	if s.err != nil {
		return nil
	}
	return s.s.Close()
}

// closeIdle begins to end the sessions that nobody used for a while.
func (ss *sessions) closeIdle(now time.Time) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	for id, s := range ss.open {
		if s.users == 0 && s.closed == nil && now.Sub(s.used) > idleSession {
			s.closed = make(chan struct{})
			ss.closing.Go(func() { _ = ss.end(id, s) })
		}
	}
}

// closeAll ends all sessions and waits for them.
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
	ss.closing.Wait()
}
