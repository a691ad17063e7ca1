package matrix

import (
	"net/url"
	"strings"

	"causeway/bridges"
)

// maxTyped bounds what is looked at of a typed address, in bytes.
const maxTyped = 1024

// Resolve implements bridges.Resolver: an address is a user id without its @.
// Everything else that people write for a person leads there.
func (b *Bridge) Resolve(typed string) (bridges.UserID, error) {
	if strings.HasPrefix(typed, "#") || strings.HasPrefix(typed, "!") {
		return "", because(errRoom, nil)
	}
	id := b.typed(typed)
	switch {
	case !isPerson(id):
		return "", because(errNobody, nil)
	case b.ours(bridges.UserID(id)):
		return "", b.ownID(bridges.UserID(id))
	case id != typed:
		return "", &bridges.Error{Kind: bridges.Gone, Instead: bridges.UserID(id), Text: "People of Matrix are written as NAME:SERVER here."}
	}
	return bridges.UserID(id), nil
}

// ownID is the error for an address on the other side of the bridge.
func (b *Bridge) ownID(id bridges.UserID) *bridges.Error {
	e := because(errOurs, nil)
	if account, ok := b.ghosts.account(id); ok {
		e.Text += " Write to " + string(account) + "."
	}
	return e
}

// typed returns the id in what people write: a user id with or without its @, a
// name on our own homeserver, a matrix.to link or a matrix: URI. What is none of
// these is no id either.
func (b *Bridge) typed(s string) string {
	if len(s) > maxTyped {
		return ""
	}
	for _, scheme := range []string{"https://matrix.to/#/", "http://matrix.to/#/"} {
		if rest, ok := cutPrefixFold(s, scheme); ok {
			return unlinked(rest, "@")
		}
	}
	if rest, ok := cutPrefixFold(s, "matrix:"); ok {
		if user, ok := strings.CutPrefix(rest, "u/"); ok {
			return unlinked(user, "")
		}
		if user, ok := strings.CutPrefix(rest, "user/"); ok { // an early form of the scheme
			return unlinked(user, "")
		}
	}
	s = string(personOf(s))
	if !strings.Contains(s, ":") && s != "" {
		return s + ":" + b.ghosts.server
	}
	return s
}

// unlinked returns the id in the rest of a link, behind the sigil that is there.
func unlinked(s, sigil string) string {
	s, _, _ = strings.Cut(s, "?")
	id, err := url.PathUnescape(s)
	if err != nil || !strings.HasPrefix(id, sigil) {
		return ""
	}
	return string(personOf("@" + id[len(sigil):]))
}

// cutPrefixFold cuts a prefix of ASCII in any case.
func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// Spell implements bridges.Speller.
func (*Bridge) Spell(id bridges.UserID) string { return userID(id) }
