package bridgetest

import (
	"context"
	"testing"

	"causeway/bridges"
)

// checkAway wants words, a State and a failing Check while there is no network, and
// all that was sent once when it is there again.
func checkAway(t *testing.T, s Subject) {
	if s.Line == nil {
		return
	}
	s.checkGood(t)
	s.Line.set(func(Step) Verdict { return Cut })
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	session := s.open(ctx, t)
	m := s.message("away: one")
	m.Key = "key of " + m.Text
	_, err := session.Send(ctx, m)
	switch k := bridges.KindOf(err); {
	case err == nil:
		t.Error("a text was taken without a network")
	case k != bridges.Temporary && k != bridges.Unknown:
		t.Errorf("%v, of kind %d, without a network", err, k)
	default:
		s.checkError(t, err)
	}
	s.checkSigns(ctx, t, session)
	s.checkBad(ctx, t)
	s.Line.set(func(x Step) Verdict { return s.fuse.step(onLine, x) })
	if r, ok := s.Bridge.(bridges.Reporter); ok {
		s.await("a network that takes messages again", func() bool { _, err := r.State(); return err == nil })
	}
	one := unsent
	if bridges.KindOf(err) == bridges.Unknown && s.Bridge.Info().Unknown == bridges.Report {
		one = doubted
	} else {
		one = s.send(s.Account, m.Text)
	}
	texts := []string{m.Text, "away: two"}
	s.read("away:", s.Account, texts, []fate{one, s.send(s.Account, texts[1])})
	if err := session.Close(); err != nil {
		t.Error(err)
	}
}

// checkGood wants a network that is there to be seen.
func (s Subject) checkGood(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if r, ok := s.Bridge.(bridges.Reporter); ok {
		if since, err := r.State(); err != nil || since.IsZero() {
			t.Errorf("State is %v, %v when all is well", since, err)
		}
	}
	if c, ok := s.Bridge.(bridges.Checker); ok {
		if err := c.Check(ctx); err != nil {
			t.Errorf("Check: %v", err)
		}
	}
}

// checkSigns wants words for all that a session cannot do now, or nothing.
func (s Subject) checkSigns(ctx context.Context, t *testing.T, session bridges.Session) {
	t.Helper()
	if x, ok := session.(bridges.Typist); ok {
		s.checkAnswer(t, x.Typing(ctx, s.Chat, true))
	}
	if x, ok := session.(bridges.Reader); ok {
		s.checkAnswer(t, x.Displayed(ctx, s.Chat, "never seen"))
	}
	if x, ok := session.(bridges.Lister); ok {
		_, err := x.Contacts(ctx)
		s.checkAnswer(t, err)
	}
	m := s.message("away: changed")
	if x, ok := session.(bridges.Editor); ok {
		_, err := x.Edit(ctx, bridges.Edit{Message: m, Of: "never seen"})
		s.checkAnswer(t, err)
	}
	if x, ok := session.(bridges.Recaller); ok {
		_, err := x.Recall(ctx, s.Chat, "never seen")
		s.checkAnswer(t, err)
	}
	if x, ok := session.(bridges.Retractor); ok {
		s.checkAnswer(t, x.Retract(ctx, bridges.Retraction{Chat: s.Chat, From: m.From, Key: m.Key, Of: "never seen"}))
	}
	if x, ok := session.(bridges.Reactor); ok {
		s.checkAnswer(t, x.React(ctx, bridges.Reaction{Chat: s.Chat, From: m.From, Key: m.Key, Of: "never seen", Emojis: []string{"x"}}))
	}
}

// checkBad wants a network that is away to be seen, and words for all that asks it.
func (s Subject) checkBad(ctx context.Context, t *testing.T) {
	t.Helper()
	if r, ok := s.Bridge.(bridges.Reporter); ok {
		s.await("a state that says that there is no network", func() bool { _, err := r.State(); return err != nil })
		if since, err := r.State(); err != nil {
			s.checkSecrets(t, err)
			if since.IsZero() {
				t.Error("State does not say since when")
			}
		}
	}
	if c, ok := s.Bridge.(bridges.Checker); ok {
		if err := c.Check(ctx); err == nil {
			t.Error("Check finds nothing wrong")
		} else {
			s.checkSecrets(t, err)
		}
	}
	if p, ok := s.Bridge.(bridges.Profiler); ok {
		_, err := p.Profile(ctx, s.Account.ID, bridges.UserID(s.Chat))
		s.checkAnswer(t, err)
	}
	if x, ok := s.Bridge.(bridges.Searcher); ok {
		values := map[string]string{}
		for _, f := range x.SearchFields() {
			values[f.Name] = "b"
		}
		_, err := x.Search(ctx, s.Account.ID, values)
		s.checkAnswer(t, err)
	}
	can := s.Bridge.Info().Can
	if x, ok := s.Bridge.(bridges.Introducer); ok && can.Has(bridges.CanIntroduce) {
		s.checkAnswer(t, x.Introduce(ctx, s.Account, bridges.Profile{Name: "Somebody else"}))
	}
	if x, ok := s.Bridge.(bridges.Presenter); ok && can.Has(bridges.CanPresence) {
		s.checkAnswer(t, x.Present(ctx, s.Account, bridges.Away, ""))
	}
	if x, ok := s.Bridge.(bridges.Prober); ok && can.Has(bridges.CanPresence) {
		_, err := x.Probe(ctx, s.Account, bridges.UserID(s.Chat))
		s.checkAnswer(t, err)
	}
}
