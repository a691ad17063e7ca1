package gateway

import (
	"context"
	"errors"
	"time"

	"causeway/bridges"
	"causeway/component/xep/roster"
	"causeway/mapping"
)

// listTime bounds what a network may take to list contacts.
const listTime = 30 * time.Second

// wish is a contact as it shall stand in a user's roster.
type wish struct {
	was     mapping.Contact // as the store has it
	contact mapping.Contact // with the name that the network's list has now
	groups  []string
	age     int          // of the list, see rosters.age
	item    *roster.Item // what the server has; nil: nothing
	read    bool         // item is known
	listed  bool         // the network's list has it
}

const (
	// standing are the bits of a contact whom the user has, or was asked about.
	standing = mapping.SeesContact | mapping.SeenByUs | mapping.AskedByUs
	// unanswered is a contact that has asked, and no more.
	unanswered = mapping.AskedByUs | mapping.AskedOnce
)

// fresh tells whether nothing was done for a contact yet.
func fresh(c mapping.Contact) bool { return c.Subscription&^mapping.NamedByUser == 0 }

// asked tells whether a contact has asked and the user has yet to answer.
func asked(c mapping.Contact) bool { return c.Subscription&^mapping.NamedByUser == unanswered }

// offered tells whether a contact of the network's list was suggested to a client
// and the user did nothing. Of others the bit is left when all else has ended.
func (w *wish) offered() bool {
	return w.listed && w.was.Subscription&^mapping.NamedByUser == mapping.AskedOnce
}

// added tells whether the user has added a contact in the roster, which a server
// that grants it is to complete there instead of a question.
func added(c mapping.Contact) bool { return c.Subscription&mapping.AddedByUser != 0 }

// pending tells whether a server that puts contacts into rosters is to do so with
// this one: the user has not answered in any way.
func (w *wish) pending() bool {
	return fresh(w.was) || asked(w.was) || added(w.was) || w.offered()
}

// leaves tells whether a contact shall no longer be in the roster where it may
// still be: the row says that it is there and nothing else stands.
func leaves(c mapping.Contact) bool {
	return c.Subscription&mapping.PlacedByUs != 0 && c.Subscription&standing == 0
}

// lasts tells whether anything is to be kept in a row of a contact that is
// leaving.
func lasts(c mapping.Contact) bool {
	return c.Subscription&^(mapping.PlacedByUs|mapping.NamedByUser) != 0
}

func (w *wish) wanted(jid string) roster.Item {
	return roster.Item{JID: jid, Name: nameOf(w.contact), Groups: w.groups, Subscription: roster.Both, Approved: true}
}

// placeContacts brings a user's contacts into the roster: by the server where it
// grants that, else by suggestions to clients that take them, else by asking
// (xeps.md 0100.45). What the user calls them there is noted.
func (g *Gateway) placeContacts(ctx context.Context, acc mapping.Account) {
	wishes, err := g.wishes(ctx, acc)
	if err != nil {
		g.log.Warn("no list of contacts", "account", acc.ID, "err", err)
		return
	}
	if len(wishes) == 0 {
		return
	}
	goOn := true
	if g.rights(hostOf(acc.ID)).Roster {
		age := g.privileges.age(hostOf(acc.ID))
		err := g.placeAll(ctx, acc.ID, age, wishes)
		goOn = err == nil || g.rosterFails(acc.ID, age, err)
	}
	g.keepPlaced(acc.ID, wishes)
	if goOn {
		g.askLater(acc.ID, g.offerContacts(acc.ID, wishes))
	}
}

// wishes returns the contacts of an account, and those of the network's list
// that the account has not.
func (g *Gateway) wishes(ctx context.Context, acc mapping.Account) (all []wish, err error) {
	age := g.rosters.age(acc.ID)
	list, err := g.listed(ctx, acc)
	if err != nil {
		return nil, err
	}
	people := map[bridges.ChatID]bridges.Person{}
	for _, p := range list {
		people[bridges.ChatID(p.ID)] = p
	}
	group := []string{g.info.Name}
	err = g.store.EachContact(ctx, g.domain, acc.ID, func(c mapping.Contact) error {
		p, listed := people[c.ID]
		delete(people, c.ID)
		w := wish{was: c, contact: c, groups: group, age: age, listed: listed}
		if c.ID == "" || c.Subscription&standing == 0 && !w.pending() && !leaves(c) {
			return nil
		}
		if listed {
			w.groups = groupsOf(p, group)
			if c.Subscription&mapping.NamedByUser == 0 {
				w.contact.Name = cleanName(p.Name)
			}
		}
		all = append(all, w)
		return nil
	})
	for _, p := range list { // in the order of the network
		if _, left := people[bridges.ChatID(p.ID)]; left {
			c := mapping.Contact{Bridge: g.domain, Account: acc.ID, ID: bridges.ChatID(p.ID)}
			w := wish{was: c, contact: c, groups: groupsOf(p, group), age: age, listed: true}
			w.contact.Name = cleanName(p.Name)
			all = append(all, w)
		}
	}
	return all, err
}

// groupsOf returns the groups of a person; one without any gets those.
func groupsOf(p bridges.Person, others []string) (groups []string) {
	for _, name := range p.Groups {
		if name = cleanName(name); name != "" {
			groups = append(groups, name)
		}
	}
	if groups == nil {
		return others
	}
	return groups
}

// listed returns the account's list on the network; nil where there is none.
func (g *Gateway) listed(ctx context.Context, acc mapping.Account) ([]bridges.Person, error) {
	if !g.info.Can.Has(bridges.CanContacts) {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	s, release, err := g.sessions.use(ctx, acc)
	if err != nil {
		return nil, err
	}
	defer release()
	l, ok := s.(bridges.Lister)
	if !ok {
		return nil, errNoList
	}
	return l.Contacts(ctx)
}

// errNoList is of a bridge that breaks the contract.
var errNoList = errors.New("gateway: a session of a network with contacts does not list them")
