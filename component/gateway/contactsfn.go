package gateway

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"causeway/bridges"
	"causeway/component/xep/form"
	"causeway/mapping"
)

// contactsAPage is how many contacts are shown at once.
const contactsAPage = 20

var (
	addressField = bridges.Field{Name: "address", Label: "Address", Required: true}
	nameField    = bridges.Field{Name: "name", Label: "Name", Required: true, Pattern: ".{1,100}", Help: "At most 100 letters."}
)

func runAdd(ctx context.Context, g *Gateway, t *tx, in filled) (result, error) {
	if len(in) == 0 {
		return result{ask: &bridges.Ask{Title: "Add a contact", Instructions: g.addressHint(), Fields: []bridges.Field{addressField}}}, nil
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
// user's roster where we may. The second stage offers the one that it has.
func runRename(ctx context.Context, g *Gateway, t *tx, in filled) (result, error) {
	if len(in) == 0 {
		ask := &bridges.Ask{Title: "Rename a contact", Instructions: "Whom do you want to rename?", Fields: []bridges.Field{addressField}}
		return result{ask: ask, more: true}, nil
	}
	c, err := g.ownContact(ctx, t, in[0]["address"])
	if err != nil {
		return result{}, err
	}
	jid := g.contactJID(c.ID)
	if len(in) == 1 {
		ask := &bridges.Ask{Title: "Rename a contact", Instructions: "What shall " + jid + " be called?", Fields: []bridges.Field{nameField}}
		return result{ask: ask, values: map[string]string{"name": c.Name}}, nil
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
// roster where we may, and remembers that the user wants it so.
func runRemove(ctx context.Context, g *Gateway, t *tx, in filled) (result, error) {
	if len(in) == 0 {
		return result{ask: &bridges.Ask{Title: "Remove a contact", Instructions: "Whom do you want to remove?", Fields: []bridges.Field{addressField}}}, nil
	}
	c, err := g.ownContact(ctx, t, in.all()["address"])
	if err != nil {
		return result{}, err
	}
	c.Subscription = c.Subscription&mapping.RefusedByUser | mapping.RemovedByUser
	c.Name, c.Placed = "", ""
	if g.rights(hostOf(t.account)).Roster {
		c.Subscription |= mapping.PlacedByUs // until it is out
		t.places(g)
	}
	t.batch.PutContacts = append(t.batch.PutContacts, c)
	jid := g.contactJID(c.ID)
	return result{text: jid + " is no longer among your contacts.", rest: farewell(jid, jid+"/"+resource, string(t.account))}, nil
}

// removed tells whether a row only says that the user does not want the contact.
func removed(c mapping.Contact) bool {
	return c.Subscription&^mapping.RefusedByUser == mapping.RemovedByUser
}

// ownContact finds a contact of the user by an address, or by its name.
func (g *Gateway) ownContact(ctx context.Context, t *tx, text string) (c mapping.Contact, err error) {
	all, err := g.contactsOf(ctx, t)
	if err != nil {
		return c, err
	}
	id, unclear := g.spelled(text)
	among := func(c mapping.Contact) bool { return c.ID == id }
	i := -1
	if unclear == nil {
		i = slices.IndexFunc(all, among)
	}
	if i < 0 {
		if id, err = g.oneNamed(ctx, t.account, text); err != nil {
			return c, err
		}
		i = slices.IndexFunc(all, among)
	}
	if i < 0 {
		return c, notAcceptable(text + " is not among your contacts.")
	}
	return all[i], nil
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
