package gateway

import (
	"fmt"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
)

// written notes a text that is about to be journalled.
func (w *world) written(x *wText) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byBody[x.id] = x
}

// accepted notes that the journal has it.
func (w *world) accepted(x *wText) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts = append(w.texts, x)
}

// took notes what the network was given, and whether it took it. maybe: the
// gateway cannot know.
func (w *world) took(body string, took, maybe bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.byBody[body]
	if x == nil {
		w.t.Errorf("the network was given %q, which nobody accepted", body)
		return
	}
	x.maybe = x.maybe || maybe
	w.note(x, "given to the network: took", took, "in doubt", maybe)
	if !took {
		return
	}
	if x.taken++; x.taken == 1 {
		w.next++
		x.order = w.next
	}
}

// note keeps what happened to a text, for whoever looks for a fault.
func (w *world) note(x *wText, what ...any) {
	x.hist = append(x.hist, fmt.Sprintf("%s in life %d: %s", time.Now().Format(time.TimeOnly), w.kills, fmt.Sprintln(what...)))
}

// comes notes a text of the network that is about to be delivered.
func (w *world) comes(e *wEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byText[e.body] = e
}

// arrived notes that the gateway has answered for it.
func (w *world) arrived(e *wEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

// returned notes that the server gives a stanza back.
func (w *world) returned(o *stanza.Out) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e := w.byText[bodyOf(o)]; e != nil {
		e.bounced = true
	}
}

// sees notes what a user gets from the server.
func (w *world) sees(o *stanza.Out) {
	if o.Kind != stanza.Message {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if o.Type == "error" {
		if x := w.byBody[o.ID]; x == nil || x.user != bare(o.To) {
			w.t.Errorf("an error for %q goes to %s", o.ID, o.To)
		} else {
			x.told++
			w.note(x, "told", o.Payload.Bytes())
		}
		return
	}
	e := w.byText[bodyOf(o)]
	if e == nil {
		w.t.Errorf("a user gets %q", o.Append(nil))
		return
	}
	if len(e.ids) == 0 {
		w.next++
		e.order = w.next
	}
	e.ids[o.ID] = true
}

func bodyOf(o *stanza.Out) string {
	s, err := stanza.Parse(o.Append(nil))
	if err != nil {
		return ""
	}
	text, _ := s.Body()
	return text
}

// check compares the world with what is promised.
func (w *world) check() {
	last := map[string]*wText{}
	for _, x := range w.texts {
		switch {
		case x.taken == 0 && x.told == 0:
			w.t.Errorf("%s is lost: never sent, and nobody was told", x.id)
		case x.taken > 1 && w.policy == bridges.Report:
			w.t.Errorf("%s was sent %d times: %q", x.id, x.taken, x.hist)
		case x.taken > 1 && !x.maybe && w.kills == 0:
			w.t.Errorf("%s was sent %d times, without any doubt", x.id, x.taken)
		}
		if x.taken == 0 || x.repeated {
			continue
		}
		c := x.user + " " + x.contact
		if before := last[c]; before != nil && before.order > x.order {
			w.t.Errorf("%s overtook %s", x.id, before.id)
		}
		last[c] = x
	}
	w.checkEvents()
}

func (w *world) checkEvents() {
	last := map[string]*wEvent{}
	for _, e := range w.events {
		if len(e.ids) != 1 {
			w.t.Errorf("%s came with the ids %v (bounced: %v)", e.body, e.ids, e.bounced)
		}
		if e.bounced {
			continue
		}
		c := e.user + " " + e.contact
		if before := last[c]; before != nil && before.order > e.order {
			w.t.Errorf("%s overtook %s", e.body, before.body)
		}
		last[c] = e
	}
}
