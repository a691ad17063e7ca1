package bridgetest

import (
	"bytes"
	"context"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"causeway/bridges"
)

// acting returns the network if its person does what Info.Can names; nil: there is
// nothing to be done.
func (w *world) acting() Acting {
	w.t.Helper()
	return as[Acting](w, acted, "do", "Acting")
}

// as returns the network by the interface that these abilities need; nil: Info.Can names
// none of them.
func as[N any](w *world, of bridges.Can, what, name string) N {
	w.t.Helper()
	n, ok := w.Network.(N)
	if !ok && w.life.bridge.Info().Can&of != 0 {
		w.t.Fatalf("Info.Can names what people %s, and the Network is not %s", what, name)
	}
	return n
}

// act has the person do to each of these accounts what Info.Can names, by turns, and
// wants it to come there: once, in order, and nothing of it elsewhere.
func (w *world) act(play string, to ...bridges.Account) {
	w.t.Helper()
	a := w.acting()
	if a == nil {
		return
	}
	can, all := w.life.bridge.Info().Can, map[bridges.AccountID][]scene{}
	for _, x := range to {
		name := play + " " + string(x.ID)
		out := name + " out"
		if w.send(x, out) != sent {
			out = ""
		} else {
			w.await("a text that the network took", func() bool { return slices.Contains(w.Network.Texts(x.Self), out) })
		}
		all[x.ID] = w.sure(scenes(name, out, can, w.recalls(x)))
	}
	for i := range all[to[0].ID] {
		for _, x := range to {
			if i < len(all[x.ID]) {
				w.perform(a, x.Self, all[x.ID][i].act)
				w.comes(play, x, all[x.ID][i].want)
			}
		}
	}
	for _, x := range to {
		w.done(play, x, all[x.ID])
	}
}

// sure leaves out what the network may lose.
func (w *world) sure(all []scene) []scene {
	l, ok := w.Network.(Losing)
	if !ok || !w.fuse.lit() {
		return all
	}
	return slices.DeleteFunc(all, func(x scene) bool { return x.act.Takes != 0 && l.Loses().Has(x.act.Takes) })
}

// recalls tells whether edits can be taken back.
func (w *world) recalls(from bridges.Account) (can bool) {
	w.t.Helper()
	w.do(from, "what a session can", func(_ context.Context, s bridges.Session) error {
		can = is[bridges.Recaller](s)
		return nil
	})
	return can
}

func (w *world) perform(a Acting, to bridges.UserID, what Act) {
	w.t.Helper()
	if what.Takes == 0 {
		w.Network.Say(w.t, to, what.Text)
		return
	}
	a.Act(w.t, to, what)
}

// comes waits for what was done last: what comes together has no steps between it, and
// of a text that is taken back before it came nobody needs to hear.
func (w *world) comes(play string, to bridges.Account, want string) {
	w.t.Helper()
	w.await(want+", as the person did", func() bool { return slices.Contains(w.store.acts(to.ID, play, w.of)[kindOf(want)], want) })
}

// done wants what was done to an account in a play to have come. Reactions, read
// marks and receipts are in an order of their own. Reactions that are there no longer
// may be left out.
func (w *world) done(play string, to bridges.Account, all []scene) {
	w.t.Helper()
	want := map[string][]string{}
	for _, x := range all {
		kind := kindOf(x.want)
		want[kind] = append(want[kind], x.want)
	}
	got := w.store.acts(to.ID, play, w.of)
	for _, kind := range []string{"", "react", "read", "got", "list"} {
		if kind == "react" {
			want[kind] = slices.DeleteFunc(want[kind], func(x string) bool { return !slices.Contains(got[kind], x) })
		}
		if !slices.Equal(got[kind], want[kind]) {
			w.t.Errorf("to %s was done\n%q, and\n%q came", to.ID, want[kind], got[kind])
		}
	}
	w.checkFaults()
}

