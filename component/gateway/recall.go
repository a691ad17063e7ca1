package gateway

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"causeway/bridges"
)

// recalling is how far it is known what a text is, of which an edit was taken back.
type recalling uint8

// The stages.
const (
	_           recalling = iota
	toRecall              // the network is to be asked, once it is there, while the events behind it wait
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

const (
	// recallTries bounds how often a network that is there is asked what a text is,
	// in some five minutes. The events behind it wait.
	recallTries = 8
	// awayTry is as which try one counts at a network that is away: it is asked again
	// after a minute, or when it is Ready.
	awayTry = 6
)

// bringText asks what a text is of which an edit was taken back, and returns what is done
// then: another event is in the place of that, or it waits until it is asked again. Who
// dies meanwhile asks again.
func (g *Gateway) bringText(in *incoming) (done func(*conversation)) {
	var now *bridges.Message
	var later time.Time
	g.contain("the text before an edit", step{key: in.key, run: func(ctx context.Context) {
		m, err := g.askText(ctx, in)
		if err == nil {
			now = &m
			return
		}
		level := slog.LevelInfo
		if later = g.recallLater(in, err); !later.IsZero() {
			level = slog.LevelDebug
		}
		g.log.Log(ctx, level, "it is not known what an edit has left", "id", trace(in.key), "account", in.Account, "again", later, "err", err)
	}})
	return func(c *conversation) {
		switch i := slices.Index(c.in, in); {
		case i < 0: // it was taken out meanwhile
		case later.IsZero():
			c.in[i] = in.recalled(now)
		default:
			g.router.retryLater(c, inward, later)
		}
	}
}

// recallLater returns when to ask again; zero: there is no such text, or nobody says. While
// the network is away that is as long as texts wait for it: nothing comes from there that
// would wait behind.
func (g *Gateway) recallLater(in *incoming, err error) (at time.Time) {
	expires := in.At.Add(g.policy.Load().hold)
	if bridges.KindOf(err) != bridges.Temporary || !time.Now().Before(expires) {
		return at
	}
	if g.isAway() {
		return nextAttempt(awayTry, err, expires)
	}
	if in.refused++; in.refused == recallTries {
		return at
	}
	return nextAttempt(in.refused, err, expires)
}

// isAway tells whether the bridge says that its network takes nothing now.
func (g *Gateway) isAway() bool {
	r, ok := g.cfg.Bridge.(bridges.Reporter)
	if !ok {
		return false
	}
	_, err := r.State()
	return err != nil
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
