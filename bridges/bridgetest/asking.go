package bridgetest

import (
	"context"
	"testing"

	"causeway/bridges"
)

// ask has the person ask to be a contact of an account, and wants that to come there,
// and what is said afterwards.
func (w *world) ask(play string, to bridges.Account) {
	w.t.Helper()
	n, ok := w.Network.(Asking)
	if !ok {
		return
	}
	before := w.store.asked(to.ID)
	n.Ask(w.t, to.Self)
	w.await("a request to be a contact", func() bool { return w.store.asked(to.ID) > before })
	w.Network.Say(w.t, to.Self, play+" last")
	w.told(play, to, []string{play + " last"})
}

// checkAsks wants who asks to be a contact to ask that account, and who asks nobody to
// ask no one.
func checkAsks(t *testing.T, s Subject) {
	n, ok := s.Network.(Asking)
	if !ok {
		return
	}
	n.Ask(t, s.Nobody)
	s.ask("asks:", s.Account)
	if s.store.asked(s.Second.ID) > 0 {
		t.Errorf("%s was asked, too", s.Second.ID)
	}
}

// checkLister wants the list of an account to be what is put into it elsewhere.
func checkLister(t *testing.T, s Subject) {
	if !s.Bridge.Info().Can.Has(bridges.CanContacts) {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	a := s.acting()
	lists := func(of bridges.Account) (name string, in bool) {
		t.Helper()
		session, err := s.life.session(ctx, of)
		if err != nil {
			t.Fatal(err)
		}
		list, err := session.(bridges.Lister).Contacts(ctx)
		if err != nil {
			t.Fatal(err)
		}
		checkPersons(t, list)
		for _, p := range list {
			if p.ID == bridges.UserID(s.Chat) {
				return p.Name, true
			}
		}
		return "", false
	}
	theirs, in := lists(s.Second)
	for _, x := range []scene{
		{Act{Takes: bridges.CanContacts, Text: "lister: Bob"}, "list lister: Bob"},
		{Act{Takes: bridges.CanContacts, Ends: true}, "unlist lister: Bob"},
	} {
		s.perform(a, s.Account.Self, x.act)
		s.comes("lister:", s.Account, x.want)
		if name, in := lists(s.Account); in == x.act.Ends || name != x.act.Text {
			t.Errorf("after %q the name in the list is %q, of who is in it: %t", x.want, name, in)
		}
	}
	if name, still := lists(s.Second); name != theirs || still != in {
		t.Errorf("the list of %s has %q, too", s.Second.ID, name)
	}
}
