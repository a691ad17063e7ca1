package lab

import (
	"testing"

	"causeway/cmd/lab/peer"
)

// Matrix is a running Synapse of a test.
type Matrix struct {
	*peer.Synapse
	t testing.TB
}

// Synapse starts a Synapse; an empty Dir becomes a temporary one.
func Synapse(t testing.TB, o peer.SynapseOptions) *Matrix {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	s, err := peer.StartSynapse(within(t), o)
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() process { return s.Process })
	return &Matrix{s, t}
}

// Restart starts a Synapse again that was killed or stopped, on the same
// directory and port.
func (m *Matrix) Restart() {
	m.t.Helper()
	if err := m.Synapse.Restart(within(m.t)); err != nil {
		m.t.Fatal(err)
	}
}

// CreateUser makes an account.
func (m *Matrix) CreateUser(localpart string) {
	m.t.Helper()
	if err := m.Synapse.CreateUser(within(m.t), localpart, ""); err != nil {
		m.t.Fatal(err)
	}
}

// MatrixClient is a matrix-nio client of a test that is logged in.
type MatrixClient struct {
	*peer.Nio
	t testing.TB
}

// Nio makes the account of a user and logs it in; nio.py says which manners
// there are.
func Nio(t testing.TB, m *Matrix, localpart string, manners ...string) *MatrixClient {
	t.Helper()
	m.CreateUser(localpart)
	c, err := peer.StartNio(within(t), t.TempDir(), m.Synapse, localpart, manners...)
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() process { return closed{c} })
	return &MatrixClient{c, t}
}

// Do has the client do something and returns the answer; nio.py says what it
// can do.
func (c *MatrixClient) Do(command map[string]any) peer.MatrixAnswer {
	c.t.Helper()
	a, err := c.Nio.Do(within(c.t), command)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

// CreateDM makes a room with one other user, who is invited, and returns its id.
func (c *MatrixClient) CreateDM(user string) string {
	c.t.Helper()
	return c.Do(map[string]any{"do": "create_dm", "user": user}).Room
}

// Join joins a room.
func (c *MatrixClient) Join(room string) {
	c.t.Helper()
	c.Do(map[string]any{"do": "join", "room": room})
}

// Send sends a text message and returns the id of its event.
func (c *MatrixClient) Send(room, body string) string {
	c.t.Helper()
	return c.Do(map[string]any{"do": "send", "room": room, "body": body}).ID
}

// Wait returns the next event that fits and logs those of others before it.
func (c *MatrixClient) Wait(what string, fits func(peer.MatrixEvent) bool) peer.MatrixEvent {
	c.t.Helper()
	e, err := c.Nio.Wait(within(c.t), fits, func(e peer.MatrixEvent) {
		if e.Sender == c.UserID {
			return
		}
		c.t.Logf("while %s waits for %s: %s of %s: %s %s", c.UserID, what, e.Event, e.Sender, e.Type, e.Content)
	})
	if err != nil {
		c.t.Fatalf("no %s: %v", what, err)
	}
	return e
}

// WaitMessage returns the next message of others that has this text; one with
// another text in between is an error.
func (c *MatrixClient) WaitMessage(room, body string) peer.MatrixEvent {
	c.t.Helper()
	e := c.Wait("a message", func(e peer.MatrixEvent) bool {
		return e.Event == "message" && e.Room == room && e.Sender != c.UserID
	})
	if e.Body != body {
		c.t.Fatalf("%s got %q, want %q", c.UserID, e.Body, body)
	}
	return e
}
