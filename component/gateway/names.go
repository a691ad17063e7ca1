package gateway

import (
	"context"
	"strconv"
	"strings"
	"unicode"

	"causeway/bridges"
	"causeway/mapping"
)

// named returns the contacts of an account that somebody may mean by a name,
// whatever its case: those that have it, which whole tells, else those whose
// name begins so.
func (g *Gateway) named(ctx context.Context, id bridges.AccountID, name string) (found []mapping.Contact, whole bool, err error) {
	var exact, prefix []mapping.Contact
	name = strings.ToLower(strings.TrimSpace(name))
	err = g.eachNamed(ctx, id, func(c mapping.Contact, its string) {
		switch {
		case name == "":
		case its == name:
			exact = append(exact, c)
		case strings.HasPrefix(its, name):
			prefix = append(prefix, c)
		}
	})
	if len(exact) > 0 {
		return exact, true, err
	}
	return prefix, false, err
}

// oneNamed returns the contact that a user means by a name, and whether that is
// the whole of it; "" if there is none.
func (g *Gateway) oneNamed(ctx context.Context, id bridges.AccountID, name string) (chat bridges.ChatID, whole bool, err error) {
	found, whole, err := g.named(ctx, id, name)
	switch {
	case err != nil || len(found) == 0:
		return "", false, err
	case len(found) > 1:
		return "", false, notAcceptable("More than one of your contacts has a name like that: " + g.severalNamed(found) + ".")
	}
	return found[0].ID, whole, nil
}

// nameBefore returns the longest name of a contact, of several words, with which
// a text begins, as it is written there; "" if there is none.
func (g *Gateway) nameBefore(ctx context.Context, id bridges.AccountID, text string) (longest string, err error) {
	text = strings.TrimSpace(text)
	err = g.eachNamed(ctx, id, func(_ mapping.Contact, its string) {
		n := len(strings.Fields(its))
		if name := firstWords(text, n); n > 1 && len(name) > len(longest) && strings.ToLower(name) == its {
			longest = name
		}
	})
	return longest, err
}

// firstWords returns the first n words of a trimmed text, or all of it.
func firstWords(text string, n int) string {
	rest := text
	for range n {
		rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		i := strings.IndexFunc(rest, unicode.IsSpace)
		if i < 0 {
			return text
		}
		rest = rest[i:]
	}
	return text[:len(text)-len(rest)]
}

// mostNamed bounds the contacts that one answer lists.
const mostNamed = 5

func (g *Gateway) severalNamed(found []mapping.Contact) string {
	var all []string
	for _, c := range found[:min(len(found), mostNamed)] {
		all = append(all, g.nameAndAddress(c))
	}
	if n := len(found) - len(all); n > 0 {
		all = append(all, "and "+strconv.Itoa(n)+" more")
	}
	return strings.Join(all, ", ")
}

// nameAndAddress is a contact in a sentence: names may be equal.
func (g *Gateway) nameAndAddress(c mapping.Contact) string {
	if c.Name == "" {
		return g.contactJID(c.ID)
	}
	return c.Name + " (" + g.contactJID(c.ID) + ")"
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
