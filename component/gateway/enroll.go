package gateway

import (
	"context"
	"errors"
	"strings"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
)

// enrollTime bounds what the bridge may take to decide about a registration.
const enrollTime = 30 * time.Second

// encryptionHint is in every welcome (xeps.md 0384.7).
const encryptionHint = "Turn encryption (OMEMO) off for these chats: the gateway cannot read it."

// profileHint is in the welcome where a profile can be shown (xeps.md 0084.10).
const profileHint = "Write settings profile=true to show people the name and picture of your profile."

// enroll registers the user of t, or changes a registration, and returns what
// to tell the user, or what else the bridge asks for. All three doors use it:
// jabber:iq:register, commands, chat.
func (g *Gateway) enroll(ctx context.Context, t *tx, fields map[string]string) (string, *bridges.Ask, error) {
	if !g.admits(t.account) {
		return "", nil, errNotAllowed
	}
	old, registered, err := g.accounts.find(ctx, t.account)
	if err != nil {
		return "", nil, err
	}
	if registered && len(g.info.Fields) == 0 {
		return "You are registered already: " + g.statusOf(old) + ".", nil, nil
	}
	if err := g.checkFields(fields); err != nil {
		return "", nil, err
	}
	e, err := g.decide(ctx, t.account, old.Self, fields)
	if err != nil {
		return "", nil, g.registrationError(err)
	}
	if e.Ask != nil {
		return "", e.Ask, nil
	}
	acc := mapping.Account{Bridge: g.domain, ID: t.account, Self: e.Self, Created: time.Now(), Settings: g.recorded(old, fields)}
	if registered {
		acc.Created = old.Created
	}
	t.batch.PutAccounts, t.enrolls = []mapping.Account{acc}, true
	t.forgets(g, acc.ID, acc.Self, old.Self)
	if registered { // xeps.md 0100.13: the session is opened anew, with the new data
		t.done = append(t.done, func() { _ = g.sessions.close(acc.ID) })
	}
	words := e.Welcome + " "
	if g.info.Can.Has(bridges.CanIntroduce) {
		words += profileHint + " "
	}
	return strings.TrimSpace(words + encryptionHint), nil, nil
}

// untilFree runs f, which registers and commits. Two users who are given the
// same identity at the same time cannot both have it: who comes second tries
// again, and alone, or of many at once most would lose each time.
func (g *Gateway) untilFree(ctx context.Context, f func() error) error {
	err := f()
	if !errors.Is(err, mapping.ErrTaken) {
		return err
	}
	x := resting(ctx)
	g.choosing.Lock()
	x.enter()
	defer g.choosing.Unlock()
	for tries := 4; tries > 0 && errors.Is(err, mapping.ErrTaken); tries-- {
		err = f()
	}
	return err
}

// welcome greets a user who has just registered: the subscription by which we
// see when the user is there (xeps.md 0100.7), and a message in words.
func (g *Gateway) welcome(t *tx, text string) {
	if !t.enrolls {
		return
	}
	acc := t.batch.PutAccounts[0]
	t.done = append(t.done, func() { g.dialogues.end(acc.ID) })
	t.batch.PutContacts = append(t.batch.PutContacts, mapping.Contact{
		Bridge: g.domain, Account: acc.ID, Subscription: mapping.AskedByUs | mapping.SeesContact,
	})
	t.send(&stanza.Out{Kind: stanza.Presence, Type: "subscribe", From: g.domain, To: string(acc.ID)})
	t.send(g.ownPresence(string(acc.ID), g.statusOf(acc)))
	if text != "" {
		t.send(g.ownMessage(string(acc.ID), text))
	}
	if g.info.Can.Has(bridges.CanContacts) {
		t.places(g)
	}
}

