package matrix

import (
	"fmt"
	"testing"

	"causeway/bridges"
	"causeway/cmd/lab"
)

// What Synapse has accepted and not yet pushed it has in memory only. Killed, it has
// forgotten it: that is read from the room, when something more is said there, or
// elsewhere.
func TestRealForgotten(t *testing.T) {
	r := onSynapse(t)
	bob, carol := lab.Nio(t, r.Matrix, "bob", "autojoin"), lab.Nio(t, r.Matrix, "carol", "autojoin")
	send(t, r.s, "carol:localhost", "hello")
	elsewhere := joinsRoom(carol, carol.UserID)
	send(t, r.s, "bob:localhost", "hello")
	room := joinsRoom(bob, bob.UserID)
	n := 0
	say := func() {
		bob.Send(room, fmt.Sprint(n))
		n++
	}
	said := func(from int) {
		t.Helper()
		for from < n {
			if m, ok := next(t, r.came).(bridges.Message); ok && m.From == "bob:localhost" {
				if m.Text != fmt.Sprint(from) {
					t.Fatalf("%q came, want %d", m.Text, from)
				}
				from++
			}
		}
	}
	for _, goesOn := range []func(){
		func() { send(t, r.s, "bob:localhost", "still there?") },
		func() { carol.Send(elsewhere, "hello") },
	} {
		say()
		said(n - 1)
		from := n
		r.host.mu.Lock() // the transaction with the first text is not answered: the others wait for it
		for range 5 {
			say()
		}
		r.Kill()
		r.host.mu.Unlock()
		r.Restart()
		goesOn()
		said(from)
	}
}
