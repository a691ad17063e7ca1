package lab_test

import (
	"fmt"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// Two users talk, and what one says while the server is killed, or while the
// other is slow, comes once and in order.
func TestMatrixLosesNothing(t *testing.T) {
	t.Parallel()
	m := lab.Synapse(t, peer.SynapseOptions{})
	alice, bob := lab.Nio(t, m, "alice"), lab.Nio(t, m, "bob", "autojoin")
	room := alice.CreateDM(bob.UserID)
	bob.Wait("an invitation", func(e peer.MatrixEvent) bool {
		return e.Event == "member" && e.Membership == "invite" && e.User == bob.UserID && e.Sender == alice.UserID &&
			e.Room == room && e.IsDirect
	})
	alice.Wait("bob", func(e peer.MatrixEvent) bool {
		return e.Event == "member" && e.Membership == "join" && e.User == bob.UserID
	})
	alice.Send(room, "before")
	bob.WaitMessage(room, "before")
	burst(alice, room, "in a row", 250)
	heard(bob, room, "in a row", 250)

	m.Kill()
	sent := make(chan string)
	go func() {
		defer close(sent)
		a, err := alice.Nio.Do(t.Context(), map[string]any{"do": "send", "room": room, "body": "down", "txn": "1"})
		if err != nil {
			t.Error(err)
		}
		sent <- a.ID
	}()
	m.Restart()
	id := <-sent
	if e := bob.WaitMessage(room, "down"); e.ID != id {
		t.Errorf("the id is %s, want %s", e.ID, id)
	}
	if a := alice.Do(map[string]any{"do": "send", "room": room, "body": "down", "txn": "1"}); a.ID != id {
		t.Errorf("the same transaction is %s after %s", a.ID, id)
	}
	bob.Send(room, "after")
	alice.WaitMessage(room, "after")
	alice.Send(room, "the end")
	bob.WaitMessage(room, "the end")
}

func burst(c *lab.MatrixClient, room, text string, n int) {
	for i := range n {
		c.Send(room, fmt.Sprint(text, i))
	}
}

func heard(c *lab.MatrixClient, room, text string, n int) {
	for i := range n {
		c.WaitMessage(room, fmt.Sprint(text, i))
	}
}
