package main_test

import (
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

const (
	nodeOff = "urn:causeway:admin#off"
	nodeOn  = "urn:causeway:admin#on"
	offNow  = "This gateway is turned off for now: the centre moves"
)

// TestTurnedOff has carol turn the gateway off, which a killed worker and a
// restart leave so, and on again (xeps.md 0133.1, .3). What alice was sent
// meanwhile she then gets, and a report that came then, too.
func TestTurnedOff(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		r := &rig{t: t, server: lab.Servers[server](t, peer.Options{}), centre: lab.StartCentre(t, peer.Node, peer.Secret)}
		r.gateway = newGateway(t, settings{
			Server: r.server.Component, Centre: r.centre.Address, Extra: "admins: [carol@localhost]\n",
		})
		r.gateway.start()
		alice, carol := r.settled(t, "alice"), r.login(t, "carol")
		alice.befriend(contact)
		alice.Send(contact, "before", "before")
		before := r.centre.Next("submit")
		if e := alice.administers(nodeOff, "", ""); e.Condition != "forbidden" {
			t.Errorf("0133.3: %+v", e)
		}
		if e := carol.administers(nodeOff, "reason", "the centre moves"); !strings.Contains(e.XML, offNow) {
			t.Errorf("0133.1: %s", e.XML)
		}
		alice.sees("unavailable", offNow)
		r.refuses(alice, "first")
		r.accepts(alice, "one")
		if status := r.centre.Report(before, true); status != 0 {
			t.Errorf("the report is answered with %#x", status)
		}
		r.gateway.outcome(0, []string{domain + ", turned off by an administrator: " + offNow}, "status")

		worker := r.gateway.wholeStatus().PID
		killProcess(t, worker)
		r.gateway.nextWorker(worker)
		r.refuses(alice, "after a kill")
		r.accepts(alice, "two")
		r.gateway.stop()
		r.gateway.start()
		r.refuses(alice, "after a restart")
		r.accepts(alice, "three")
		if off, s := r.gateway.metric("causeway_gateway_off", ""), r.gateway.status(); off != 1 || s.Off != offNow {
			t.Errorf("the metric is %d, the status %+v", off, s)
		}
		if e := carol.administers(nodeOn, "", ""); !strings.Contains(e.XML, "on again") {
			t.Errorf("0133.1: %s", e.XML)
		}
		r.isBack(alice)
	})
}

// sees wants the gateway and the contact to have that presence.
func (u *user) sees(kind, status string) {
	u.t.Helper()
	wanted := map[string]func(peer.Event) bool{}
	for _, jid := range []string{domain, contact} {
		wanted[jid] = func(e peer.Event) bool { return presence(jid, kind)(e) && e.Status == status }
	}
	u.gather(wanted)
}

// refuses wants a text of the user to come back with the reason.
func (r *rig) refuses(u *user, text string) {
	r.t.Helper()
	u.Send(contact, text, text)
	if e := u.Wait("the refusal", failure(text)); e.Condition != "service-unavailable" || e.Text != offNow {
		r.t.Errorf("%+v", e)
	}
}

// accepts has a text come from the phone, which the centre is done with.
func (r *rig) accepts(u *user, text string) {
	r.t.Helper()
	if status := r.centre.Text(phone, u.number, text); status != 0 {
		r.t.Errorf("the text is answered with %#x", status)
	}
}

// isBack wants all that has waited, in its order and once, and texts to go again.
func (r *rig) isBack(u *user) {
	r.t.Helper()
	var got []string
	for _, e := range r.barrier(u, phone) {
		switch {
		case e.Event == "message" && e.Type != "error" && of(e, contact) && e.Body != "":
			got = append(got, e.Body)
		case e.Event == "message" && e.Receipt == "before":
			got = append(got, "receipt")
		}
	}
	if want := "one receipt two three barrier"; strings.Join(got, " ") != want {
		r.t.Errorf("alice got %v, want %s", got, want)
	}
	r.textsBothWays(u, "again")
	r.centre.None()
	if off := r.gateway.metric("causeway_gateway_off", ""); off != 0 {
		r.t.Errorf("the metric is %d", off)
	}
}
