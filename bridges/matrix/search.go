package matrix

import (
	"context"
	"strings"

	"causeway/bridges"
)

// mostFound bounds what a search finds.
const mostFound = 50

// SearchFields implements bridges.Searcher.
func (b *Bridge) SearchFields() []bridges.Field {
	return []bridges.Field{{
		Name: "nick", Label: "Name or address", Required: true,
		Help: "A part of a name, or an address such as " + example + ".",
	}}
}

// Search implements bridges.Searcher: whom the homeserver shows to the account's
// ghost, and before them whom an address names.
func (b *Bridge) Search(ctx context.Context, account bridges.AccountID, values map[string]string) ([]bridges.Person, error) {
	term := strings.TrimSpace(values["nick"])
	if term == "" {
		return nil, nil
	}
	self := b.ghosts.of(account)
	if err := b.appear(ctx, self, account); err != nil {
		return nil, b.failed(err, bridges.Temporary)
	}
	people := found{b: b, seen: map[bridges.UserID]bool{}}
	if id := bridges.UserID(b.typed(term)); isPerson(string(id)) {
		if p, err := b.server.As("").Profile(ctx, userID(id)); err == nil {
			people.add(id, p.Name)
		}
	}
	all, err := b.as(self).SearchUsers(ctx, term, mostFound)
	if err != nil {
		return nil, b.failed(err, bridges.Temporary)
	}
	for _, p := range all {
		people.add(personOf(p.User), p.Name)
	}
	return people.list, nil
}

// found is people, nobody twice, and nobody of ours.
type found struct {
	b    *Bridge
	seen map[bridges.UserID]bool
	list []bridges.Person
}

func (f *found) add(id bridges.UserID, name string) {
	if f.seen[id] || len(f.list) == mostFound || !isPerson(string(id)) || f.b.ours(id) {
		return
	}
	f.seen[id] = true
	f.list = append(f.list, bridges.Person{ID: id, Name: name})
}
