package bridgetest

import (
	"context"
	"slices"
	"strings"

	"causeway/bridges"
)

// change does to the texts of a play what the network lets be done, as the gateway
// does it, and wants that to be seen, once and in order.
func (w *world) change(play string, texts []string, fates []fate) {
	w.t.Helper()
	n, ok := w.Network.(Changing)
	if !ok || slices.Contains(fates, unsent) || slices.Contains(fates, doubted) {
		return
	}
	can, want := w.life.bridge.Info().Can, []string{}
	if can.Has(bridges.CanEdits) {
		want = append(want, "edit "+w.edit(texts[0]))
	}
	if can.Has(bridges.CanEdits | bridges.CanRetractions) {
		want = append(want, "edit "+w.edit(texts[2], texts[3]), "retract "+texts[3])
	}
	if can.Has(bridges.CanReactions) {
		w.react(texts[1], "1", "👍", "🎉")
		w.react(texts[1], "2", "🎉")
		want = append(want, "react 👍 to "+texts[1], "react 🎉 to "+texts[1], "unreact 👍 to "+texts[1])
	}
	if can.Has(bridges.CanRetractions) {
		w.retract(texts[1])
		want = append(want, "retract "+texts[1])
	}
	got := func() []string {
		return slices.DeleteFunc(slices.Clone(n.Changes(w.Account.Self)), func(s string) bool { return !strings.Contains(s, " "+play+" ") })
	}
	w.await("what was done to texts", func() bool { return len(got()) >= len(want) })
	if g := got(); !slices.Equal(g, want) {
		w.t.Errorf("%q was done, and\n%q came", want, g)
	}
}

// edit changes a text, of which others may be the rest, and returns what it is then.
func (w *world) edit(text string, rest ...string) string {
	w.t.Helper()
	e := bridges.Edit{Of: w.of[text][0], Message: bridges.Message{Chat: w.Chat, From: w.Account.Self, Key: "edit of " + text, Text: text + ", changed"}}
	for _, x := range rest {
		e.More = append(e.More, w.of[x]...)
	}
	w.do(w.Account, e.Key, func(ctx context.Context, s bridges.Session) error {
		ids, err := s.(bridges.Editor).Edit(ctx, e)
		if err == nil && len(ids) != 1 {
			w.t.Errorf("%q is %q", e.Text, ids)
		}
		return err
	})
	return e.Text
}

func (w *world) react(text, key string, emojis ...string) {
	w.t.Helper()
	r := bridges.Reaction{Chat: w.Chat, From: w.Account.Self, Of: w.of[text][0], Key: "reaction " + key + " to " + text, Emojis: emojis}
	w.do(w.Account, r.Key, func(ctx context.Context, s bridges.Session) error { return s.(bridges.Reactor).React(ctx, r) })
}

func (w *world) retract(text string) {
	w.t.Helper()
	r := bridges.Retraction{Chat: w.Chat, From: w.Account.Self, Of: w.of[text][0], Key: "retraction of " + text}
	w.do(w.Account, r.Key, func(ctx context.Context, s bridges.Session) error { return s.(bridges.Retractor).Retract(ctx, r) })
}
