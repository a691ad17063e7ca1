package gateway

import (
	"context"

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

// resolveTyped makes a JID of what a user typed. Clients show the text of the
// error below their input field (xeps.md 0100.42-43).
func (g *Gateway) resolveTyped(ctx context.Context, t *tx, _ *stanza.Stanza, q stanza.Element) (w stanza.Writer, err error) {
	if !g.admits(t.account) {
		return w, errNotAllowed
	}
	id, err := g.whom(ctx, t.account, prompt.Typed(q))
	if err != nil {
		return w, err
	}
	prompt.AppendJID(&w, g.contactJID(id))
	return w, nil
}
