package bridgetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"causeway/bridges"
)

// seen are the abilities of Seeing.
const seen = bridges.CanEdits | bridges.CanRetractions | bridges.CanReactions | bridges.CanReplies | bridges.CanThreads | bridges.CanStyling |
	bridges.CanFiles | bridges.CanDisplayed | bridges.CanTyping | bridges.CanPresence | bridges.CanIntroduce

// seeing returns the network if its person sees what Info.Can names; nil: there is
// nothing to be seen.
func (w *world) seeing() Seeing {
	w.t.Helper()
	return as[Seeing](w, seen, "see", "Seeing")
}

// sights returns what of a kind the person has seen an account do.
func (w *world) sights(from bridges.Account, kind bridges.Can) []Act {
	return slices.DeleteFunc(slices.Clone(w.seeing().Sees(from.Self)), func(a Act) bool { return a.Takes&kind == 0 })
}

// saw wants what was done in a play, of these kinds, to be seen: once, and in order.
func (w *world) saw(play string, kinds bridges.Can, want []Act) {
	w.t.Helper()
	got := func() []Act {
		return slices.DeleteFunc(w.sights(w.Account, kinds), func(a Act) bool { return !strings.Contains(a.Of+a.Text, play+" ") })
	}
	w.await(fmt.Sprintf("what was done: %+v", want), func() bool { return len(got()) >= len(want) })
	if g := got(); !slices.Equal(g, want) {
		w.t.Errorf("was done\n%+v, and\n%+v was seen", want, g)
	}
}

// sign is what the user does, and what the person sees of it.
type sign struct {
	sight Act
	do    func(ctx context.Context, s bridges.Session) error
}

// checkSights wants the person to see what the user does that may get lost, when
// nothing is wrong, and nobody else to be seen doing it. Of what was read the newest
// alone is marked.
func checkSights(t *testing.T, s Subject) {
	if s.seeing() == nil {
		return
	}
	s.play("sights", true) // a chat, without which nobody sees the signs
	said := []string{"sights: one", "sights: two"}
	for _, x := range said {
		s.Network.Say(t, s.Account.Self, x)
	}
	s.told("sights:", s.Account, said)
	const once = bridges.CanTyping | bridges.CanDisplayed
	marks, others := len(s.sights(s.Account, bridges.CanDisplayed)), len(s.sights(s.Second, once))
	for _, x := range s.signs(said[1]) {
		if s.Bridge.Info().Can.Has(x.sight.Takes) {
			s.shows(x)
		}
	}
	if got := slices.Compact(s.sights(s.Account, bridges.CanDisplayed)[marks:]); len(got) > 1 {
		t.Errorf("one text was read, and %+v was seen", got)
	}
	if got := s.sights(s.Second, once)[others:]; len(got) > 0 {
		t.Errorf("%s did nothing, and %+v was seen", s.Second.ID, got)
	}
}

// shows has the user do something, and wants it to be seen then.
func (s Subject) shows(x sign) {
	s.t.Helper()
	before := len(s.sights(s.Account, x.sight.Takes))
	s.do(s.Account, "a sign", x.do)
	s.await(fmt.Sprintf("what the user shows: %+v", x.sight), func() bool { return slices.Contains(s.sights(s.Account, x.sight.Takes)[before:], x.sight) })
}

// signs are all of them; read is a text of the person.
func (s Subject) signs(read string) (all []sign) {
	types := func(on bool) func(context.Context, bridges.Session) error {
		return func(ctx context.Context, x bridges.Session) error { return x.(bridges.Typist).Typing(ctx, s.Chat, on) }
	}
	says := func(text string) func(context.Context, bridges.Session) error {
		return func(ctx context.Context, x bridges.Session) error {
			_, err := x.Send(ctx, s.message(text))
			return err
		}
	}
	aside := func(ctx context.Context, x bridges.Session) error {
		m := s.message("sights: aside")
		m.Thread = s.store.idOf(s.Account.ID, read)
		_, err := x.Send(ctx, m)
		return err
	}
	reads := func(ctx context.Context, x bridges.Session) error {
		return x.(bridges.Reader).Displayed(ctx, s.Chat, s.store.idOf(s.Account.ID, read))
	}
	is := func(show bridges.Show, status string) func(context.Context, bridges.Session) error {
		return func(ctx context.Context, _ bridges.Session) error {
			return s.Bridge.(bridges.Presenter).Present(ctx, s.Account, show, status)
		}
	}
	called := func(ctx context.Context, _ bridges.Session) error {
		return s.Bridge.(bridges.Introducer).Introduce(ctx, s.Account, bridges.Profile{Name: "Alice of sights"})
	}
	return []sign{
		{Act{Takes: bridges.CanIntroduce, Text: "Alice of sights"}, called},
		{Act{Takes: bridges.CanTyping}, types(true)},
		{Act{Takes: bridges.CanTyping, Ends: true}, types(false)},
		{Act{Takes: bridges.CanTyping}, types(true)},
		{Act{Takes: bridges.CanTyping, Ends: true}, says("sights: what was typed")}, // which ends it
		{Act{Takes: bridges.CanDisplayed, Of: read}, reads},
		{Act{Takes: bridges.CanPresence, Text: "here"}, is(bridges.Available, "here")},
		{Act{Takes: bridges.CanPresence, Text: "at lunch", Ends: true}, is(bridges.Away, "at lunch")},
		{Act{Takes: bridges.CanPresence, Text: "back"}, is(bridges.Available, "back")},
		{Act{Takes: bridges.CanPresence, Ends: true}, is(bridges.Unavailable, "")},
		{Act{Takes: bridges.CanThreads, Of: read, Text: "sights: aside"}, aside},
		{Act{Takes: bridges.CanStyling, Text: "bold"}, says("sights: in *bold* letters")},
	}
}
