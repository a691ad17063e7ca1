package lab

import (
	"testing"

	"causeway/cmd/lab/peer"
)

// Client is a slixmpp client of a test that is logged in.
type Client struct {
	*peer.Client
	t testing.TB
}

// Slixmpp logs user@localhost in at a server.
func Slixmpp(t testing.TB, s *Server, user string) *Client {
	t.Helper()
	return SlixmppAt(t, s, user, "")
}

// SlixmppAt logs user@localhost/resource in at a server; client.py says which
// manners there are.
func SlixmppAt(t testing.TB, s *Server, user, resource string, manners ...string) *Client {
	t.Helper()
	c, err := peer.Slixmpp(within(t), t.TempDir(), s.Server, user, resource, manners...)
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() process { return closed{c} })
	return &Client{c, t}
}

// Do has the client do something; client.py says what it can do.
func (c *Client) Do(command map[string]any) {
	c.t.Helper()
	if err := c.Client.Do(command); err != nil {
		c.t.Fatal(err)
	}
}

// Send sends a chat message that asks for a receipt.
func (c *Client) Send(to, id, body string) {
	c.t.Helper()
	if err := c.Client.Send(to, id, body); err != nil {
		c.t.Fatal(err)
	}
}

// Wait returns the next event that fits and logs those before it.
func (c *Client) Wait(what string, fits func(peer.Event) bool) peer.Event {
	c.t.Helper()
	e, err := c.Client.Wait(within(c.t), fits, func(e peer.Event) {
		c.t.Logf("while waiting for %s: %+v", what, e)
	})
	if err != nil {
		c.t.Fatalf("no %s: %v", what, err)
	}
	return e
}
