package gateway

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"causeway/bridges"
)

const (
	dialogueTime = 10 * time.Minute
	dialoguesMax = 1000 // at once; one a user
	skipWord     = "-"  // leaves a field as it is
	consent      = "yes"
	dissent      = "no"
)

// dialogue is a function that asks a user for one field after the other in the
// chat. It is a value, as a commandSession is.
type dialogue struct {
	f   *function
	in  filled
	ask *bridges.Ask
	got map[string]string // of ask, so far
	// values are offered instead of the defaults.
	values map[string]string
	words  order // what the user wrote at once, for the stages to come
	until  time.Time
}

// dialogues are the dialogues under way, of each user the last one begun.
type dialogues struct {
	mu sync.Mutex
	m  map[bridges.AccountID]dialogue
}

func newDialogues() *dialogues { return &dialogues{m: map[bridges.AccountID]dialogue{}} }

func (d *dialogues) find(id bridges.AccountID, now time.Time) (dialogue, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	x, ok := d.m[id]
	return x, ok && !now.After(x.until)
}

// room tells whether a user may begin a dialogue.
func (d *dialogues) room(id bridges.AccountID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.m[id]
	return ok || len(d.m) < dialoguesMax
}

func (d *dialogues) put(id bridges.AccountID, x dialogue, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	x.until = now.Add(dialogueTime)
	d.m[clone(id)] = x
}

func (d *dialogues) end(id bridges.AccountID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.m, id)
}

func (d *dialogues) expire(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.m, func(_ bridges.AccountID, x dialogue) bool { return now.After(x.until) })
}

// next is the first field of the stage that has not been answered.
func (x dialogue) next() (f bridges.Field, ok bool) {
	for _, f := range x.ask.Fields {
		if _, got := x.got[f.Name]; !got {
			return f, true
		}
	}
	return f, false
}

// complete tells whether all that the stage needs is there: what keeps all that
// is left out needs something, and consent is never given beforehand.
func (x dialogue) complete() bool {
	switch {
	case len(x.ask.Fields) == 0:
		return false
	case x.f.keeps:
		return len(x.got) > 0
	}
	for _, f := range x.ask.Fields {
		if f.Required && x.got[f.Name] == "" {
			return false
		}
	}
	return true
}

// with returns x after the answer to a field.
func (x dialogue) with(name, value string) dialogue {
	got := map[string]string{}
	maps.Copy(got, x.got)
	got[name] = value
	x.got = got
	return x
}

// offer is the value that a user may take over.
func (x dialogue) offer(f bridges.Field) string {
	if v, ok := x.values[f.Name]; ok {
		return v
	}
	return f.Default
}

// question is what the gateway says to get the next field, or consent.
func (x dialogue) question() string {
	f, ok := x.next()
	if !ok {
		return strings.TrimSpace(x.ask.Instructions + " Write " + consent + " to go on, cancel to stop.")
	}
	text := f.Label
	if f.Help != "" {
		text += " (" + strings.TrimSuffix(f.Help, ".") + ")"
	}
	var choices []string
	for _, o := range f.Options {
		choices = append(choices, o.Value+" = "+o.Label)
	}
	if f.Kind == bridges.Bool {
		choices = []string{"true", "false"}
	}
	if len(choices) > 0 {
		text += ", one of: " + strings.Join(choices, ", ")
	}
	text += "? Write cancel to stop"
	switch {
	case x.offer(f) != "":
		text += ", " + skipWord + " for " + x.offer(f)
	case x.f.keeps && !f.Required:
		text += ", " + skipWord + " to leave it as it is"
	case !f.Required:
		text += ", " + skipWord + " to leave it out"
	}
	text += "."
	if len(x.got) == 0 {
		text = strings.TrimSpace(x.ask.Instructions + " " + text)
	}
	return text
}

// named refuses values with names that x does not have, and lists those that it
// has. Others may be of a later stage when one is.
func (x dialogue) named(o order, more bool) error {
	name := o.misnamed(x.ask.Fields)
	later := more || !x.f.keeps && slices.ContainsFunc(x.ask.Fields, func(f bridges.Field) bool { return o.fields[f.Name] != "" })
	if name == "" || len(x.ask.Fields) == 0 || later {
		return nil
	}
	var names []string
	for _, f := range x.ask.Fields {
		names = append(names, f.Name)
	}
	return notAcceptable(name + " is nothing that can be set with " + x.f.verb + ". These can: " + strings.Join(names, ", ") + ".")
}

// at returns x at the stage that r asks for, with what was said of it already.
func (x dialogue) at(r result) dialogue {
	x.ask, x.values = r.ask, r.values
	if r.afresh {
		x.words = order{}
	}
	x.got, x.words = x.words.values(r.ask.Fields, r.more)
	return x
}
