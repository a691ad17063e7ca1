package gateway

import (
	"context"
	"fmt"
	"strconv"

	"causeway/bridges"
	"causeway/component/xep/form"
	"causeway/mapping"
)

// inField is what programs read instead of the words: a form with one field, as
// XEP-0133 (1.3.1) §4.13 and §4.18 name it.
func inField(field form.Field) *form.Form {
	return &form.Form{Type: "result", FormType: nsAdmin, Fields: []form.Field{field}}
}

// runCount says how many users there are.
func runCount(ctx context.Context, g *Gateway, _ *tx, _ filled) (result, error) {
	users, waiting := 0, 0
	err := g.store.EachAccount(ctx, g.domain, func(a mapping.Account) error {
		users++
		waiting += g.router.waitingOf(a.ID)
		return nil
	})
	return result{
		text: fmt.Sprintf("%s, %d online; %s.", plural(users, "user is registered", "users are registered"),
			len(g.people.online()), plural(waiting, "message waits", "messages wait")),
		table: inField(form.Field{Var: "registeredusersnum", Type: "text-single", Label: "Number of users", Value: strconv.Itoa(users)}),
	}, err
}

// runList shows a page of the users, as runContacts does of contacts.
func runList(ctx context.Context, g *Gateway, _ *tx, in filled) (result, error) {
	total := 0
	err := g.store.EachAccount(ctx, g.domain, func(mapping.Account) error {
		total++
		return nil
	})
	if err != nil {
		return result{}, err
	}
	pages := pagesOf(total, shownLines)
	if len(in) == 0 && pages > 1 {
		return result{ask: askPage("Users", fmt.Sprintf("%d users are registered", total), pages)}, nil
	}
	page, err := in.page(pages)
	if err != nil {
		return result{}, err
	}
	text, jids, err := g.usersPage(ctx, page)
	if pages > 1 {
		text = fmt.Sprintf("Page %d of %d\n", page, pages) + text
	}
	return result{text: text, table: inField(form.Field{Var: "registereduserjids", Type: "jid-multi", Label: "Users", Values: jids})}, err
}

// usersPage has a line for each user on a page, and the address.
func (g *Gateway) usersPage(ctx context.Context, page int) (text string, jids []string, err error) {
	online := map[bridges.AccountID]bool{}
	for _, id := range g.people.online() {
		online[id] = true
	}
	var list lines
	i := 0
	err = g.store.EachAccount(ctx, g.domain, func(a mapping.Account) error {
		if i/shownLines == page-1 {
			list.add(func() string { return g.describe(a, online[a.ID]) })
			jids = append(jids, string(a.ID))
		}
		i++
		return nil
	})
	return list.text("Nobody is registered."), jids, err
}
