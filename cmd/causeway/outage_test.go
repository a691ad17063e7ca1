package main_test

import (
	"fmt"
	"slices"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// TestOutages takes each neighbour and the gateway itself away and brings it
// back, one after the other.
func TestOutages(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		r, wire := newWitnessed(t, server)
		u := r.registered(t, "alice")
		u.add(contact)
		t.Run("the gateway stops and starts", func(t *testing.T) { restart(t, r, u, wire) })
		t.Run("the SMS centre is away", func(t *testing.T) { centreAway(t, r, u) })
		t.Run("the XMPP server dies", func(t *testing.T) { serverDies(t, r, u) })
	})
}

// newWitnessed is a rig with somebody who sees what server and gateway say.
func newWitnessed(t *testing.T, server string) (*rig, *witness) {
	t.Helper()
	r := &rig{t: t, server: lab.Servers[server](t, peer.Options{}), centre: lab.StartCentre(t, peer.Node, peer.Secret)}
	wire, s := newWitness(), settings{Server: r.server.Component, Centre: r.centre.Address}
	between(t, &s.Server, wire.see)
	r.gateway = newGateway(t, s)
	r.gateway.start()
	return r, wire
}

// restart stops the gateway in order while texts to several phones are on
// their way. What the server has handed over until the end of the stream comes
// out once and in order; the sender gets an error for the rest.
func restart(t *testing.T, r *rig, u *user, wire *witness) {
	const each = 20
	phones := []string{"12025550101", "12025550102", "12025550103"}
	id := func(phone string, n int) string { return fmt.Sprint("g", phone, "-", n) }
	var sent []string
	send := func(n int) {
		for _, p := range phones {
			u.Send("+"+p+"@"+domain, id(p, n), fmt.Sprint(n))
			sent = append(sent, id(p, n))
		}
	}
	for n := range each {
		send(n)
	}
	first := r.centre.Next("submit")
	r.gateway.stop()
	handed := wire.came(1)
	u.returned(t, r.server.Kind, sent, handed)
	r.gateway.start()
	send(each) // what comes last to each phone
	got := map[string][]string{first.To: {first.Text}}
	for left := len(phones); left > 0; {
		s := r.centre.Next("submit")
		got[s.To] = append(got[s.To], s.Text)
		if s.Text == fmt.Sprint(each) {
			left--
		}
	}
	for _, p := range phones {
		var want []string
		for n := range each + 1 {
			if n == each || slices.Contains(handed, id(p, n)) {
				want = append(want, fmt.Sprint(n))
			}
		}
		if !slices.Equal(got[p], want) {
			t.Errorf("to %s came\n%v, want\n%v", p, got[p], want)
		}
	}
}

// returned checks that of these texts those come back that were not handed to
// the gateway, which is away. Between the last one and the first one ejabberd
// may drop some: those that it routes while it ends the stream.
func (u *user) returned(t *testing.T, server string, sent, handed []string) {
	t.Helper()
	u.Send("+12025550104@"+domain, "last", "nobody takes it") // it returns behind the others
	var failed []string
	for _, e := range u.until("the last one's error", failure("last")) {
		if e.Event == "message" && e.Type == "error" {
			failed = append(failed, e.ID)
		}
	}
	failed = slices.Compact(failed) // the client tells of an error that has a body twice
	dropped := slices.Clone(sent)
	dropped = slices.DeleteFunc(dropped, func(id string) bool { return slices.Contains(handed, id) || slices.Contains(failed, id) })
	if server != "ejabberd" && len(dropped) > 0 {
		t.Errorf("%s drops %v", server, dropped)
	}
	want := slices.DeleteFunc(slices.Clone(sent), func(id string) bool { return slices.Contains(handed, id) })
	want = append(want[len(dropped):], "last")
	if !slices.Equal(failed, want) {
		t.Errorf("handed over were %v, returned\n%v, want\n%v", handed, failed, want)
	}
	t.Logf("of %d texts %d were returned, %d dropped by the server", len(sent), len(failed)-1, len(dropped))
}

// centreAway: what is sent meanwhile is kept, and delivered in order.
func centreAway(t *testing.T, r *rig, u *user) {
	if err := r.centre.Stop(); err != nil {
		t.Fatal(err)
	}
	r.gateway.awaitDown("network")
	if status, out := r.gateway.command("status"); status != 1 {
		t.Errorf("status exits with %d: %s", status, out)
	}
	for n := range 5 {
		u.Send(contact, fmt.Sprint("c", n), fmt.Sprint("kept ", n))
	}
	lab.Await(t, "five texts are kept", func() bool { return r.gateway.status().Unsettled == 5 })
	r.centre.Restart(peer.Secret)
	for n := range 5 {
		s := r.centre.Next("submit")
		if s.Text != fmt.Sprint("kept ", n) {
			t.Errorf("text %d is %q", n, s.Text)
		}
		r.centre.Report(s, true)
		u.Wait("its receipt", receipt(fmt.Sprint("c", n)))
	}
	lab.Await(t, "ready", func() bool { return r.gateway.ready() == nil })
}

// serverDies: the gateway keeps what comes for the user, and connects again.
func serverDies(t *testing.T, r *rig, u *user) {
	r.server.Kill()
	r.gateway.awaitDown("XMPP server")
	if status := r.centre.Text(phone, u.number, "while you were away"); status != 0 {
		t.Errorf("the text is answered by %#x", status)
	}
	r.server.Restart()
	lab.Await(t, "ready", func() bool { return r.gateway.ready() == nil })
	back := r.login(t, "alice")
	back.number = u.number
	back.Wait("the text", message(contact, "while you were away"))
	back.Send(contact, "s1", "I am back")
	sent := r.centre.Next("submit")
	if sent.Text != "I am back" {
		t.Errorf("the centre got %+v", sent)
	}
	r.centre.Report(sent, true)
	back.Wait("the receipt", receipt("s1"))
}
