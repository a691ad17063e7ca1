package gateway

import (
	"context"
	"strings"
	"time"

	"causeway/bridges"
	"causeway/bridges/cache"
	"causeway/component/stanza"
	"causeway/mapping"
)

const (
	// presenceLimit bounds the people of whom it is known how much they are there, as
	// accounts see them. Of whom it is forgotten is shown as available.
	presenceLimit = 1 << 16
	// presenceAge is after how long without news somebody is asked about again who is
	// about to be shown.
	presenceAge = time.Hour
	// probeQueue bounds the people who are to be asked about, and those who are to be when
	// the network is back, and probers how many are at once.
	probeQueue, probers = 1 << 16, 2
)

// availability is how much somebody is there. The zero value: nobody knows.
type availability struct {
	show   bridges.Show
	status string
}

// heard is what the network said of a person, and when.
type heard struct {
	availability
	at time.Time
}

// presences are how much people of the network are there (CanPresence).
type presences struct {
	known          *cache.Cache[whose, heard]
	*lineup[whose] // of whom the network is to be asked
}

func newPresences() *presences {
	return &presences{known: cache.New[whose, heard](presenceLimit), lineup: newLineup[whose](probeQueue)}
}

// hears notes what the network said of a person, who was asked about at a time; zero:
// it said so by itself, which is newer than any answer to what was asked before. An
// answer that says nothing leaves all as it was. News: it is shown otherwise now.
func (x *presences) hears(w whose, p availability, asked time.Time) (news bool) {
	x.known.Change(w, func(old heard, _ bool) heard {
		switch {
		case !asked.IsZero() && old.at.After(asked):
			return old
		case p.show == 0:
			p = old.availability
		}
		was := old.availability
		if was.show == 0 {
			was.show = bridges.Available // as which it is shown
		}
		news = p.show != 0 && was != p
		return heard{p, time.Now()}
	})
	return news
}

// hearPresence takes what the network says of a person, and shows it to a user who
// sees the contact, when it is news. It does not block.
func (g *Gateway) hearPresence(id bridges.AccountID, e bridges.Presence) {
	g.hears(whose{id, localpart(string(e.Person))}.clone(), e, time.Time{})
}

// hears takes what the network says of a person, who was asked about at a time.
func (g *Gateway) hears(w whose, e bridges.Presence, asked time.Time) {
	p := availability{e.Show, strings.Clone(cleanName(e.Status))}
	if !g.presences.hears(w, p, asked) || !g.people.isOnline(w.account) || isOff(g) {
		return // who comes is shown all
	}
	if !g.enqueueControl(w.account, false, step{run: func(ctx context.Context) { g.showPresence(ctx, w) }}) {
		g.countDropped("too much presence")
	}
}

// prober is the network that can be asked how much somebody is there.
func (g *Gateway) prober() (bridges.Prober, bool) {
	p, ok := g.cfg.Bridge.(bridges.Prober)
	return p, ok && g.info.Can.Has(bridges.CanPresence)
}

// probeLater has the network asked how much a person is there who is about to be shown,
// if it can be and was not heard to say so lately. It does not block; when too many wait, the
// next presence does it.
func (g *Gateway) probeLater(w whose, heard time.Time) {
	if _, ok := g.prober(); !ok || time.Since(heard) < presenceAge {
		return
	}
	if !g.presences.add(w.clone()) {
		g.countDropped("too many probes")
	}
}

// probe asks the network how much a person is there, as a user may see it.
func (g *Gateway) probe(ctx context.Context, w whose) {
	prober, _ := g.prober()
	acc, ok, err := g.accounts.find(ctx, w.account)
	if err != nil || !ok || !g.admits(w.account) {
		return
	}
	chat, err := g.resolve(w.local)
	if err != nil {
		return
	}
	asked := time.Now()
	e, err := g.askPresence(ctx, prober, acc, bridges.UserID(chat))
	if err != nil {
		g.log.Debug("the network does not say whether somebody is there", "account", w.account, "contact", chat, "err", err)
	}
	if bridges.KindOf(err) == bridges.Temporary {
		g.presences.fails(w)
		return
	}
	g.hears(w, e, asked)
}

func (g *Gateway) askPresence(ctx context.Context, p bridges.Prober, acc mapping.Account, person bridges.UserID) (bridges.Presence, error) {
	defer resting(ctx).enter()
	ctx, cancel := context.WithTimeout(ctx, presentTime)
	defer cancel()
	e, err := p.Probe(ctx, g.account(acc), person)
	if err != nil {
		return bridges.Presence{}, err
	}
	return e, nil
}

// showPresence shows a user how much a contact is there now.
func (g *Gateway) showPresence(ctx context.Context, w whose) {
	if g.sees(ctx, w) {
		g.send(ctx, g.contactPresence(w.local+"@"+g.domain, string(w.account)))
	}
}

// isThere writes how much a contact is there, as a user may see it. False: it is
// not, and nothing else is to be said (RFC 6121 §4.7.1).
func (g *Gateway) isThere(o *stanza.Out, w whose) bool {
	p, _ := g.presences.known.Get(w)
	g.probeLater(w, p.at) // behind that: its answer is shown by itself
	switch p.show {
	case bridges.Away:
		o.Payload.Leaf("show", "", "away")
	case bridges.Busy:
		o.Payload.Leaf("show", "", "dnd")
	case bridges.Unavailable:
		o.Type = "unavailable"
	}
	if p.status != "" {
		o.Payload.Leaf("status", "", p.status)
	}
	return p.show != bridges.Unavailable
}
