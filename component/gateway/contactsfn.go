package gateway

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/form"
	"causeway/mapping"
)

// contactsAPage is how many contacts are shown at once.
const contactsAPage = 20

var (
	addressField = bridges.Field{Name: "address", Label: "Address", Required: true}
	// surelyField is asked for when what was given as an address may mean another.
	surelyField = bridges.Field{Name: "surely", Label: "Address", Required: true}
	nameField   = bridges.Field{Name: "name", Label: "Name", Required: true, Pattern: ".{1,100}", Help: "At most 100 letters."}
)

func runAdd(ctx context.Context, g *Gateway, t *tx, in filled) (result, error) {
	if len(in) == 0 {
		return result{ask: askAddress("Add a contact", g.addressHint())}, nil
	}
	id, err := g.whom(ctx, t.account, in.all()["address"])
	if err != nil {
		return result{}, err
	}
	return g.add(ctx, t, id)
}

func (g *Gateway) addressHint() string {
	if g.info.Example == "" {
		return "Whom do you want to write to?"
	}
	return "An address is such as " + g.info.Example + "."
}

// runRename gives a contact the name that the gateway calls it by, also in the
// user's roster where we may. The second stage offers the one that it has, and
// says whom it is about: it comes in any case when that was not sure.
func runRename(ctx context.Context, g *Gateway, t *tx, in filled) (result, error) {
	if len(in) == 0 {
		return result{ask: askAddress("Rename a contact", "Whom do you want to rename?"), more: true}, nil
	}
	c, sure, err := g.ownContact(ctx, t, in[0]["address"])
	if err != nil {
		return result{}, err
	}
	jid := g.contactJID(c.ID)
	if len(in) == 1 {
		ask := &bridges.Ask{Title: "Rename a contact", Instructions: "What shall " + jid + " be called?", Fields: []bridges.Field{nameField}}
		return result{ask: ask, afresh: !sure, values: map[string]string{"name": c.Name}}, nil
	}
	c.Name = cleanName(in[1]["name"])
	c.Subscription |= mapping.NamedByUser
	if g.rights(hostOf(t.account)).Roster {
		c.Placed = "" // it is yet to come there
		t.places(g)
	}
	t.batch.PutContacts = append(t.batch.PutContacts, c)
	return result{text: jid + " is now called " + c.Name + "."}, nil
}

// runRemove ends both subscriptions with a contact, takes it out of the user's
// roster where we may, and remembers that the user wants it so. The beginning of
// a name is not enough for that: a second stage says whom it may mean.
func runRemove(ctx context.Context, g *Gateway, t *tx, in filled) (result, error) {
	if len(in) == 0 {
		return result{ask: askAddress("Remove a contact", "Whom do you want to remove?")}, nil
	}
	text := cmp.Or(in.all()[surelyField.Name], in[0][addressField.Name])
	c, sure, err := g.ownContact(ctx, t, text)
	switch {
	case err != nil:
		return result{}, err
	case !sure && len(in) > 1:
		return result{}, notAcceptable(text + " is not the whole name of a contact.")
	case !sure:
		return g.askSurely(text, c), nil
	}
	rest := g.ends(t, &c)
	t.batch.PutContacts = append(t.batch.PutContacts, c)
	return result{text: g.contactJID(c.ID) + " is no longer among your contacts.", rest: rest}, nil
}

// ends ends all that there is with a contact but what the user refuses, and returns what
// the contact says to that. The row is yet to be kept.
func (g *Gateway) ends(t *tx, c *mapping.Contact) []*stanza.Out {
	c.Subscription = c.Subscription&(mapping.RefusedByUser|mapping.BlockedByUser) | mapping.RemovedByUser
	c.Name, c.Placed = "", ""
	if g.rights(hostOf(t.account)).Roster {
		c.Subscription |= mapping.PlacedByUs // until it is out
		t.places(g)
	}
	t.leaves(g, c.ID)
	jid := g.contactJID(c.ID)
	return farewell(jid, jid+"/"+resource, string(t.account))
}

