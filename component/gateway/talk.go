package gateway

import (
	"context"
	"errors"
	"strings"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
)

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
