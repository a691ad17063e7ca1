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
		r := newRig(t, server, peer.Node)
		u := r.registered(t, "alice")
		u.add(contact)
		t.Run("the gateway stops and starts", func(t *testing.T) { restart(t, r, u) })
		t.Run("the SMS centre is away", func(t *testing.T) { centreAway(t, r, u) })
		t.Run("the XMPP server dies", func(t *testing.T) { serverDies(t, r, u) })
	})
}

// restart stops the gateway in order while texts to several phones are on
// their way: each comes out once and in order, or its sender gets an error.
func restart(t *testing.T, r *rig, u *user) {
	const each = 20
	phones := []string{"12025550101", "12025550102", "12025550103"}
	send := func(n int) {
		for _, p := range phones {
			u.Send("+"+p+"@"+domain, fmt.Sprint("g", p, "-", n), fmt.Sprint(n))
		}
	}
	for n := range each {
		send(n)
	}
	first := r.centre.Next("submit")
	r.gateway.stop()
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
	failed := u.Pending(func(e peer.Event) bool { return e.Event == "message" && e.Type == "error" })
	for _, p := range phones {
		var want []string
		for n := range each + 1 {
			bounced := failure(fmt.Sprint("g", p, "-", n))
			if !slices.ContainsFunc(failed, bounced) {
				want = append(want, fmt.Sprint(n))
			}
		}
		if !slices.Equal(got[p], want) {
			t.Errorf("to %s came\n%v, want\n%v", p, got[p], want)
		}
	}
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