// removed tells whether a row only says that the user does not want the contact.
func removed(c mapping.Contact) bool {
	return c.Subscription&^(mapping.RefusedByUser|mapping.BlockedByUser) == mapping.RemovedByUser
}

func (g *Gateway) askSurely(text string, c mapping.Contact) result {
	ask := &bridges.Ask{
		Title: "Remove a contact", Instructions: text + " may mean " + g.nameAndAddress(c) + ". Whom do you want to remove?",
		Fields: []bridges.Field{surelyField},
	}
	return result{ask: ask, afresh: true, values: map[string]string{surelyField.Name: g.contactJID(c.ID)}}
}

// ownContact finds a contact of the user by an address, or by its name. It is
// sure who is meant unless that is only how the name begins, or the text is the
// address of somebody else as well, which a contact is free to be called.
func (g *Gateway) ownContact(ctx context.Context, t *tx, text string) (c mapping.Contact, sure bool, err error) {
	all, err := g.contactsOf(ctx, t)
	if err != nil {
		return c, false, err
	}
	id, unclear := g.spelled(text)
	among := func(c mapping.Contact) bool { return c.ID == id }
	if i := slices.IndexFunc(all, among); unclear == nil && i >= 0 {
		return all[i], true, nil
	}
	id, whole, err := g.oneNamed(ctx, t.account, text)
	if err != nil {
		return c, false, err
	}
	if i := slices.IndexFunc(all, among); i >= 0 {
		return all[i], whole && unclear != nil, nil
	}
	return c, false, notAcceptable(text + " is not among your contacts.")
}

// contactsOf returns the contacts of the user of t: those with a name first, by
// name, then the others by address.
func (g *Gateway) contactsOf(ctx context.Context, t *tx) (all []mapping.Contact, err error) {
	err = g.store.EachContact(ctx, g.domain, t.account, func(c mapping.Contact) error {
		if c.ID != "" && !removed(c) && !leaves(c) {
			all = append(all, c)
		}
		return nil
	})
	slices.SortFunc(all, func(a, b mapping.Contact) int {
		if (a.Name == "") != (b.Name == "") {
			return cmp.Compare(b.Name, a.Name)
		}
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return all, err
}

// runContacts shows a page of the user's contacts.
func runContacts(ctx context.Context, g *Gateway, t *tx, in filled) (result, error) {
	all, err := g.contactsOf(ctx, t)
	if err != nil {
		return result{}, err
	}
	pages := pagesOf(len(all), contactsAPage)
	if len(in) == 0 && pages > 1 {
		return result{ask: askPage("Contacts", "You have "+plural(len(all), "contact", "contacts"), pages)}, nil
	}
	page, err := in.page(pages)
	if err != nil {
		return result{}, err
	}
	shown := all[(page-1)*contactsAPage : min(page*contactsAPage, len(all))]
	return g.contactsPage(shown, len(all), page, pages), nil
}

func (g *Gateway) contactsPage(shown []mapping.Contact, total, page, pages int) result {
	if total == 0 {
		return result{text: "You have no contacts here yet: write add and an address."}
	}
	text := "You have " + plural(total, "contact", "contacts") + "."
	if pages > 1 {
		text += " Page " + strconv.Itoa(page) + " of " + strconv.Itoa(pages) + ", write contacts and a number for another."
	}
	table := &form.Form{Type: "result", Title: "Contacts", Reported: []form.Field{
		{Var: "jid", Type: "jid-single", Label: "Address"}, {Var: "name", Type: "text-single", Label: "Name"},
	}}
	for _, c := range shown {
		jid := g.contactJID(c.ID)
		table.Items = append(table.Items, []string{jid, c.Name})
		text += "\n" + jid
		if c.Name != "" {
			text += " " + c.Name
		}
	}
	return result{text: text, table: table}
}
