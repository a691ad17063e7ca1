package main_test

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

const (
	domain  = "sms.localhost"
	contact = "+12025550100@" + domain
	phone   = "12025550100" // as an SMS centre writes it
)

// rig is a gateway between an XMPP server and an SMS centre.
type rig struct {
	t       *testing.T
	server  *lab.Server
	centre  *lab.Centre
	gateway *gateway
}

// newRig starts all three.
func newRig(t *testing.T, server string, centre peer.Interpreter, users ...string) *rig {
	t.Helper()
	return newRigWith(t, server, centre, peer.Options{Users: users})
}

// newRigWith is newRig with a server of its own kind.
func newRigWith(t *testing.T, server string, centre peer.Interpreter, o peer.Options) *rig {
	t.Helper()
	r := &rig{t: t, server: lab.Servers[server](t, o), centre: lab.StartCentre(t, centre, peer.Secret)}
	r.gateway = newGateway(t, settings{Server: r.server.Component, Centre: r.centre.Address})
	r.gateway.start()
	return r
}

// user is a client whose user is registered, and the number that it got.
type user struct {
	*lab.Client
	t      testing.TB
	number string // as an SMS centre writes it
}

// login logs a user in who may be registered or not.
func (r *rig) login(t testing.TB, name string) *user {
	t.Helper()
	return &user{Client: lab.Slixmpp(t, r.server, name), t: t}
}

// registered logs a user in and registers it.
func (r *rig) registered(t testing.TB, name string) *user {
	t.Helper()
	u := r.login(t, name)
	u.Do(map[string]any{"do": "register", "to": domain})
	u.welcomed()
	return u
}

var e164 = regexp.MustCompile(`\+(1202555\d{4})`)

func welcome(e peer.Event) bool {
	return e.Event == "message" && e.From == domain && e164.MatchString(e.Body)
}

// welcomed waits for the welcome and takes the number from it.
func (u *user) welcomed() {
	u.t.Helper()
	e := u.Wait("the welcome", welcome)
	u.number = e164.FindStringSubmatch(e.Body)[1]
}

// until returns what comes up to and with the event that fits.
func (u *user) until(what string, fits func(peer.Event) bool) []peer.Event {
	u.t.Helper()
	var all []peer.Event
	ctx, cancel := context.WithTimeout(u.t.Context(), patience)
	defer cancel()
	e, err := u.Client.Client.Wait(ctx, fits, func(e peer.Event) { all = append(all, e) })
	if err != nil {
		u.t.Fatalf("no %s: %v\nbut %+v", what, err, all)
	}
	return append(all, e)
}

// gather waits until something has come that fits each of these, in any order,
// and returns all that came.
func (u *user) gather(wanted map[string]func(peer.Event) bool) []peer.Event {
	u.t.Helper()
	return u.until(fmt.Sprint("one of ", slices.Collect(maps.Keys(wanted))), func(e peer.Event) bool {
		maps.DeleteFunc(wanted, func(_ string, fits func(peer.Event) bool) bool { return fits(e) })
		return len(wanted) == 0
	})
}

// add subscribes to a contact and waits for its consent.
func (u *user) add(jid string) {
	u.t.Helper()
	u.Do(map[string]any{"do": "presence", "to": jid, "type": "subscribe"})
	u.Wait("consent", presence(jid, "subscribed"))
}

// barrier has a text come from a phone and returns the events before it: what
// the gateway did because of all that the centre had sent before is among them.
func (r *rig) barrier(u *user, from string) []peer.Event {
	u.t.Helper()
	const text = "barrier"
	if status := r.centre.Text(from, u.number, text); status != 0 {
		u.t.Fatalf("the client answers %#x", status)
	}
	return u.until(text, message("+"+from+"@"+domain, text))
}

// of tells whether an event is from a JID, whatever its resource.
func of(e peer.Event, jid string) bool {
	bare, _, _ := strings.Cut(e.From, "/")
	return bare == jid
}

func message(from, body string) func(peer.Event) bool {
	return func(e peer.Event) bool {
		return e.Event == "message" && e.Body == body && e.Type != "error" && of(e, from)
	}
}

func receipt(id string) func(peer.Event) bool {
	return func(e peer.Event) bool { return e.Event == "message" && e.Receipt == id }
}

func failure(id string) func(peer.Event) bool {
	return func(e peer.Event) bool { return e.Event == "message" && e.Type == "error" && e.ID == id }
}

func presence(from, kind string) func(peer.Event) bool {
	return func(e peer.Event) bool { return e.Event == "presence" && e.Type == kind && of(e, from) }
}

func answer(e peer.Event) bool { return e.Event == "iq" }

// none checks that no event fits.
func none(t testing.TB, what string, events []peer.Event, fits func(peer.Event) bool) {
	t.Helper()
	for _, e := range events {
		if fits(e) {
			t.Errorf("%s came: %+v", what, e)
		}
	}
}

// each runs a test with every server and one centre each.
func each(t *testing.T, f func(t *testing.T, server string)) {
	for server := range lab.Servers {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			f(t, server)
		})
	}
}
