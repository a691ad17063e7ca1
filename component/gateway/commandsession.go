package gateway

import (
	"maps"
	"slices"
	"sync"
	"time"

	"causeway/bridges"
)

const (
	commandTime   = 10 * time.Minute
	commandsAUser = 5    // sessions that a user may have open
	commandsMax   = 1000 // and all users together
)

// commandSessions are the commands under way. Each belongs to one full JID.
type commandSessions struct {
	mu sync.Mutex
	m  map[string]commandSession
}

// commandSession is how far a user has come. It is a value: a step that cannot
// be committed leaves what is kept as it was.
type commandSession struct {
	owner, node string
	until       time.Time
	stages      []commandStage    // the last one is open
	in          filled            // one less
	kept        map[string]string // what was filled in, for forms that come again
}

// commandStage is one form of a command.
type commandStage struct {
	ask  *bridges.Ask
	more bool // another comes after it
}

func newCommandSessions() *commandSessions {
	return &commandSessions{m: map[string]commandSession{}}
}

// find returns a session, or tells what is wrong with it.
func (s *commandSessions) find(id, owner, node string, now time.Time) (commandSession, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.m[id]
	switch {
	case !ok || now.After(x.until):
		return x, commandError("cancel", "not-allowed", "session-expired")
	case x.owner != owner || x.node != node:
		return x, commandError("modify", "bad-request", "bad-sessionid")
	}
	return x, nil
}

// put keeps a session for another while. A new one takes the place of the one
// that was left alone for longest: of its user's, or of all when there are too
// many.
func (s *commandSessions) put(id string, x commandSession, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x.until = now.Add(commandTime)
	if _, old := s.m[id]; !old {
		s.makeRoom(commandsAUser, func(y commandSession) bool { return bare(y.owner) == bare(x.owner) })
		s.makeRoom(commandsMax, func(commandSession) bool { return true })
	}
	s.m[id] = x
}

// makeRoom closes the oldest of the sessions that count if there are most.
func (s *commandSessions) makeRoom(most int, counts func(commandSession) bool) {
	n, oldest := 0, ""
	for id, x := range s.m {
		if !counts(x) {
			continue
		}
		if n++; oldest == "" || x.until.Before(s.m[oldest].until) {
			oldest = id
		}
	}
	if n >= most {
		delete(s.m, oldest)
	}
}

func (s *commandSessions) close(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.m, id)
}

func (s *commandSessions) expire(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.m, func(_ string, x commandSession) bool { return now.After(x.until) })
}

// open is the stage that the user sees.
func (x commandSession) open() commandStage { return x.stages[len(x.stages)-1] }

// keeping returns x with the values that the user has filled in but not sent
// for good. No secret is among them. Values of later stages, to which the user
// came before, stay unless something else is decided here: they were about that.
func (x commandSession) keeping(values map[string]string) commandSession {
	kept, same := map[string]string{}, true
	for _, f := range x.open().ask.Fields {
		v, given := values[f.Name]
		same = same && (!given || v == x.kept[f.Name])
		if given && f.Kind != bridges.Secret {
			kept[f.Name] = v
		}
	}
	for name, v := range x.kept {
		if _, given := kept[name]; !given && (same || x.asks(name)) {
			kept[name] = v
		}
	}
	x.kept = kept
	return x
}

// asks tells whether a stage up to the open one has a field.
func (x commandSession) asks(name string) bool {
	return slices.ContainsFunc(x.stages, func(s commandStage) bool {
		return slices.ContainsFunc(s.ask.Fields, func(f bridges.Field) bool { return f.Name == name })
	})
}

// back returns x one stage earlier.
func (x commandSession) back() commandSession {
	x.stages = x.stages[:len(x.stages)-1]
	x.in = x.in[:len(x.in)-1]
	return x
}

// forth returns x one stage later.
func (x commandSession) forth(in filled, step result) commandSession {
	x.in = in
	x.stages = append(x.stages[:len(x.stages):len(x.stages)], commandStage{step.ask, step.more})
	kept := maps.Clone(step.values)
	if kept == nil {
		kept = map[string]string{}
	}
	maps.Copy(kept, x.kept)
	x.kept = kept
	return x
}
