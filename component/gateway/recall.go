package gateway

import (
	"context"
	"slices"

	"causeway/bridges"
)

// recalling is how far it is known what a text is, of which an edit was taken back.
type recalling uint8

// The stages.
const (
	_           recalling = iota
	toRecall              // the network is to be asked, while the events behind it wait
	recallAsked           // it was, and there is no such text
)

// comesAgain has an event be the next once more that waits for what the network says.
// The caller holds the lock.
func (r *router) comesAgain(c *conversation, in *incoming) {
	switch {
	case in.recalls != toRecall:
	case r.keeps:
		r.kept = append(r.kept, in)
	default:
		c.in = slices.Insert(c.in, 0, in)
	}
}

// bringText asks what a text is of which an edit was taken back, and returns the event
// that is in the place of that. Who dies meanwhile asks again.
func (g *Gateway) bringText(in *incoming) func() *incoming {
	var now *bridges.Message
	g.contain("the text before an edit", step{key: in.key, run: func(ctx context.Context) { now = g.textNow(ctx, in) }})
	return func() *incoming { return in.recalled(now) }
}

// textNow asks a few times; nil: there is no such text, or nobody says.
func (g *Gateway) textNow(ctx context.Context, in *incoming) *bridges.Message {
	for n := 1; ; n++ {
		m, err := g.askText(ctx, in)
		if err == nil {
			return &m
		}
		if bridges.KindOf(err) != bridges.Temporary || n == bringTries || !g.rests(ctx, n, err) {
			g.log.Info("it is not known what an edit has left", "id", trace(in.key), "account", in.Account, "err", err)
			return nil
		}
	}
}

// errNoRecall is for a log only.
var errNoRecall = &bridges.Error{Kind: bridges.Unsupported, Text: "Nobody says what a text was before."}

func (g *Gateway) askText(ctx context.Context, in *incoming) (m bridges.Message, err error) {
	acc, ok, _ := g.insistOn(ctx, in.Account)
	if !ok {
		return m, errNoRecall // nobody is there who could be shown it
	}
	defer resting(ctx).enter()
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	s, release, err := g.sessions.use(ctx, acc)
	if err != nil {
		return m, err
	}
	defer release()
	r, ok := s.(bridges.Recaller)
	if !ok {
		return m, errNoRecall
	}
	return r.Recall(ctx, in.Message.Chat, in.first)
}

// recalled is an edit to what is there now, in the place of the retraction of one: of a
// file without words the words are taken back. The retraction stays as it was: perhaps
// it is being settled.
func (in *incoming) recalled(now *bridges.Message) *incoming {
	x := *in
	x.recalls = recallAsked
	switch {
	case now == nil:
	case now.Text == "":
		x.Of = captionOf(in.first)
	default:
		m := *now
		m.ID, m.Chat, m.From, m.File, m.Sent = in.Message.ID, in.Message.Chat, in.Message.From, nil, in.Message.Sent
		x.Kind, x.Message = kindEdit, &m
	}
	return &x
}
