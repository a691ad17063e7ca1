package gateway

import (
	"context"
	"fmt"
	"strconv"

	"causeway/bridges"
	"causeway/mapping"
)

// runList shows a page of the users, as runContacts does of contacts.
func runList(ctx context.Context, g *Gateway, _ *tx, in filled) (result, error) {
	total := 0
	err := g.store.EachAccount(ctx, g.domain, func(mapping.Account) error {
		total++
		return nil
	})
	pages := max(1, (total+shownLines-1)/shownLines)
	if err == nil && len(in) == 0 && pages > 1 {
		return result{ask: askPage(total, pages)}, nil
	}
	page := 1
	if v := in.all()[pageField]; v != "" {
		page, _ = strconv.Atoi(v) // 0 when it does not fit
	}
	switch {
	case err != nil:
		return result{}, err
	case page < 1 || page > pages:
		return result{}, notAcceptable("There are " + strconv.Itoa(pages) + " pages.")
	}
	text, err := g.usersPage(ctx, page)
	if pages > 1 {
		text = fmt.Sprintf("Page %d of %d\n", page, pages) + text
	}
	return result{text: text}, err
}

const pageField = "page"

func askPage(total, pages int) *bridges.Ask {
	return &bridges.Ask{
		Title: "Users", Instructions: fmt.Sprintf("%d users are registered, on %d pages.", total, pages),
		Fields: []bridges.Field{{Name: pageField, Label: "Page", Kind: bridges.Number, Default: "1"}},
	}
}

// usersPage has a line for each user on a page.
func (g *Gateway) usersPage(ctx context.Context, page int) (string, error) {
	online := map[bridges.AccountID]bool{}
	for _, id := range g.people.online() {
		online[id] = true
	}
	var list lines
	i := 0
	err := g.store.EachAccount(ctx, g.domain, func(a mapping.Account) error {
		if i/shownLines == page-1 {
			list.add(func() string { return g.describe(a, online[a.ID]) })
		}
		i++
		return nil
	})
	return list.text("Nobody is registered."), err
}
