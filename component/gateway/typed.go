package gateway

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strings"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
)

// longestTyped bounds what is tried as an address, in bytes.
const longestTyped = mapping.MaxLocalpart

// whom returns whom a user means by what is typed, in a prompt, a form or the
// chat: an address, else the name of a contact.
func (g *Gateway) whom(ctx context.Context, id bridges.AccountID, typed string) (bridges.ChatID, error) {
	chat, wrong := g.spelled(typed)
	if wrong == nil {
		return chat, nil
	}
	chat, _, err := g.oneNamed(ctx, id, typed)
	if err == nil && chat == "" {
		err = notAcceptable(g.withExample(wrong.Text))
	}
	return chat, err
}

// spelled returns whom an address means, in whatever spelling, or a JID of ours.
func (g *Gateway) spelled(typed string) (bridges.ChatID, *stanza.Error) {
	if len(typed) > longestTyped {
		return "", notAcceptable(noSuchAddress)
	}
	typed = g.withoutDomain(strings.TrimSpace(typed))
	id := bridges.UserID(typed)
	if r, ok := g.cfg.Bridge.(bridges.Resolver); ok {
		var err error
		id, err = r.Resolve(typed)
		var e *bridges.Error
		if errors.As(err, &e) && e.Kind == bridges.Gone {
			id, err = e.Instead, nil
		}
		if err != nil {
			return "", notAcceptable(g.stanzaError(err).Text)
		}
	}
	if localpart(string(id)) == "" {
		return "", notAcceptable(noSuchAddress)
	}
	return bridges.ChatID(id), nil
}

// withoutDomain returns the id in a JID of ours or its URI (RFC 5122), and
// everything else as it is: a slash is a resource's only behind our domain.
func (g *Gateway) withoutDomain(typed string) string {
	const scheme = "xmpp:"
	jid := typed
	if len(jid) > len(scheme) && strings.EqualFold(jid[:len(scheme)], scheme) {
		jid, _, _ = strings.Cut(jid[len(scheme):], "?")
		if plain, err := url.PathUnescape(jid); err == nil {
			jid = plain
		}
	}
	local, host, _ := strings.Cut(jid, "@")
	if local == "" || !strings.EqualFold(bare(host), g.domain) {
		return typed
	}
	id, _ := mapping.ForeignID(local) // in another spelling it is an id, too
	return cmp.Or(id, local)
}

// withExample adds an address to words that show none.
func (g *Gateway) withExample(text string) string {
	if g.info.Example == "" || strings.Contains(text, g.info.Example) {
		return text
	}
	return text + " Write it as in " + g.info.Example + "."
}
