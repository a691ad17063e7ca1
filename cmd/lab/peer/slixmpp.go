package peer

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

//go:embed client.py
var clientScript []byte

// python is Debian's own: another one on the PATH does not see its packages.
const python = "/usr/bin/python3"

// Event is what a client saw. Fields that do not belong to it are empty.
type Event struct {
	Event      string     `json:"event"` // ready, message, other, presence, push, iq, features, failed, ended
	From       string     `json:"from"`
	Type       string     `json:"type"`
	ID         string     `json:"id"`
	Body       string     `json:"body"`
	Status     string     `json:"status"`    // of presence or a command
	Session    string     `json:"session"`   // of a command
	Receipt    string     `json:"receipt"`   // the id that a receipt confirms (XEP-0184)
	Condition  string     `json:"condition"` // of an error
	Text       string     `json:"text"`      // of an error
	XML        string     `json:"xml"`       // of the whole stanza
	Registered bool       `json:"registered"`
	Features   []string   `json:"features"`
	Identities [][]string `json:"identities"` // category, type
	Roster     []string   `json:"roster"`     // JIDs, with ready
	Items      []Item     `json:"items"`      // of a roster push
}

// Item is a contact in a roster push.
type Item struct {
	JID          string   `json:"jid"`
	Name         string   `json:"name"`
	Groups       []string `json:"groups"`
	Subscription string   `json:"subscription"`
	Ask          string   `json:"ask"`
}

func (e Event) failure() (string, bool) { return e.Text, e.Event == "failed" }

// Client is a slixmpp client that is logged in.
type Client struct {
	*Lines
	Roster []string // JIDs at log-in

	events chan Event
	ended  chan struct{}
}

// Slixmpp logs in at a server as user@localhost/resource, asks for the roster
// and sends presence. dir takes its script and log, manners are more arguments
// of client.py. The caller owes Close.
func Slixmpp(ctx context.Context, dir string, s *Server, user, resource string, manners ...string) (*Client, error) {
	if _, err := findFile(slixmppFile); err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(s.C2S)
	if err != nil {
		return nil, err
	}
	script := filepath.Join(dir, "client.py")
	if err := os.WriteFile(script, clientScript, 0o600); err != nil {
		return nil, err
	}
	jid := user + "@" + Domain
	if resource != "" {
		jid += "/" + resource
	}
	l, err := StartLines(ctx, Spec{
		Name: "slixmpp " + user, Path: python, Args: append([]string{script, jid, Secret, port}, manners...),
		Log: filepath.Join(dir, "client-"+user+resource+".log"),
	})
	if err != nil {
		return nil, err
	}
	c := &Client{Lines: l, events: make(chan Event, 1024), ended: make(chan struct{})}
	go c.decode()
	e, err := c.Wait(ctx, func(e Event) bool { return e.Event == "ready" }, nil)
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("log-in of %s: %w", jid, err)
	}
	c.Roster = e.Roster
	return c, nil
}

func (c *Client) decode() {
	defer close(c.ended)
	defer close(c.events)
	for line := range c.Said() {
		var e Event
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		select {
		case c.events <- e:
		case <-c.gone:
			return
		}
	}
}

// Close ends the client.
func (c *Client) Close() error {
	err := c.Stop()
	<-c.ended
	return err
}

// Do has the client do something; client.py says what it can do.
func (c *Client) Do(command map[string]any) error { return c.Tell(command) }

// Send sends a chat message, asking for a receipt.
func (c *Client) Send(to, id, body string) error {
	return c.Do(map[string]any{"do": "send", "to": to, "id": id, "body": body, "receipt": true})
}

// Wait returns the next event that fits, at the latest when ctx ends. Those
// before it are given to skip, unless that is nil.
func (c *Client) Wait(ctx context.Context, fits func(Event) bool, skip func(Event)) (Event, error) {
	return await(ctx, c.Lines, c.events, fits, skip)
}
