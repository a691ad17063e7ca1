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

// wish is a contact that shall be in a user's roster.
type wish struct {
	contact mapping.Contact
	groups  []string
	item    *roster.Item // what the server has now; nil: nothing
	read    bool         // item is known
}

// fresh tells whether nothing was done for the contact yet.
func (w *wish) fresh() bool { return w.contact.Subscription == 0 }

func (w *wish) wanted(jid string) roster.Item {
	return roster.Item{JID: jid, Name: nameOf(w.contact), Groups: w.groups, Subscription: roster.Both, Approved: true}
}

// placeContacts brings a user's contacts into the roster: by the server where it
// grants that, else by asking (xeps.md 0100.45).
func (g *Gateway) placeContacts(ctx context.Context, acc mapping.Account) {
	wishes, err := g.wishes(ctx, acc)
	if err != nil {
		g.log.Warn("no list of contacts", "account", acc.ID, "err", err)
		return
	}
	if len(wishes) > 0 && g.rights(hostOf(acc.ID)).Roster {
		err := g.placeAll(ctx, acc.ID, wishes)
		goOn := err == nil || g.rosterFails(acc.ID, err)
		g.keepPlaced(acc.ID, wishes)
		if !goOn {
			return
		}
	}
	g.askLater(acc.ID, wishes)
}

// wishes returns the contacts for which nothing was done yet, and those that we
// placed and that the network calls otherwise now.
func (g *Gateway) wishes(ctx context.Context, acc mapping.Account) (all []wish, err error) {
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
		renamed := listed && c.Subscription&mapping.PlacedByUs != 0 && cleanName(p.Name) != cleanName(c.Name)
		if c.ID == "" || c.Subscription != 0 && !renamed {
			return nil
		}
		w := wish{contact: c, groups: group}
		if listed {
			w.contact.Name, w.groups = cleanName(p.Name), groupsOf(p, group)
		}
		all = append(all, w)
		return nil
	})
	for _, p := range list { // in the order of the network
		if _, left := people[bridges.ChatID(p.ID)]; left {
			c := mapping.Contact{Bridge: g.domain, Account: acc.ID, ID: bridges.ChatID(p.ID), Name: cleanName(p.Name)}
			all = append(all, wish{contact: c, groups: groupsOf(p, group)})
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

// placeAll puts contacts into a roster, and reads back what the server made of
// it: ejabberd takes an item without its subscription (xeps.md F2).
func (g *Gateway) placeAll(ctx context.Context, id bridges.AccountID, wishes []wish) error {
	items, err := g.readRoster(ctx, id)
	if err != nil {
		return err
	}
	for i := 0; i < len(wishes) && err == nil; i++ {
		err = g.placeOne(ctx, id, items, &wishes[i])
	}
	items, unread := g.readRoster(ctx, id)
	if unread != nil {
		return errors.Join(err, unread)
	}
	for i := range wishes {
		w := &wishes[i]
		w.read = true
		if item, there := items[g.contactJID(w.contact.ID)]; there {
			w.item = &item
		}
	}
	return err
}

// placeOne sets an item that is not there, or that has the name which we gave
// it: what the user changed or took out stays so (xeps.md 0356.7).
func (g *Gateway) placeOne(ctx context.Context, id bridges.AccountID, items map[string]roster.Item, w *wish) error {
	jid := g.contactJID(w.contact.ID)
	item, there := items[jid]
	switch {
	case w.fresh() && there && item.Subscription == roster.Both:
		return nil // set before a crash, or by the user
	case !w.fresh() && (!there || item.Name != w.contact.Placed):
		return nil
	case there:
		w.groups = item.Groups
	}
	return g.setItem(ctx, id, w.wanted(jid))
}
