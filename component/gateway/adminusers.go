package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
)

// errUserBusy is the answer to an administrator whose order about a user could
// not be carried out in time.
var errUserBusy = &stanza.Error{
	Type: "wait", Condition: "remote-server-timeout",
	Text: "Too much is under way for this user now. Please try again later.",
}

// usersAtOnce bounds how many users an order is about: one may take a while.
const usersAtOnce = 20

const (
	dismissedText    = "An administrator has ended your registration. Your data is deleted."
	disconnectedText = "The connection is closed. The next message opens it again."
)

// runDisconnect ends the sessions of users with the network, after what is under way.
func runDisconnect(ctx context.Context, g *Gateway, _ *tx, fields map[string]string) (string, error) {
	return g.eachUser(ctx, fields, func(a mapping.Account) (string, error) {
		defer resting(ctx).enter()
		if err := g.sessions.close(a.ID); err != nil {
			g.log.Warn("the session did not close well", "err", err)
		}
		return string(a.ID) + ": " + disconnectedText, nil
	})
}

// eachUser does something with each of the users whom an administrator named, or
// with none if one of them is not there. A failure ends it and says what is done.
func (g *Gateway) eachUser(ctx context.Context, fields map[string]string, do func(a mapping.Account) (string, error)) (string, error) {
	var users []mapping.Account
	for line := range strings.Lines(fields[usersField]) {
		a, err := g.userAt(ctx, line)
		if err != nil {
			return "", err
		}
		users = append(users, a)
	}
	if len(users) > usersAtOnce {
		return "", notAcceptable(fmt.Sprintf("At most %d users at once.", usersAtOnce))
	}
	var done []string
	for _, a := range users {
		text, err := do(a)
		var e *stanza.Error
		if errors.As(err, &e) {
			failed := *e
			failed.Text = strings.Join(append(done, string(a.ID)+": "+e.Text), "\n")
			return "", &failed
		}
		if err != nil {
			return "", err
		}
		done = append(done, text)
	}
	return strings.Join(done, "\n"), nil
}

// runDelete unregisters other users.
func runDelete(ctx context.Context, g *Gateway, t *tx, fields map[string]string) (string, error) {
	return g.eachUser(ctx, fields, func(a mapping.Account) (string, error) { return g.deleteUser(ctx, t, a) })
}

// deleteUser unregisters a user in that user's lane: nothing else of the user is
// under way meanwhile.
func (g *Gateway) deleteUser(ctx context.Context, t *tx, a mapping.Account) (string, error) {
	if a.ID == t.account {
		return "", notAcceptable("This is you: use the command to unregister yourself.")
	}
	if err := g.inLaneOf(ctx, a.ID, func(ctx context.Context) error { return g.dismiss(ctx, a.ID) }); err != nil {
		return "", err
	}
	g.log.Info("an administrator has unregistered a user", "admin", t.account, "user", a.ID)
	return string(a.ID) + " is no longer registered.", nil
}

// dismiss unregisters a user who has not asked for it, and says so.
func (g *Gateway) dismiss(ctx context.Context, id bridges.AccountID) error {
	t := g.begin(id, mapping.Key{})
	rest, err := g.unenroll(ctx, t)
	if err != nil {
		return err
	}
	t.send(g.ownMessage(string(id), dismissedText))
	t.outs = append(t.outs, rest...)
	return g.commit(ctx, t)
}

// inLaneOf runs f as a step of another user, and waits for it: twice as long as
// one who leaves waits for what is under way, at most.
func (g *Gateway) inLaneOf(ctx context.Context, id bridges.AccountID, f func(ctx context.Context) error) error {
	done, err := make(chan struct{}), error(errInternal)
	st := step{run: func(ctx context.Context) {
		defer close(done)
		err = f(ctx)
	}}
	if !g.enqueueControl(id, false, st) {
		return errUserBusy
	}
	ctx, cancel := context.WithTimeout(ctx, 2*quietTime)
	defer cancel()
	if !until(ctx, done) {
		return errUserBusy
	}
	return err
}

// runAnnounce writes to each user once (xeps.md 0133.4): all the messages and
// the end of the order are one commit.
func runAnnounce(ctx context.Context, g *Gateway, _ *tx, in filled) (r result, err error) {
	if len(in) == 0 {
		return result{ask: askAnnouncement(g)}, nil
	}
	text := in.all()[announceField]
	err = g.store.EachAccount(ctx, g.domain, func(a mapping.Account) error {
		if g.admits(a.ID) {
			r.rest = append(r.rest, g.ownMessage(string(a.ID), text))
		}
		return nil
	})
	r.text = "Written to " + plural(len(r.rest), "user", "users") + "."
	return r, err
}
