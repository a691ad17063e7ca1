package gateway

import (
	"context"
	"fmt"

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
	text, err := g.usersPage(ctx, page)
	if pages > 1 {
		text = fmt.Sprintf("Page %d of %d\n", page, pages) + text
	}
	return result{text: text}, err
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
