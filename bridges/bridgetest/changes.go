package bridgetest

import (
	"context"
	"strconv"
	"testing"

	"causeway/bridges"
)

// checkChanges wants Info.Can to say what a Session can do to earlier messages, and
// that done.
func (s Subject) checkChanges(ctx context.Context, t *testing.T, session bridges.Session) {
	t.Helper()
	can := s.Bridge.Info().Can
	ids, err := session.Send(ctx, s.message("to be changed"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		is    bool
		can   bridges.Can
		check func(ctx context.Context, t *testing.T, session bridges.Session, of bridges.MessageID)
	}{
		{"Editor", is[bridges.Editor](session), bridges.CanEdits, s.checkEditor},
		{"Reactor", is[bridges.Reactor](session), bridges.CanReactions, s.checkReactor},
		{"Retractor", is[bridges.Retractor](session), bridges.CanRetractions, s.checkRetractor},
	} {
		if c.is != can.Has(c.can) || c.is && len(ids) != 1 {
			t.Errorf("it is an %s: %t, Info.Can: %t, ids: %v", c.name, c.is, can.Has(c.can), ids)
		} else if c.is {
			ctx, waits := waiting(ctx)
			c.check(ctx, t, session, ids[0])
			checkWaited(t, waits, c.name)
		}
	}
}

func is[T any](session bridges.Session) bool {
	_, ok := session.(T)
	return ok
}

// checkEditor wants a text to be changed, once for each Key, and words when there
// is none.
func (s Subject) checkEditor(ctx context.Context, t *testing.T, session bridges.Session, of bridges.MessageID) {
	editor := session.(bridges.Editor)
	seen := map[bridges.MessageID]bool{}
	for _, text := range []string{"changed", "changed", "changed again"} {
		ids, err := editor.Edit(ctx, bridges.Edit{Message: s.message(text), Of: of})
		if err != nil || len(ids) != 1 {
			t.Errorf("%s: %q, %v", text, ids, err)
			continue
		}
		id := ids[0]
		if id != "" && (id == of || seen[id] != (text == "changed" && len(seen) > 0)) {
			t.Errorf("%s: %q after %v", text, id, seen)
		}
		seen[id] = true
	}
	_, err := editor.Edit(ctx, bridges.Edit{Message: s.message("of nothing"), Of: "never seen"})
	s.checkAnswer(t, err)
	s.checkRecaller(ctx, t, session, of, "changed again")
}

// checkRecaller wants to be told what a text is now, and words when there is none.
func (s Subject) checkRecaller(ctx context.Context, t *testing.T, session bridges.Session, of bridges.MessageID, text string) {
	r, ok := session.(bridges.Recaller)
	if !ok {
		return
	}
	if m, err := r.Recall(ctx, s.Chat, of); err != nil || m.Text != text {
		t.Errorf("a text that was edited is %q, %v", m.Text, err)
	}
	_, err := r.Recall(ctx, s.Chat, "never seen")
	s.checkAnswer(t, err)
}

// checkRetractor wants a text to be taken back, and again as if nothing was, and
// words when there is none.
func (s Subject) checkRetractor(ctx context.Context, t *testing.T, session bridges.Session, of bridges.MessageID) {
	r := bridges.Retraction{Chat: s.Chat, From: s.Account.Self, Of: of}
	for _, key := range []string{"back", "back", "once more"} {
		r.Key = "suite." + key
		if err := session.(bridges.Retractor).Retract(ctx, r); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	r.Key, r.Of = "suite.never", "never seen"
	s.checkAnswer(t, session.(bridges.Retractor).Retract(ctx, r))
}

// checkReactor wants reactions to come and go, and words when there is nothing to
// react to.
func (s Subject) checkReactor(ctx context.Context, t *testing.T, session bridges.Session, of bridges.MessageID) {
	reactor := session.(bridges.Reactor)
	r := bridges.Reaction{Chat: s.Chat, From: s.Account.Self, Of: of}
	for key, all := range [][]string{{"👍", "❤️"}, {"👍", "❤️"}, {"❤", "🎉"}, nil, nil} {
		r.Key, r.Emojis = "suite.reacts"+strconv.Itoa(key), all
		if err := reactor.React(ctx, r); err != nil {
			t.Errorf("%q: %v", all, err)
		}
	}
	r.Of, r.Emojis = "never seen", []string{"x"}
	s.checkAnswer(t, reactor.React(ctx, r))
}

// checkReply wants what there is to be answered, and what there is not.
func (s Subject) checkReply(ctx context.Context, t *testing.T, session bridges.Session, ids []bridges.MessageID) {
	t.Helper()
	can := s.Bridge.Info().Can
	if !can.Has(bridges.CanReplies) {
		return
	}
	for _, id := range append(ids, "never seen") {
		m := s.message("answers " + string(id))
		m.ReplyTo = id
		if can.Has(bridges.CanThreads) {
			m.Thread = id
		}
		if _, err := session.Send(ctx, m); err != nil {
			t.Errorf("an answer to %q: %v", id, err)
		}
	}
}
