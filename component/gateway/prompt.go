package gateway

import (
	"context"
	"errors"
	"strings"

	"causeway/bridges"
	"causeway/component"
	"causeway/component/stanza"
	"causeway/component/xep/prompt"
)

func (g *Gateway) servePrompt() {
	g.mux.Get(prompt.NS, "query", component.ToDomain, g.offerPrompt)
	g.mux.Set(prompt.NS, "query", component.ToDomain, g.resolveTyped)
}

func (g *Gateway) offerPrompt(context.Context, *tx, *stanza.Stanza, stanza.Element) (w stanza.Writer, err error) {
	desc := "Enter whom you want to reach by " + g.info.Name
	if g.info.Example != "" {
		desc += ", e.g. " + g.info.Example
	}
	prompt.AppendOffer(&w, desc+".", g.info.Name+" address")
	return w, nil
}

// resolveTyped makes a JID of what a user typed: an address in any spelling,
// else the name of a contact. Clients show the text of the error below their
// input field (xeps.md 0100.42-43).
func (g *Gateway) resolveTyped(ctx context.Context, t *tx, _ *stanza.Stanza, q stanza.Element) (w stanza.Writer, err error) {
	if !g.admits(t.account) {
		return w, errNotAllowed
	}
	typed := strings.TrimSpace(prompt.Typed(q))
	id, wrong := g.spelled(typed)
	if wrong != nil {
		found, err := g.named(ctx, t.account, typed)
		switch {
		case err != nil:
			return w, err
		case len(found) > 1:
			return w, notAcceptable("More than one of your contacts has a name like that.")
		case len(found) == 0:
			return w, notAcceptable(g.withExample(wrong.Text))
		}
		id = found[0].ID
	}
	prompt.AppendJID(&w, g.contactJID(id))
	return w, nil
}

// spelled returns whom an address means, in whatever spelling.
func (g *Gateway) spelled(typed string) (bridges.ChatID, *stanza.Error) {
	if len(typed) > longestAddress {
		return "", notAcceptable(noSuchAddress)
	}
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

// withExample adds an address to words that show none.
func (g *Gateway) withExample(text string) string {
	if g.info.Example == "" || strings.Contains(text, g.info.Example) {
		return text
	}
	return text + " Write it as in " + g.info.Example + "."
}
