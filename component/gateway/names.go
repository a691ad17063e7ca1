package gateway

import (
	"context"
	"strings"

	"causeway/bridges"
	"causeway/mapping"
)

// named returns the contacts of an account that somebody may mean by a name,
// whatever its case: those that have it, else those whose name begins so.
func (g *Gateway) named(ctx context.Context, id bridges.AccountID, name string) ([]mapping.Contact, error) {
	var exact, prefix []mapping.Contact
	name = strings.ToLower(strings.TrimSpace(name))
	err := g.eachNamed(ctx, id, func(c mapping.Contact, its string) {
		switch {
		case name == "":
		case its == name:
			exact = append(exact, c)
		case strings.HasPrefix(its, name):
			prefix = append(prefix, c)
		}
	})
	if len(exact) > 0 {
		return exact, err
	}
	return prefix, err
}

// eachNamed calls f with each contact of an account that has a name, and the
// name in lower case.
func (g *Gateway) eachNamed(ctx context.Context, id bridges.AccountID, f func(c mapping.Contact, name string)) error {
	return g.store.EachContact(ctx, g.domain, id, func(c mapping.Contact) error {
		if c.ID != "" && c.Name != "" && !leaves(c) {
			f(c, strings.ToLower(c.Name))
		}
		return nil
	})
}
