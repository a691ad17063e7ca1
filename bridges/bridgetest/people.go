package bridgetest

import (
	"context"
	"slices"
	"strings"

	"causeway/bridges"
)

var (
	_ bridges.Profiler = (*Bridge)(nil)
	_ bridges.Searcher = (*Bridge)(nil)
	_ bridges.OneWay   = (*Bridge)(nil)
)

// SetContacts sets the contact list of an account. Its sessions tell it when
// the Bridge has bridges.CanContacts; the gateway hears of a change only by the
// bridges.ContactChange that the test delivers.
func (b *Bridge) SetContacts(id bridges.AccountID, list ...bridges.Person) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.contacts[id] = list
}

// SetProfile sets what is known of a person. Of whoever has no profile nothing
// is.
func (b *Bridge) SetProfile(id bridges.UserID, p bridges.Profile) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.profiles[id] = p
}

// SetOneWay says who cannot be written to, before anything else is done.
func (b *Bridge) SetOneWay(ids ...bridges.UserID) { b.oneWay = ids }

// NoReply implements bridges.OneWay.
func (b *Bridge) NoReply(id bridges.UserID) bool { return slices.Contains(b.oneWay, id) }

// Badge implements bridges.Profiler: the end of the id.
func (b *Bridge) Badge(id bridges.UserID) string {
	return strings.ToValidUTF8(string(id[max(0, len(id)-2):]), "")
}

// Profile implements bridges.Profiler.
func (b *Bridge) Profile(_ context.Context, _ bridges.AccountID, id bridges.UserID) (bridges.Profile, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.profiles[id]
	if !ok {
		return p, &bridges.Error{Kind: bridges.NotFound, Text: "Nobody knows who that is."}
	}
	return p, nil
}

// SearchFields implements bridges.Searcher.
func (b *Bridge) SearchFields() []bridges.Field {
	return []bridges.Field{{Name: "nick", Label: "Name", Required: true}}
}

// Search implements bridges.Searcher: people with a profile whose name has the
// text in it, by id.
func (b *Bridge) Search(_ context.Context, _ bridges.AccountID, values map[string]string) (found []bridges.Person, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, p := range b.profiles {
		if strings.Contains(strings.ToLower(p.Name), strings.ToLower(values["nick"])) {
			found = append(found, bridges.Person{ID: id, Name: p.Name})
		}
	}
	slices.SortFunc(found, func(x, y bridges.Person) int { return strings.Compare(string(x.ID), string(y.ID)) })
	return found[:min(len(found), 50)], nil
}
