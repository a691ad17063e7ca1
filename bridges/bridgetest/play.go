package bridgetest

import (
	"context"
	"errors"
	"slices"
	"time"

	"causeway/bridges"
)

// fate is what the gateway knows of a message in the end.
type fate int

const (
	unsent  fate = iota // the network does not have it
	sent                // it has it, once
	doubted             // it may have it, once at most
)

// attempts bounds how often a message is tried, and pace is between two attempts
// that nothing else sets apart.
const (
	attempts = 60
	pace     = 50 * time.Millisecond
)

// send gives a message to the network as the gateway does: again and again, until
// it is known what became of it, or never will be.
func (w *world) send(from bridges.Account, text string) fate {
	w.t.Helper()
	return w.sendMessage(from, w.messageOf(from, text))
}

func (w *world) messageOf(from bridges.Account, text string) bridges.Message {
	return bridges.Message{Chat: w.Chat, From: from.Self, Key: "key of " + text, Text: text, Receipt: true}
}

func (w *world) sendMessage(from bridges.Account, m bridges.Message) fate {
	w.t.Helper()
	var ids []bridges.MessageID
	f := w.do(from, m.Key, func(ctx context.Context, s bridges.Session) (err error) {
		ids, err = s.Send(ctx, m)
		return err
	})
	if f == sent {
		w.took(m.Text, ids)
	}
	return f
}

// do has a session do what has a key.
func (w *world) do(from bridges.Account, key string, what func(ctx context.Context, s bridges.Session) error) fate {
	w.t.Helper()
	tried := false
	for range attempts {
		l := w.now()
		if tried && !w.mayRepeat(l) {
			return doubted
		}
		err := w.attempt(l, from, what)
		if l.died() { // before the answer was on disk
			tried = true
			continue
		}
		tried = false
		if err == nil {
			w.settled(l, key)
			return sent
		}
		switch kind := bridges.KindOf(err); {
		case kind == bridges.Unknown && l.bridge.Info().Unknown == bridges.Report:
			w.settled(l, key)
			return doubted
		case kind != bridges.Temporary && kind != bridges.Unknown:
			w.t.Errorf("%.40q: %v, of kind %d, from a network that will take it", key, err, kind)
			return unsent
		}
		l.pause(err)
	}
	w.t.Errorf("%.40q: not taken in %d attempts", key, attempts)
	return unsent
}

// attempt is one of them.
func (w *world) attempt(l *life, from bridges.Account, what func(ctx context.Context, s bridges.Session) error) error {
	ctx, cancel := context.WithTimeout(l.ctx, limit)
	defer cancel()
	s, err := l.session(ctx, from)
	if err != nil {
		return err
	}
	return what(ctx, s)
}

// mayRepeat tells whether a message may be given to an adapter again of which its
// predecessor had an attempt under way.
func (w *world) mayRepeat(l *life) bool {
	if l.bridge.Info().Unknown != bridges.Report {
		return true
	}
	r, ok := l.bridge.(bridges.Rememberer)
	return ok && r.Remembers()
}

// took checks the ids of a message, and notes them.
func (w *world) took(text string, ids []bridges.MessageID) {
	w.t.Helper()
	for _, id := range ids {
		if id == "" || w.ids[id] {
			w.t.Errorf("%.40q: the id %q is empty, or another's", text, id)
		}
		w.ids[id] = true
	}
	w.of[text] = ids
}

func (w *world) settled(l *life, key string) {
	if s, ok := l.bridge.(bridges.Settler); ok {
		s.Settled(key)
	}
}

// pause waits until an attempt may succeed.
func (l *life) pause(err error) {
	d := pace
	var e *bridges.Error
	if errors.As(err, &e) && e.After > 0 {
		d = min(e.After, limit)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.host.ready:
	case <-l.dead:
	}
}

// await waits until f is true, looking when something came or may have, and
// starts the next adapter when one is killed.
func (w *world) await(what string, f func() bool) {
	w.t.Helper()
	end := time.NewTimer(6 * limit)
	defer end.Stop()
	beat := time.NewTicker(pace / 5)
	defer beat.Stop()
	for {
		news := w.store.changed()
		if f() {
			return
		}
		select {
		case <-news:
		case <-beat.C: // the network tells nobody
		case <-w.now().dead:
		case <-end.C:
			w.t.Fatalf("in vain waited for %s", what)
		}
	}
}

// told wants the texts of a person to have come that are of one play: all, once,
// and in order.
func (w *world) told(play string, to bridges.Account, want []string) {
	w.t.Helper()
	got := func() []string {
		var assemble func([]bridges.Part) bridges.Message
		if a, ok := w.life.bridge.(bridges.Assembler); ok {
			assemble = a.Assemble
		}
		return of(play, w.store.texts(to.ID, bridges.UserID(w.Chat), assemble))
	}
	last := want[len(want)-1]
	w.await("what the person said", func() bool { return slices.Contains(got(), last) })
	if g := got(); !slices.Equal(g, want) {
		w.t.Errorf("the person said %.40q,\nand %.40q came", want, g)
	}
	w.checkFaults()
}

// read wants the person to have what was sent, by what is known of it: once, in
// order, and all that is sure.
func (w *world) read(play string, from bridges.Account, texts []string, fates []fate) {
	w.t.Helper()
	got := func() []string { return of(play, w.Network.Texts(from.Self)) }
	for i, text := range texts {
		if fates[i] == sent {
			w.await("a text that the network took", func() bool { return slices.Contains(got(), text) })
		}
	}
	rest := got()
	for i, text := range texts {
		switch {
		case len(rest) > 0 && rest[0] == text && fates[i] != unsent:
			rest = rest[1:]
		case fates[i] == sent:
			w.t.Errorf("%.40q: lost, or in the wrong place", text)
		}
	}
	if len(rest) > 0 && w.life.bridge.Info().Unknown != bridges.Resend {
		w.t.Errorf("of %.40q\n%.40q came, which has %.40q doubled or in the wrong place", texts, got(), rest)
	}
}
