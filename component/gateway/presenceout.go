package gateway

import (
	"context"
	"strings"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
)

const (
	// presentQueue bounds the users of whom the network is to be told whether they
	// are there, and presentTime how long it may take for one.
	presentQueue = 4096
	presentTime  = 5 * time.Second
	// answerTime is how long after a connection is made somebody counts as gone
	// whose server has not said otherwise.
	answerTime = 30 * time.Second
)

// presents is what a network shows of whether our users are there (CanPresence).
type presents struct {
	mu sync.Mutex
	// told are those of whom the network shows more than that they are not there.
	told                       map[bridges.AccountID]present
	*lineup[bridges.AccountID] // of whom it is to be told
}

// present is what the network was told of a user.
type present struct {
	account bridges.Account
	availability
}

func newPresents() *presents {
	return &presents{told: map[bridges.AccountID]present{}, lineup: newLineup[bridges.AccountID](presentQueue)}
}

// was returns what the network was told of a user.
func (x *presents) was(id bridges.AccountID) (p present, told bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	p, told = x.told[id]
	return p, told
}

// tells notes what it is told.
func (x *presents) tells(id bridges.AccountID, p present) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if p.show == bridges.Unavailable {
		delete(x.told, id)
		return
	}
	x.told[id] = p
}

// all returns of whom the network shows that they are there.
func (x *presents) all() (ids []bridges.AccountID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for id := range x.told {
		ids = append(ids, id)
	}
	return ids
}

// presenceIn reads available presence.
func presenceIn(s *stanza.Stanza) availability {
	p := availability{show: bridges.Available}
	if e, ok := s.Child("", "show"); ok {
		switch strings.TrimSpace(e.Text()) {
		case "away", "xa":
			p.show = bridges.Away
		case "dnd":
			p.show = bridges.Busy
		}
	}
	if e, ok := s.Child("", "status"); ok {
		p.status = strings.Clone(cleanName(e.Text()))
	}
	return p
}

// shows notes how much a user is there with one resource.
func (p *people) shows(id bridges.AccountID, resource string, said availability) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.client(id, resource); c != nil {
		c.availability = said
	}
}

// presenceOf returns how much a user is there with all resources: as much as with
// that which is most. Of several alike it is that of the highest priority.
func (p *people) presenceOf(id bridges.AccountID) availability {
	p.mu.Lock()
	defer p.mu.Unlock()
	best, of := availability{show: bridges.Unavailable}, ""
	x := p.m[id]
	if x == nil {
		return best
	}
	for resource, c := range x.resources {
		rank := func(p availability) int { return int(bridges.Unavailable - p.show) }
		r, most := rank(c.availability), rank(best)
		switch old := x.resources[of]; {
		case c.show == 0, r < most:
		case r > most, c.priority > old.priority, c.priority == old.priority && resource < of:
			best, of = c.availability, resource
		}
	}
	return best
}

// presentLater has the network told how much a user is there. It does not block;
// when too many wait, the next presence does it.
func (g *Gateway) presentLater(id bridges.AccountID) {
	if g.info.Can.Has(bridges.CanPresence) && !g.presents.add(clone(id)) {
		g.countDropped("too much presence")
	}
}

// servePresence tells the network of users, and asks it of people, until the gateway
// ends.
func (g *Gateway) servePresence() {
	if g.info.Can.Has(bridges.CanPresence) {
		g.loop(g.presents.server(g, "presence of a user", g.presentUser))
	}
	if _, ok := g.prober(); ok {
		g.loops(probers, g.presences.server(g, "a probe", g.probe))
	}
}

// presentUser tells the network how much a user is there now, unless it was told
// that. Who is no member is not there.
func (g *Gateway) presentUser(ctx context.Context, id bridges.AccountID) {
	if isOff(g) {
		return
	}
	was, told := g.presents.was(id)
	now := present{was.account, availability{show: bridges.Unavailable}}
	acc, ok, err := g.accounts.find(ctx, id)
	if err != nil {
		return
	}
	if ok && g.admits(id) {
		now = present{g.account(acc), g.people.presenceOf(id)}
	}
	if !told && now.show == bridges.Unavailable || told && now.availability == was.availability {
		return
	}
	g.presents.tells(id, now)
	defer resting(ctx).enter()
	ctx, cancel := context.WithTimeout(ctx, presentTime)
	defer cancel()
	err = g.cfg.Bridge.(bridges.Presenter).Present(ctx, now.account, now.show, now.status) // Info.Can says so
	if err != nil {
		g.log.Debug("the network was not told whether a user is there", "account", id, "err", err)
	}
}

// missUsers has those counted as gone who have not shown themselves since the
// connection was made.
func (g *Gateway) missUsers(ctx context.Context) {
	if !g.info.Can.Has(bridges.CanPresence) {
		return
	}
	sleep(ctx, answerTime)
	for _, id := range g.presents.all() {
		if ctx.Err() == nil && !g.people.isOnline(id) {
			g.presentLater(id)
		}
	}
}
