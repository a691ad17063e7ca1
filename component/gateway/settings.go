package gateway

import (
	"context"
	"maps"
	"strconv"
	"strings"

	"causeway/bridges"
	"causeway/mapping"
)

// The settings of the gateway itself, and those of their values that it asks for.
const (
	ownMessages = "own_messages"
	ownDropped  = "drop"

	corrections        = "corrections"
	correctionsRefused = "refuse"

	replies      = "replies"
	repliesPlain = "plain"

	ownProfile   = "profile"
	profileShown = "true"
)

// ownPrefix begins the names of the gateway's own settings among
// Account.Settings, where those of the bridge have none.
const ownPrefix = "gateway/"

// setting is one thing that a user can set.
type setting struct {
	bridges.Field
	key string // in Account.Settings
}

// ownSettings are those of the gateway, each with what a network must be able to
// do, or not to, or nobody would notice it.
var ownSettings = []struct {
	bridges.Field
	needs, lacks bridges.Can
}{
	{bridges.Field{
		Name: ownMessages, Label: "What you write on another device", Kind: bridges.Choice, Default: "mark",
		Help:    "Where your server does not let the gateway show it as yours.",
		Options: []bridges.Option{{Value: "mark", Label: "show it with a mark"}, {Value: ownDropped, Label: "do not show it"}},
	}, bridges.CanOwnMessages, 0},
	{bridges.Field{
		Name: corrections, Label: "Corrections", Kind: bridges.Choice, Default: "send",
		Options: []bridges.Option{{Value: "send", Label: "send a new text that begins with *"}, {Value: correctionsRefused, Label: "send nothing and give an error"}},
	}, 0, bridges.CanEdits},
	{bridges.Field{
		Name: replies, Label: "Replies", Kind: bridges.Choice, Default: repliesPlain,
		Options: []bridges.Option{{Value: repliesPlain, Label: "send them without the quote"}, {Value: "quote", Label: "send the quote, too"}},
	}, 0, bridges.CanReplies},
	{bridges.Field{
		Name: ownProfile, Label: "Show people the name and picture of my profile", Kind: bridges.Bool, Default: "false",
		Help: "They see the name before the @ of your address otherwise.",
	}, bridges.CanIntroduce, 0},
}

// settingsOf lists what can be set. Of two with one name only that of the bridge
// is there: it does it itself.
func settingsOf(b bridges.Bridge) (all []setting) {
	taken := map[string]bool{}
	if c, ok := b.(bridges.Configurer); ok {
		for _, f := range c.Settings() {
			all = append(all, setting{f, f.Name})
			taken[f.Name] = true
		}
	}
	can := b.Info().Can
	for _, s := range ownSettings {
		if !taken[s.Name] && can.Has(s.needs) && (s.lacks == 0 || !can.Has(s.lacks)) {
			all = append(all, setting{s.Field, ownPrefix + s.Name})
		}
	}
	return all
}

func (s setting) ofBridge() bool { return !strings.HasPrefix(s.key, ownPrefix) }

// in returns the value that an account has set, if it is one that still fits.
func (s setting) in(acc mapping.Account) (v string, set bool) {
	v = acc.Settings[s.key]
	return v, v != "" && s.Check(v) == nil
}

// written is how a value is kept: one that means the same is the same.
func (s setting) written(v string) string {
	if b, err := strconv.ParseBool(v); err == nil && s.Kind == bridges.Bool {
		return strconv.FormatBool(b)
	}
	return v
}

// account is what the bridge sees of one.
func (g *Gateway) account(acc mapping.Account) bridges.Account {
	a := bridges.Account{ID: acc.ID, Self: acc.Self}
	for _, s := range g.settings {
		if v, ok := s.in(acc); ok && s.ofBridge() {
			if a.Settings == nil {
				a.Settings = map[string]string{}
			}
			a.Settings[s.Name] = v
		}
	}
	return a
}

// byDefault is the value of a setting of the gateway that was never set.
func byDefault(name string) string {
	for _, s := range ownSettings {
		if s.Name == name {
			return s.Default
		}
	}
	return ""
}

// chosen is the value that a setting of the gateway has for a user. It asks until
// the store answers; at the end of ctx it is the default.
func (g *Gateway) chosen(ctx context.Context, id bridges.AccountID, name string) string {
	acc, _, _ := g.insistOn(ctx, id)
	for _, s := range g.settings {
		if s.key == ownPrefix+name {
			if v, ok := s.in(acc); ok {
				return v
			}
		}
	}
	return byDefault(name)
}

// readFor reads m for who has sent it.
func (g *Gateway) readFor(ctx context.Context, id bridges.AccountID, m *outgoing) reading {
	d := g.draft(m)
	d.chosen = func(name string) string { return g.chosen(ctx, id, name) }
	d.begun = m.attempts > 0 || m.doubt || m.tried
	return d.read()
}

// runSettings shows what can be set, and sets it.
func runSettings(ctx context.Context, g *Gateway, t *tx, in filled) (result, error) {
	acc, registered, err := g.accounts.find(ctx, t.account)
	switch {
	case err != nil:
		return result{}, err
	case !registered:
		return result{}, errNotRegistered
	case len(in) == 0:
		return g.askSettings(acc), nil
	}
	old := acc
	acc.Settings = g.withSettings(acc, in.all())
	before, after := g.account(old), g.account(acc)
	if !maps.Equal(before.Settings, after.Settings) {
		if err := g.cfg.Bridge.(bridges.Configurer).CheckSettings(after.Settings); err != nil {
			return result{}, g.registrationError(err)
		}
		t.done = append(t.done, func() { _ = g.sessions.close(acc.ID) })
	}
	if maps.Equal(old.Settings, acc.Settings) {
		return result{text: "Nothing was changed."}, nil
	}
	t.batch.PutAccounts = []mapping.Account{acc}
	t.forgets(g, acc.ID, acc.Self)
	if g.info.Can.Has(bridges.CanIntroduce) {
		t.done = append(t.done, func() { g.introduceLater(acc.ID) })
	}
	return result{text: "Your settings are changed."}, nil
}

// askSettings asks with the values that are in effect. A secret that is there
// need not be given again.
func (g *Gateway) askSettings(acc mapping.Account) result {
	ask := &bridges.Ask{Title: "Settings of " + g.info.Name, Instructions: "These are your settings."}
	values := map[string]string{}
	for _, s := range g.settings {
		f := s.Field
		switch v, ok := s.in(acc); {
		case ok && f.Kind == bridges.Secret:
			f.Required = false
		case ok:
			values[f.Name] = v
		}
		ask.Fields = append(ask.Fields, f)
	}
	return result{ask: ask, values: values}
}

// withSettings returns the settings of an account after a change. An empty value
// takes one back, but for a secret, which no form shows; one that was never set
// and is left at its default is not set by that.
func (g *Gateway) withSettings(acc mapping.Account, values map[string]string) map[string]string {
	set := map[string]string{}
	maps.Copy(set, acc.Settings)
	for _, s := range g.settings {
		v, given := values[s.Name]
		v = s.written(v)
		_, known := s.in(acc)
		switch {
		case !given, v == "" && s.Kind == bridges.Secret:
		case v == "", v == s.Default && !known:
			delete(set, s.key)
		default:
			set[s.key] = v
		}
	}
	if len(set) == 0 {
		return nil
	}
	return set
}
