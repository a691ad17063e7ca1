package gateway

import (
	"context"
	"errors"
	"strings"
	"time"

	"causeway/bridges"
	"causeway/bridges/cache"
	"causeway/component/stanza"
	"causeway/component/xep/roster"
)

const (
	// rosterQueue bounds the accounts whose rosters wait to be looked at.
	rosterQueue = 4096
	// rosterTime bounds an answer of a server: ejabberd drops what it refuses
	// (xeps.md F3).
	rosterTime = 10 * time.Second
)

// rosters are the accounts whose rosters are to be looked at. One loop does it,
// so that no lane of a user waits for a server.
type rosters struct {
	*lineup[bridges.AccountID]
	asks  chan asking
	asked *cache.Cache[bridges.AccountID, int] // how many since the last log-in
	ends  *cache.Cache[bridges.AccountID, int] // how many contacts the network has ended
}

func newRosters() *rosters {
	return &rosters{
		lineup: newLineup[bridges.AccountID](rosterQueue), asks: make(chan asking, rosterQueue),
		asked: cache.New[bridges.AccountID, int](4 * rosterQueue), ends: cache.New[bridges.AccountID, int](4 * rosterQueue),
	}
}

// age is the age of the network's list of an account: another one when somebody
// has left it meanwhile, who may be in a list that was read before.
func (r *rosters) age(id bridges.AccountID) int {
	n, _ := r.ends.Get(id)
	return n
}

// placeLater has the contacts of an account put into the user's roster, or
// taken out of it when there is no such account. It does not block; when too
// many wait, the next log-in does it.
func (g *Gateway) placeLater(id bridges.AccountID) {
	if !g.rosters.add(clone(id)) {
		g.countDropped("too many rosters")
	}
}

// places has placeLater done for the account of t, behind what t sends.
func (t *tx) places(g *Gateway) {
	t.done = append(t.done, func() {
		g.enqueueControl(t.account, true, step{run: func(context.Context) { g.placeLater(t.account) }})
	})
}

// keepRoster does what one account needs.
func (g *Gateway) keepRoster(ctx context.Context, id bridges.AccountID) {
	acc, registered, err := g.accounts.find(ctx, id)
	switch {
	case err != nil || !g.admits(id):
	case registered:
		g.placeContacts(ctx, acc)
	case g.rights(hostOf(id)).Roster:
		age := g.privileges.age(hostOf(id))
		if err := g.clearRoster(ctx, id); err != nil {
			_ = g.rosterFails(id, age, err)
		}
	}
}

// errUnsaid says that a server did not answer, though the link is up.
var errUnsaid = errors.New("gateway: the server does not answer about a roster")

// askRoster sends one request about a roster.
func (g *Gateway) askRoster(ctx context.Context, id bridges.AccountID, typ string, write func(w *stanza.Writer)) (*stanza.Stanza, error) {
	late, cancel := context.WithTimeoutCause(ctx, rosterTime, errUnsaid)
	defer cancel()
	o := &stanza.Out{Kind: stanza.IQ, Type: typ, From: g.domain, To: string(id)}
	write(&o.Payload)
	g.at("roster")
	defer g.at("rostered")
	s, err := g.link.Request(late, o)
	if unsaid := errors.Is(err, errUnsaid); unsaid || err == nil {
		g.privileges.answers(hostOf(id), typ, !unsaid)
	}
	return s, err
}

// readRoster returns our contacts in a roster by bare JID, with their names made
// fit: of the others nothing is kept (xeps.md 0356.5).
func (g *Gateway) readRoster(ctx context.Context, id bridges.AccountID) (map[string]roster.Item, error) {
	s, err := g.askRoster(ctx, id, "get", roster.AppendGet)
	if err != nil {
		return nil, err
	}
	ours := map[string]roster.Item{}
	for i := range roster.Items(s) {
		if strings.HasSuffix(i.JID, "@"+g.domain) {
			i.Name = cleanName(i.Name)
			ours[i.JID] = i
		}
	}
	return ours, nil
}

// setItem changes one item: servers take no more at once (xeps.md 0356.6).
func (g *Gateway) setItem(ctx context.Context, id bridges.AccountID, i roster.Item) error {
	_, err := g.askRoster(ctx, id, "set", func(w *stanza.Writer) { roster.AppendSet(w, i) })
	return err
}

// hearPush takes a roster push: a server says that an item has changed (xeps.md
// 0356.9). It comes from the bare address of a user, from which no user can
// send. Nil: s is no such push.
func (g *Gateway) hearPush(ctx context.Context, t *tx, s *stanza.Stanza) *stanza.Out {
	if s.Type != "set" || s.To != g.domain || resourceOf(s.From) != "" || !g.rights(hostOf(t.account)).Roster {
		return nil
	}
	if _, ok := s.Child(roster.NS, "query"); !ok {
		return nil
	}
	_, registered, err := g.accounts.find(ctx, t.account)
	for i := range roster.Items(s) {
		if err == nil && registered && strings.HasSuffix(i.JID, "@"+g.domain) {
			t.places(g)
			break
		}
	}
	return &stanza.Out{Kind: stanza.IQ, Type: "result", ID: s.ID, From: g.domain, To: s.From}
}

// clearRoster takes our contacts out of a roster (xeps.md 0100.16).
func (g *Gateway) clearRoster(ctx context.Context, id bridges.AccountID) error {
	items, err := g.readRoster(ctx, id)
	for jid := range items {
		if err = g.setItem(ctx, id, roster.Item{JID: jid, Subscription: roster.Remove}); err != nil && !isGone(err) {
			return err
		}
	}
	return err
}

// isGone tells whether a server says that what was asked about is not there.
func isGone(err error) bool { return hasCondition(err, "item-not-found") }

// isShut tells whether a server gives nothing of this one account: that is the
// answer for a user who has blocked the gateway (XEP-0191 section 3.4).
func isShut(err error) bool { return hasCondition(err, "service-unavailable") }

func hasCondition(err error, condition string) bool {
	var e *stanza.Error
	return errors.As(err, &e) && e.Condition == condition
}

// rosterFails judges what went wrong with a roster. A server that refuses, or
// says nothing time after time, is not asked again until it says anew what it
// grants (xeps.md 0356.10): one answer alone may be late, or be about an account
// that the server does not have, for which Prosody has none. What is about one
// account takes nothing from the others. goOn tells that the account is to be
// served without it. age is that of the privileges when it was asked.
func (g *Gateway) rosterFails(id bridges.AccountID, age int, err error) (goOn bool) {
	var e *stanza.Error
	switch {
	case isGone(err), isShut(err):
		return true
	case errors.Is(err, errUnsaid) && !g.privileges.isSilent(hostOf(id)):
		return true
	case errors.As(err, &e), errors.Is(err, errUnsaid):
		g.log.Warn("the server grants rosters, but does not give them", "host", hostOf(id), "err", err)
		g.privileges.lose(hostOf(id), age, noRoster)
		return true
	}
	return false // the link is down: the next log-in comes after it
}
