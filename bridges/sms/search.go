package sms

import (
	"context"
	"strings"

	"causeway/bridges"
)

// SearchFields implements bridges.Searcher.
func (b *Bridge) SearchFields() []bridges.Field {
	return []bridges.Field{{Name: "number", Label: "Phone number", Help: "In any spelling, e.g. " + example + "."}}
}

// Search implements bridges.Searcher: nobody can look through the phones of the
// world, but a number in any spelling has an address. It does not block.
func (b *Bridge) Search(ctx context.Context, account bridges.AccountID, values map[string]string) ([]bridges.Person, error) {
	typed := strings.TrimSpace(values["number"])
	id, ok := bridges.UserID(typed), b.plan.isID(typed)
	if !ok {
		id, ok = b.plan.typed(typed)
	}
	if !ok {
		return nil, nil
	}
	p, err := b.Profile(ctx, account, id)
	if err != nil {
		return nil, err
	}
	return []bridges.Person{{ID: id, Name: p.Name}}, nil
}
