package bridgetest

import (
	"context"
	"slices"

	"causeway/bridges"
)

// change does to the texts of a play what the network lets be done, as the gateway
// does it, and wants that to be seen, once and in order.
func (w *world) change(play string, texts []string, fates []fate) {
	w.t.Helper()
	if w.seeing() == nil || slices.Contains(fates, unsent) || slices.Contains(fates, doubted) {
		return
	}
	can, want := w.life.bridge.Info().Can, []Act{}
	if can.Has(bridges.CanEdits) {
		want = append(want, w.edit(texts[0]))
	}
	if can.Has(bridges.CanEdits | bridges.CanRetractions) {
		want = append(want, w.edit(texts[2], texts[3]), Act{Takes: bridges.CanRetractions, Of: texts[3]})
	}
	if can.Has(bridges.CanReactions) {
		w.react(texts[1], "1", "👍", "🎉")
		w.react(texts[1], "2", "🎉")
		for _, x := range []Act{{Text: "👍"}, {Text: "🎉"}, {Text: "👍", Ends: true}} {
			want = append(want, Act{Takes: bridges.CanReactions, Of: texts[1], Text: x.Text, Ends: x.Ends})
		}
	}
	if can.Has(bridges.CanRetractions) {
		w.retract(texts[1])
		want = append(want, Act{Takes: bridges.CanRetractions, Of: texts[1]})
	}
	w.saw(play, bridges.CanEdits|bridges.CanReactions|bridges.CanRetractions, want)
	if can.Has(bridges.CanReplies) {
		w.saw(play, bridges.CanReplies, []Act{{Takes: bridges.CanReplies, Of: texts[0], Text: texts[1]}})
	}
	if can.Has(bridges.CanFiles) {
		w.saw(play, bridges.CanFiles, []Act{{Takes: bridges.CanFiles, Of: texts[1], Text: "a.txt text/plain abc"}})
	}
}

// carrying has a text be what the network can: the second of a play answers the first,
// and has a file.
func (w *world) carrying(m bridges.Message, texts []string) bridges.Message {
	can := w.life.bridge.Info().Can
	if m.Text != texts[1] {
		return m
	}
	if ids := w.of[texts[0]]; can.Has(bridges.CanReplies) && len(ids) > 0 {
		m.ReplyTo = ids[0]
	}
	if can.Has(bridges.CanFiles) {
		m.File = FileOf("a.txt", "text/plain", []byte("abc"))
	}
	return m
}

// edit changes a text, of which others may be the rest, and returns what is seen of
// that.
func (w *world) edit(text string, rest ...string) Act {
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
	return Act{Takes: bridges.CanEdits, Of: text, Text: e.Text}
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
