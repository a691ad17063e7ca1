package gateway

import (
	"context"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
)

const (
	// offSwitch names the switch of a gateway that is turned off. Its value says
	// so to users.
	offSwitch   = "off"
	offText     = "This gateway is turned off for now"
	reasonField = "reason"
)

// switchTable lists how administrators turn the gateway off and on. While it is
// off, users see it and its contacts as unavailable, texts get an error, and what
// the network says waits in the journal. Its connections stay, and so does all
// that has nothing to do with the network.
var switchTable = []*function{
	{node: "urn:causeway:admin#off", name: "Turn the gateway off", who: forAdmins, when: isOn, idle: errIsOff, run: answering(askReason, runOff)},
	{node: "urn:causeway:admin#on", name: "Turn the gateway on", who: forAdmins, when: isOff, idle: errIsOn, run: answering(nil, runOn)},
}

var (
	errIsOff = &stanza.Error{Type: "cancel", Condition: "conflict", Text: "The gateway is off already."}
	errIsOn  = &stanza.Error{Type: "cancel", Condition: "conflict", Text: "The gateway is on already."}
)

func isOff(g *Gateway) bool { return g.Off() != "" }
func isOn(g *Gateway) bool  { return !isOff(g) }

// Off says, in words for users, that an administrator has turned the gateway off;
// "" when it is on. It does not block.
func (g *Gateway) Off() string {
	if words := g.off.Load(); words != nil {
		return *words
	}
	return ""
}

func askReason(g *Gateway) *bridges.Ask {
	return &bridges.Ask{
		Title:  "Turn " + g.info.Name + " off",
		Fields: []bridges.Field{{Name: reasonField, Label: "Why, for its users", Pattern: ".{0,200}", Help: "At most 200 letters."}},
	}
}

func runOff(_ context.Context, g *Gateway, t *tx, fields map[string]string) (string, error) {
	if isOff(g) { // since the question was asked
		return "", errIsOff
	}
	words := offText + "."
	if why := fields[reasonField]; why != "" {
		words = offText + ": " + why
	}
	g.switches(t, words)
	return "Texts are refused and what comes from the network waits. Users are told: " + words, nil
}

func runOn(_ context.Context, g *Gateway, t *tx, _ map[string]string) (string, error) {
	g.switches(t, "")
	return "The gateway is on again. What has waited is shown now.", nil
}

func (g *Gateway) switches(t *tx, words string) {
	t.batch.PutSwitch = []mapping.Switch{{Bridge: g.domain, Name: offSwitch, Value: words}}
	admin := t.account
	t.done = append(t.done, func() {
		g.log.Info("an administrator has turned the gateway off or on", "admin", admin, "off", words)
		g.turn(admin)
	})
}

// turn follows the switch, as it is on disk by now. Users see it after admin has
// been answered.
func (g *Gateway) turn(admin bridges.AccountID) {
	g.turning.Lock()
	defer g.turning.Unlock()
	before := g.Off()
	if !g.insist(g.work, "read the switches", func() error { return g.readSwitches(g.work) }) || g.Off() == before {
		return
	}
	if isOff(g) {
		g.Ready() // what waits for a retry is told at once
	}
	g.enqueueControl(admin, true, step{run: func(context.Context) { g.loop(g.showTurn) }})
}

// readSwitches takes over the state that the store has, without a word to users.
func (g *Gateway) readSwitches(ctx context.Context) error {
	all, err := g.store.Switches(ctx, g.domain)
	if err != nil {
		return err
	}
	words, before := all[offSwitch], g.Off()
	g.off.Store(&words)
	switch shown := g.cfg.Metrics.off.WithLabelValues(g.domain); {
	case words != "":
		shown.Set(1)
		g.keepEvents()
	case before != "":
		shown.Set(0)
		g.pieces.waitAgain(time.Now())
		g.releaseEvents()
	}
	return nil
}

// keepEvents takes the events of the network, those that wait already too, out of
// their queues. The bound of Deliver counts them.
func (g *Gateway) keepEvents() {
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keeps = true
	for _, u := range r.users {
		for _, c := range u.convs {
			r.kept = append(r.kept, c.in...)
			c.in = nil
			r.retryNoMore(c, inward)
			g.settleConversation(c)
		}
	}
}

// releaseEvents puts the events back: their places say in which order.
func (g *Gateway) releaseEvents() {
	r := &g.router
	r.mu.Lock()
	kept := r.kept
	r.keeps, r.kept = false, nil
	r.mu.Unlock()
	for _, in := range kept {
		g.enqueueIn(in)
	}
}

// showTurn shows all users whether the gateway is there, and those who are online
// their contacts, each in the lane of the user: nothing that was said before
// arrives after it.
func (g *Gateway) showTurn(ctx context.Context) {
	p := pace{gap: paceGap}
	err := g.store.EachAccount(ctx, g.domain, func(acc mapping.Account) error {
		if g.admits(acc.ID) {
			g.enqueueControl(acc.ID, true, step{run: func(ctx context.Context) {
				g.showSelf(ctx, acc)
				if g.people.isOnline(acc.ID) {
					g.showContacts(ctx, acc.ID)
				}
			}})
		}
		return p.wait(ctx)
	})
	if err != nil && ctx.Err() == nil {
		g.log.Error("cannot show the users that the gateway was turned off or on", "err", err)
	}
}

// showSelf shows a user the gateway's presence, again if it was turned off or on
// meanwhile: whoever shows that may have been first.
func (g *Gateway) showSelf(ctx context.Context, acc mapping.Account) {
	for {
		before := g.Off()
		g.send(ctx, g.ownPresence(string(acc.ID), g.statusOf(acc)))
		if g.Off() == before {
			return
		}
	}
}

// isShownOff makes of a presence that of a gateway that is off, if it is.
func (g *Gateway) isShownOff(o *stanza.Out) bool {
	words := g.Off()
	if words != "" {
		o.Type = "unavailable"
		o.Payload.Leaf("status", "", words)
	}
	return words != ""
}

// refuseOff ends a text that is to be sent while the gateway is off. What a
// predecessor tried is not: its outcome decides.
func (g *Gateway) refuseOff(ctx context.Context, c *conversation, m *outgoing, hash [16]byte) (v verdict, off bool) {
	words := g.Off()
	switch {
	case words == "" || m.tried:
		return v, false
	case m.doubt:
		return g.fail(ctx, c, m, errInDoubt, &hash), true
	}
	return g.fail(ctx, c, m, &stanza.Error{Type: "cancel", Condition: "service-unavailable", Text: words}, nil), true
}