// kindOf returns by what an event is ordered.
func kindOf(told string) string {
	switch kind, _, _ := strings.Cut(told, " "); kind {
	case "react", "read", "got", "list":
		return kind
	case "unlist":
		return "list"
	}
	return ""
}

// checkActs wants what people do to come to two accounts at once, and what they do to
// nobody to come nowhere.
func checkActs(t *testing.T, s Subject) {
	a := s.acting()
	if a == nil {
		return
	}
	for _, x := range scenes("acts: nobody", "", s.Bridge.Info().Can, s.recalls(s.Account)) {
		s.perform(a, s.Nobody, x.act)
	}
	s.world.act("acts:", s.Account, s.Second)
	s.checkFile(t)
	s.checkTakenBack(t)
}

// checkTakenBack wants a text of which an edit was taken back to be what it was before.
func (s Subject) checkTakenBack(t *testing.T) {
	t.Helper()
	if !s.recalls(s.Account) {
		return
	}
	text := "acts: " + string(s.Account.ID) + " one"
	s.do(s.Account, "what it is", func(ctx context.Context, x bridges.Session) error {
		m, err := x.(bridges.Recaller).Recall(ctx, s.Chat, s.store.idOf(s.Account.ID, text))
		if err == nil && m.Text != text+", changed" {
			t.Errorf("a text of which an edit was taken back is %q", m.Text)
		}
		return err
	})
}

// checkFile wants the file that came to be what was sent.
func (s Subject) checkFile(t *testing.T) {
	t.Helper()
	o, ok := s.Bridge.(bridges.Opener)
	f := s.store.file(s.Account.ID)
	if !ok || f == nil {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	c, err := o.OpenFile(ctx, s.Account.ID, *f)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	data, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(data, []byte(f.Name)) || c.Size >= 0 && c.Size != int64(len(data)) {
		t.Errorf("the file %q is %q, of %d bytes, %v", f.Name, data, c.Size, err)
	}
}

// checkHints wants signs of people that may get lost to come when nothing is wrong,
// and to nobody else.
func checkHints(t *testing.T, s Subject) {
	a, can := s.acting(), s.Bridge.Info().Can
	if can&(bridges.CanTyping|bridges.CanPresence|bridges.CanPictures) == 0 {
		return
	}
	s.play("hints", true) // a chat, without which nobody sees the signs
	person := bridges.UserID(s.Chat)
	for _, x := range []struct {
		act  Act
		want bridges.Event
	}{
		{Act{Takes: bridges.CanTyping}, bridges.Typing{Chat: s.Chat, From: person, Composing: true}},
		{Act{Takes: bridges.CanTyping, Ends: true}, bridges.Typing{Chat: s.Chat, From: person}},
		{Act{Takes: bridges.CanPresence, Text: "at lunch", Ends: true}, bridges.Presence{Person: person, Show: bridges.Away, Status: "at lunch"}},
		{Act{Takes: bridges.CanPresence, Text: "back"}, bridges.Presence{Person: person, Show: bridges.Available, Status: "back"}},
		{Act{Takes: bridges.CanPictures}, bridges.ProfileChange{Person: person}},
	} {
		if can.Has(x.act.Takes) {
			a.Act(t, s.Account.Self, x.act)
			s.hinted(bridges.Delivery{Account: s.Account.ID, Event: x.want})
		}
	}
}

// hinted waits for a sign. Others may come before it, but who types does so to one
// account.
func (w *world) hinted(want bridges.Delivery) {
	w.t.Helper()
	came := false
	w.await("a sign of the person", func() bool {
		for !came && len(w.life.host.hints) > 0 {
			d := <-w.life.host.hints
			if _, typing := d.Event.(bridges.Typing); typing && d.Account != want.Account {
				w.t.Errorf("%+v came, of what was shown to %s", d, want.Account)
			}
			came = reflect.DeepEqual(d, want)
		}
		return came
	})
	w.checkFaults()
}