// decide asks the bridge who the user shall be, who is now if registered.
func (g *Gateway) decide(ctx context.Context, id bridges.AccountID, now bridges.UserID, fields map[string]string) (bridges.Enrollment, error) {
	en, ok := g.cfg.Bridge.(bridges.Enroller)
	if !ok {
		return bridges.Enrollment{Self: bridges.UserID(id), Welcome: "You are registered with " + g.info.Name + "."}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, enrollTime)
	defer cancel()
	return en.Enroll(ctx, bridges.Registration{
		Account: id, Fields: fields,
		Taken: func(self bridges.UserID) (bool, error) {
			acc, ok, err := g.store.AccountBySelf(ctx, g.domain, self)
			return ok && acc.ID != id, err
		},
		Released: func(self bridges.UserID) (time.Time, bool, error) {
			if self == now {
				return time.Time{}, true, nil
			}
			return g.store.Released(ctx, g.domain, self, id)
		},
	})
}

// checkFields refuses what is incomplete or does not fit (xeps.md 0077.4).
func (g *Gateway) checkFields(fields map[string]string) error {
	for _, f := range g.info.Fields {
		if err := f.Check(strings.TrimSpace(fields[f.Name])); err != nil {
			return g.registrationError(err)
		}
	}
	return nil
}

func notAcceptable(text string) *stanza.Error {
	return &stanza.Error{Type: "modify", Condition: "not-acceptable", Text: text}
}

// registrationError is the answer to data that the network does not take
// (xeps.md 0100.5). What passes by itself keeps its own condition.
func (g *Gateway) registrationError(err error) error {
	var e *bridges.Error
	if !errors.As(err, &e) {
		return err
	}
	g.log.Info("what a user filled in is refused", "err", err)
	switch e.Kind {
	case bridges.Temporary, bridges.Unknown, bridges.Quota, bridges.Internal, bridges.NotAllowed:
		return g.stanzaError(err)
	}
	return notAcceptable(e.Text)
}

// unenroll removes the registration of the user of t and all that belongs to
// it (xeps.md 0100.15-17). The caller answers first and then sends what it returns.
func (g *Gateway) unenroll(ctx context.Context, t *tx) (rest []*stanza.Out, err error) {
	acc, ok, err := g.accounts.find(ctx, t.account)
	if err != nil {
		return rest, err
	}
	if !ok {
		return rest, errNotRegistered
	}
	x := resting(ctx)
	g.router.quiet(acc.ID)
	err = g.sessions.close(acc.ID)
	x.enter()
	if err != nil {
		g.log.Warn("the session did not close well", "err", err)
	}
	if err := g.giveUpWaiting(ctx, t); err != nil {
		return rest, err
	}
	to := string(acc.ID)
	err = g.store.EachContact(ctx, g.domain, acc.ID, func(c mapping.Contact) error {
		if c.ID != "" {
			from := g.contactJID(c.ID)
			rest = append(rest, farewell(from, from+"/"+resource, to)...)
		}
		return nil
	})
	rest = append(rest, farewell(g.domain, g.domain, to)...)
	t.ends(g, acc)
	t.batch.DeleteAccounts = []mapping.Account{acc}
	t.batch.Settle = append(t.batch.Settle, g.awaiting.forget(acc.ID)...)
	t.forgets(g, acc.ID, acc.Self)
	t.done = append(t.done, func() { g.flights.disown(acc.ID) }, func() { g.selves.forget(acc.ID) }, func() { g.presentLater(acc.ID) })
	t.places(g)
	return rest, err
}

// farewell ends both subscriptions between a JID of ours and a user.
func farewell(from, speaker, to string) []*stanza.Out {
	return []*stanza.Out{
		{Kind: stanza.Presence, Type: "unsubscribe", From: from, To: to},
		{Kind: stanza.Presence, Type: "unsubscribed", From: from, To: to},
		{Kind: stanza.Presence, Type: "unavailable", From: speaker, To: to},
	}
}

// forgets drops an account from the cache around the commit of t.
func (t *tx) forgets(g *Gateway, id bridges.AccountID, selves ...bridges.UserID) {
	f := func() { g.accounts.forget(id, selves...) }
	t.before = append(t.before, f)
	t.after = append(t.after, f)
}
