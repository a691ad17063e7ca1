package lab_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// befriend has alice and bob, who takes every invitation, share a room.
func befriend(t *testing.T) (m *lab.Matrix, alice, bob *lab.MatrixClient, room string) {
	t.Helper()
	m = lab.Synapse(t, peer.SynapseOptions{})
	alice, bob = lab.Nio(t, m, "alice"), lab.Nio(t, m, "bob", "autojoin")
	room = alice.CreateDM(bob.UserID)
	bob.Wait("an invitation", func(e peer.MatrixEvent) bool {
		return member("invite", bob.UserID)(e) && e.Sender == alice.UserID && e.Room == room && e.IsDirect
	})
	alice.Wait("bob", member("join", bob.UserID))
	return m, alice, bob, room
}

func member(membership, user string) func(peer.MatrixEvent) bool {
	return func(e peer.MatrixEvent) bool {
		return e.Event == "member" && e.Membership == membership && e.User == user
	}
}

// What one user says while the other is slow, or while the server is killed,
// comes once and in order.
func TestMatrixLosesNothing(t *testing.T) {
	t.Parallel()
	m, alice, bob, room := befriend(t)
	alice.Send(room, "hello")
	bob.WaitMessage(room, "hello")

	const burst = 120 // more than Synapse gives at once
	pause(t, bob)
	for i := range burst {
		alice.Send(room, fmt.Sprint("fast ", i))
	}
	m.Kill()
	resume(t, bob)
	down := map[string]any{"do": "send", "room": room, "body": "down", "txn": "1"}
	var a peer.MatrixAnswer
	sent := make(chan error, 1)
	go func() {
		var err error
		a, err = alice.Nio.Do(t.Context(), down)
		sent <- err
	}()
	m.Restart()
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	for i := range burst {
		bob.WaitMessage(room, fmt.Sprint("fast ", i))
	}
	if e := bob.WaitMessage(room, "down"); e.ID != a.ID {
		t.Errorf("the event is %s, want %s", e.ID, a.ID)
	}
	if again := alice.Do(down); again != a {
		t.Errorf("the same transaction is %v, then %v", a, again)
	}
	alice.Send(room, "the end")
	bob.WaitMessage(room, "the end")
}

func pause(t *testing.T, c *lab.MatrixClient) {
	t.Helper()
	if err := c.Pause(); err != nil {
		t.Fatal(err)
	}
}

func resume(t *testing.T, c *lab.MatrixClient) {
	t.Helper()
	if err := c.Resume(); err != nil {
		t.Fatal(err)
	}
}

// TestMatrixClient tries what a client can do beside talking.
func TestMatrixClient(t *testing.T) {
	t.Parallel()
	_, alice, bob, room := befriend(t)
	signs(t, alice, bob, room)
	raw(t, alice, bob, room)
	picture(t, alice, bob)
	_, err := alice.Nio.Do(t.Context(), map[string]any{"do": "join", "room": "!none"})
	if err == nil || !strings.Contains(err.Error(), "join: M_") {
		t.Errorf("the error is %v", err)
	}
	bob.Do(map[string]any{"do": "leave", "room": room})
	alice.Wait("a leave", member("leave", bob.UserID))
	alice.Do(map[string]any{"do": "invite", "room": room, "user": bob.UserID})
	alice.Wait("bob again", member("join", bob.UserID))
}

// signs are typing and read marks.
func signs(t *testing.T, alice, bob *lab.MatrixClient, room string) {
	id := alice.Send(room, "read me")
	bob.WaitMessage(room, "read me")
	for _, users := range [][]string{{bob.UserID}, {}} {
		bob.Do(map[string]any{"do": "typing", "room": room, "on": len(users) > 0})
		e := alice.Wait("typing", func(e peer.MatrixEvent) bool { return e.Event == "typing" && e.Room == room })
		if fmt.Sprint(e.Users) != fmt.Sprint(users) {
			t.Errorf("%v are typing, want %v", e.Users, users)
		}
	}
	bob.Do(map[string]any{"do": "read", "room": room, "id": id})
	e := alice.Wait("a receipt", func(e peer.MatrixEvent) bool { return e.Event == "receipt" })
	if e.Room != room || e.ID != id || e.Type != "m.read" || e.User != bob.UserID {
		t.Errorf("the receipt is %+v", e)
	}
}

// raw sends what has no command of its own.
func raw(t *testing.T, alice, bob *lab.MatrixClient, room string) {
	id := alice.Do(map[string]any{
		"do": "send_raw", "room": room, "type": "org.example.test", "content": map[string]any{"a": []int{1}},
	}).ID
	e := bob.Wait("an event", func(e peer.MatrixEvent) bool { return e.ID == id })
	if e.Event != "other" || e.Type != "org.example.test" || string(e.Content) != `{"a": [1]}` || e.StateKey != nil {
		t.Errorf("the event is %+v", e)
	}
	alice.Do(map[string]any{"do": "redact", "room": room, "id": id})
	e = bob.Wait("a redaction", func(e peer.MatrixEvent) bool { return e.Event == "redaction" })
	if e.Redacts != id {
		t.Errorf("redacted is %q, want %q", e.Redacts, id)
	}
}

// picture changes name and picture; the room's other member sees both.
func picture(t *testing.T, alice, bob *lab.MatrixClient) {
	file := filepath.Join(t.TempDir(), "dot.png")
	if err := os.WriteFile(file, []byte("\x89PNG\r\n\x1a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	bob.Do(map[string]any{"do": "name", "name": "Bob B."})
	url := bob.Do(map[string]any{"do": "avatar", "file": file, "type": "image/png"}).URL
	if !strings.HasPrefix(url, "mxc://localhost/") {
		t.Errorf("the picture is at %q", url)
	}
	alice.Wait("name and picture", func(e peer.MatrixEvent) bool {
		return e.Event == "member" && e.User == bob.UserID &&
			strings.Contains(string(e.Content), `"displayname": "Bob B."`) && strings.Contains(string(e.Content), url)
	})
}
