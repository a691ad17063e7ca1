package gateway

import (
	"context"
	"strings"

	"causeway/bridges"
	"causeway/component"
	"causeway/component/stanza"
	"causeway/component/xep/register"
	"causeway/mapping"
)

func (g *Gateway) serveRegister() {
	g.mux.Get(register.NS, "query", component.ToDomain, g.offerRegistration)
	g.mux.Set(register.NS, "query", component.ToDomain, g.onRegister)
}

// offerRegistration says what registration needs (xeps.md 0077.2-3). Secrets
// are never echoed.
func (g *Gateway) offerRegistration(ctx context.Context, t *tx, _ *stanza.Stanza, _ stanza.Element) (w stanza.Writer, err error) {
	if !g.admits(t.account) {
		return w, errNotAllowed
	}
	acc, ok, err := g.accounts.find(ctx, t.account)
	if err != nil {
		return w, err
	}
	o := register.Offer{Registered: ok, Instructions: g.info.Instructions}
	if ok {
		o.Instructions = strings.TrimSpace(g.statusOf(acc) + ". " + o.Instructions)
	}
	if o.Instructions == "" {
		o.Instructions = "Send this form to register with " + g.info.Name + "."
	}
	if len(g.info.Fields) > 0 {
		o.Form = formOf(g.registrationAsk(), onRecord(acc))
	}
	o.Append(&w)
	return w, nil
}

// registrationAsk asks for the fields of the bridge.
func (g *Gateway) registrationAsk() *bridges.Ask {
	return &bridges.Ask{Title: "Registration with " + g.info.Name, Instructions: g.info.Instructions, Fields: g.info.Fields}
}

// recordPrefix begins the names, among Account.Settings, of what the user has
// filled in at the registration.
const recordPrefix = "registration/"

// recorded returns the settings of an account that registers with fields: those
// it has, and the data that are shown when they are to be changed. Secrets are
// not kept, nor answers to what the bridge asked later, such as a code.
func (g *Gateway) recorded(old mapping.Account, fields map[string]string) map[string]string {
	set := map[string]string{}
	for name, v := range old.Settings {
		if !strings.HasPrefix(name, recordPrefix) {
			set[name] = v
		}
	}
	for _, f := range g.info.Fields {
		if v := strings.TrimSpace(fields[f.Name]); v != "" && f.Kind != bridges.Secret {
			set[recordPrefix+f.Name] = v
		}
	}
	if len(set) == 0 {
		return nil
	}
	return set
}

// onRecord returns the data with which an account has registered.
func onRecord(acc mapping.Account) map[string]string {
	m := map[string]string{}
	for name, v := range acc.Settings {
		if f, ok := strings.CutPrefix(name, recordPrefix); ok {
			m[f] = v
		}
	}
	return m
}

func (g *Gateway) onRegister(ctx context.Context, t *tx, _ *stanza.Stanza, q stanza.Element) (w stanza.Writer, err error) {
	r := register.Read(q)
	switch {
	case r.Cancel:
		return w, nil
	case r.Remove && !r.Alone:
		return w, &stanza.Error{Type: "modify", Condition: "bad-request", Text: "Nothing may stand beside remove."}
	case r.Remove:
		t.follow, err = g.unenroll(ctx, t)
		return w, err
	}
	text, ask, err := g.enroll(ctx, t, r.Fields)
	if ask != nil {
		return w, g.goOnInChat(t, r.Fields, ask)
	}
	if err == nil {
		t.greet = text
	}
	return w, err
}

// goOnInChat refuses a registration that lacks what the bridge asks for in a
// further stage, and asks for it in the chat (xeps.md 0077.8). A program that
// sends all of it in one form is taken, too.
func (g *Gateway) goOnInChat(t *tx, fields map[string]string, ask *bridges.Ask) error {
	if !g.dialogues.room(t.account) {
		return errBusy
	}
	first := map[string]string{}
	for _, f := range g.info.Fields {
		first[f.Name] = fields[f.Name]
	}
	t.opens = &dialogue{f: byNode(register.NS), in: filled{first}, ask: ask}
	return notAcceptable(ask.Instructions + " The gateway asks you in the chat for what is missing.")
}
