package gateway

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
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

// beginDialogue runs f with the words that the user wrote after its name.
func (g *Gateway) beginDialogue(ctx context.Context, t *tx, f *function, o order) (result, error) {
	if err := g.allowed(ctx, t.account, f); err != nil {
		return result{}, err
	}
	r, err := f.run(ctx, g, t, nil)
	if err != nil || r.ask == nil {
		return r, err
	}
	if r.more && r.ask.Fields[0].Name == addressField.Name { // more words follow
		if o.whom, err = g.nameBefore(ctx, t.account, strings.TrimPrefix(o.text, o.first)); err != nil {
			return result{}, err
		}
	}
	x := dialogue{f: f, words: o}.at(r)
	if err := x.named(o, r.more); err != nil {
		return result{}, err
	}
	if !x.complete() {
		return g.askInChat(t, x, "")
	}
	return g.submitDialogue(ctx, t, x)
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

// continueDialogue takes the answer to the last question. A word that is one of
// ours is none, alone: it can be given as a value in one line with the function.
// An order of several words is none if it does not fit as one.
func (g *Gateway) continueDialogue(ctx context.Context, t *tx, x dialogue, o order) (result, error) {
	alone := strings.ToLower(o.text)
	f, asked := x.next()
	switch other := byVerb(alone); {
	case o.verb == "cancel", o.verb == dissent && !asked:
		t.done = append(t.done, func() { g.dialogues.end(t.account) })
		return result{text: "Nothing was changed."}, nil
	case alone == helpWord:
		return g.askInChat(t, x, g.helpText(ctx, t))
	case o.help != nil:
		return g.askInChat(t, x, o.help.explained())
	case other != nil:
		return g.dropsFor(ctx, t, x, other, o)
	case asked:
		return g.takeAnswer(ctx, t, x, f, o)
	case o.verb == consent:
		return g.submitAnswers(ctx, t, x, order{})
	}
	return g.notFitting(ctx, t, x, o, "")
}

// takeAnswer takes o as the value of a field.
func (g *Gateway) takeAnswer(ctx context.Context, t *tx, x dialogue, f bridges.Field, o order) (result, error) {
	value := o.text
	if value == skipWord {
		value = x.offer(f)
	}
	if err := f.Check(value); err != nil {
		return g.notFitting(ctx, t, x, o, g.inWords(g.registrationError(err)))
	}
	x = x.with(f.Name, value)
	if _, more := x.next(); more {
		return g.askInChat(t, x, "")
	}
	if len(x.ask.Fields) > 1 {
		o = order{} // another answer may be what does not fit
	}
	return g.submitAnswers(ctx, t, x, o)
}

// dropsFor leaves x for the order o of f.
func (g *Gateway) dropsFor(ctx context.Context, t *tx, x dialogue, f *function, o order) (result, error) {
	r, err := g.beginDialogue(ctx, t, f, o)
	r.text = "The question about " + x.f.verb + " is dropped. " + r.text
	return r, err
}

// notFitting asks again after an answer that fails, or obeys it if it is an order.
func (g *Gateway) notFitting(ctx context.Context, t *tx, x dialogue, o order, failure string) (result, error) {
	if f := byVerb(o.verb); f != nil {
		return g.dropsFor(ctx, t, x, f, o)
	}
	return g.askInChat(t, x, failure)
}

// submitAnswers hands in what was answered, one question after the other. The
// last answer is o, if nothing else can be what does not fit.
func (g *Gateway) submitAnswers(ctx context.Context, t *tx, x dialogue, o order) (result, error) {
	r, err := g.submitDialogue(ctx, t, x)
	var e *stanza.Error
	if errors.As(err, &e) && e.Type == "modify" { // as a form comes again (xeps.md 0122.4)
		t.fails()
		x.got = nil
		return g.notFitting(ctx, t, x, o, e.Text)
	}
	return r, err
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

// submitDialogue hands a stage in, and those after it that ask for nothing that
// must be filled in.
func (g *Gateway) submitDialogue(ctx context.Context, t *tx, x dialogue) (r result, err error) {
	for {
		r, x.in, err = g.submit(ctx, t, x.f, x.in, x.ask, x.got)
		if err != nil || r.ask == nil {
			return r, err
		}
		x = x.at(r)
		if !x.complete() {
			return g.askInChat(t, x, "")
		}
	}
}

// askInChat asks for the next field, after what went wrong with the last one.
func (g *Gateway) askInChat(t *tx, x dialogue, failure string) (result, error) {
	if !g.dialogues.room(t.account) {
		return result{}, errBusy
	}
	x.words = order{}
	t.done = append(t.done, func() { g.dialogues.put(t.account, x, time.Now()) })
	return result{ask: x.ask, text: strings.TrimSpace(failure + " " + x.question())}, nil
}
