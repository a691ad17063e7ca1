package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// nsAdmin is the form of XEP-0133 (1.3.1), and what its nodes begin with.
const nsAdmin = "http://jabber.org/protocol/admin"

// shownLines bounds an answer to an administrator.
const shownLines = 200

// adminTable lists what Config.Admins may do, and nobody else sees (xeps.md
// 0133.1).
var adminTable = []*function{
	{node: nsAdmin + "#get-registered-users-num", name: "Number of users", who: forAdmins, run: runCount},
	{node: nsAdmin + "#get-registered-users-list", name: "Users", who: forAdmins, run: runList},
	{node: nsAdmin + "#user-stats", name: "State of a user", who: forAdmins, run: answering(askUser, runStats)},
	{node: nsAdmin + "#end-user-session", name: "End a user's connection", who: forAdmins, run: answering(askUsers, runDisconnect)},
	{node: nsAdmin + "#delete-user", name: "Unregister a user", who: forAdmins, run: answering(askUsers, runDelete)},
	{node: nsAdmin + "#announce", name: "Write to all users", who: forAdmins, run: runAnnounce},
	{node: "urn:causeway:admin#quarantine", name: "What was put away", who: forAdmins, run: answering(nil, runQuarantine)},
}

// answering makes a function of one that asks once, or not at all (nil), and answers
// in words.
func answering(ask func(g *Gateway) *bridges.Ask, run func(ctx context.Context, g *Gateway, t *tx, fields map[string]string) (string, error)) func(context.Context, *Gateway, *tx, filled) (result, error) {
	return func(ctx context.Context, g *Gateway, t *tx, in filled) (result, error) {
		if ask != nil && len(in) == 0 {
			return result{ask: ask(g)}, nil
		}
		text, err := run(ctx, g, t, in.all())
		return result{text: text}, err
	}
}

// administers tells whether an account is an administrator's: by its bare JID
// in the configuration, and nothing else (xeps.md 0133.5).
func (g *Gateway) administers(id bridges.AccountID) bool {
	return slices.ContainsFunc(g.cfg.Admins, func(a string) bool { return strings.EqualFold(a, string(id)) })
}

// The fields as XEP-0133 names them, in each command as it has them.
const (
	userField     = "accountjid"
	usersField    = "accountjids"
	announceField = "announcement"
)

// inEitherName adds an account that stands in the field which another command
// would have: people mix them up.
func inEitherName(values map[string]string) map[string]string {
	for name, other := range map[string]string{userField: usersField, usersField: userField} {
		if _, given := values[name]; !given && values[other] != "" {
			values[name] = values[other]
		}
	}
	return values
}

func askUser(g *Gateway) *bridges.Ask {
	return &bridges.Ask{
		Title:  "A user of " + g.info.Name,
		Fields: []bridges.Field{{Name: userField, Label: "The user's address", Required: true, Kind: bridges.JID}},
	}
}

func askUsers(g *Gateway) *bridges.Ask {
	return &bridges.Ask{
		Title:  "Users of " + g.info.Name,
		Fields: []bridges.Field{{Name: usersField, Label: "The users' addresses", Required: true, Kind: bridges.JIDs}},
	}
}

func askAnnouncement(g *Gateway) *bridges.Ask {
	return &bridges.Ask{
		Title:  "To all users of " + g.info.Name,
		Fields: []bridges.Field{{Name: announceField, Label: "What to write", Required: true, Kind: bridges.Lines}},
	}
}

// describe is one line on a user.
func (g *Gateway) describe(a mapping.Account, online bool) string {
	state := "offline"
	if online {
		state = "online"
	}
	return fmt.Sprintf("%s: %s, %s, %s", a.ID, g.spell(a.Self), state, plural(g.router.waitingOf(a.ID), "message waits", "messages wait"))
}

// runStats says how much the journal has of a user as well.
func runStats(ctx context.Context, g *Gateway, _ *tx, fields map[string]string) (string, error) {
	a, err := g.userAt(ctx, fields[userField])
	if err != nil {
		return "", err
	}
	parked := 0
	err = g.store.Backlogs(ctx, g.domain, func(id bridges.AccountID, _ string, n int) error {
		if id == a.ID {
			parked += n
		}
		return nil
	})
	return fmt.Sprintf("%s; %d of them, and of what comes for this user, on disk only; registered since %s.",
		g.describe(a, g.people.isOnline(a.ID)), parked, a.Created.UTC().Format(time.DateTime)), err
}

// userAt finds the user whom an administrator named.
func (g *Gateway) userAt(ctx context.Context, address string) (mapping.Account, error) {
	id := accountOf(strings.ToLower(strings.TrimSpace(address)))
	a, ok, err := g.accounts.find(ctx, id)
	if err == nil && !ok {
		err = notAcceptable("No user of this address is registered: " + string(id) + ".")
	}
	return a, err
}

// runQuarantine lists what could not be handled, the newest last, without what
// is in it.
func runQuarantine(ctx context.Context, g *Gateway, _ *tx, _ map[string]string) (string, error) {
	var list lines
	err := g.store.Quarantined(ctx, func(q mapping.Quarantined) error {
		if q.Bridge == g.domain {
			list.add(func() string {
				from, to := Parties(q)
				return fmt.Sprintf("%s: from %s to %s: %s", q.At.UTC().Format(time.DateTime), from, to, q.Reason)
			})
		}
		return nil
	})
	return list.text("Nothing was put away."), err
}

// lines is an answer that stays within shownLines.
type lines struct {
	all  []string
	more int
}

func (l *lines) add(line func() string) {
	if len(l.all) == shownLines {
		l.more++
		return
	}
	l.all = append(l.all, line())
}

func (l *lines) text(none string) string {
	switch {
	case len(l.all) == 0:
		return none
	case l.more > 0:
		return strings.Join(l.all, "\n") + fmt.Sprintf("\nand %d more", l.more)
	}
	return strings.Join(l.all, "\n")
}
