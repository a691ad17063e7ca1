package gateway

import (
	"context"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// tellSigns tells the network what users show, until the gateway ends.
func (g *Gateway) tellSigns(ctx context.Context) { each(ctx, g.signs.due, g.tellSign) }

// tellSign is the turn of one chat. Of several markers that of the newest message
// comes first: the others say nothing more then.
func (g *Gateway) tellSign(p whose) {
	t, ok := g.signs.begin(p, time.Now())
	if !ok {
		return
	}
	known := true
	defer func() { g.signs.end(p, known, t.marks, time.Now()) }()
	if !g.router.join(p.account) {
		known = false // the user leaves
		return
	}
	defer g.router.part(p.account)
	if t.changed {
		known = false
		g.contain("the typing of a user", step{run: func(ctx context.Context) { known = g.tellTyping(ctx, p, t.composing) }})
	}
	if len(t.marks) > 0 {
		g.contain("markers of a user", step{run: func(ctx context.Context) { g.findMarked(ctx, p, t.marks) }})
	}
	for len(t.marks) > 0 {
		m, again := t.marks[len(t.marks)-1], false
		g.contain("a marker of a user", step{
			key:      m.key,
			run:      func(ctx context.Context) { again = g.tellMark(ctx, p, m) },
			poisoned: func(string) { g.dropMark(g.work, m, "marker refused") },
		})
		if again {
			return
		}
		t.marks = t.marks[:len(t.marks)-1]
	}
}

// join keeps a user from leaving until part is called. False: the user leaves.
func (r *router) join(id bridges.AccountID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := r.user(id)
	if u.quiet {
		return false
	}
	u.busy++
	return true
}

func (r *router) part(id bridges.AccountID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := r.user(id)
	u.busy--
	r.tidy(u)
	if u.quiet {
		r.idle.Broadcast()
	}
}

// signer returns whose sign it is and where it goes; false: nobody's, or
// nowhere, or the gateway ends.
func (g *Gateway) signer(ctx context.Context, p whose) (acc mapping.Account, chat bridges.ChatID, ok bool) {
	acc, ok, _ = g.insistOn(ctx, p.account)
	if !ok || !g.admits(p.account) {
		return acc, "", false
	}
	chat, err := g.resolve(p.local)
	return acc, chat, err == nil
}

// withSession calls f with the session of an account, and bounds it. While the
// gateway is off there is none.
func (g *Gateway) withSession(ctx context.Context, acc mapping.Account, f func(context.Context, bridges.Session) error) error {
	if words := g.Off(); words != "" {
		return &bridges.Error{Kind: bridges.Temporary, Text: words}
	}
	defer trialOf(ctx).enter()
	ctx, cancel := context.WithTimeout(ctx, signTime)
	defer cancel()
	s, release, err := g.sessions.use(ctx, acc)
	if err != nil {
		return err
	}
	defer release()
	return f(ctx, s)
}
