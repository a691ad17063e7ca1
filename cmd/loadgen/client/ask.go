package client

import (
	"context"
	"fmt"
	"time"

	"causeway/cmd/loadgen/wire"
)

// Ask sends an IQ and returns the whole answer, result or error. It throws away
// what else comes meanwhile, so it is for the time before Read is in use. It
// blocks until the answer is there or ctx ends.
func (c *Client) Ask(ctx context.Context, to, kind, payload string) (string, error) {
	defer context.AfterFunc(ctx, func() { c.conn.SetReadDeadline(time.Unix(1, 0)) })()
	id := fmt.Sprintf("ask-%d", time.Now().UnixNano())
	if err := c.Send("<iq type='%s' to='%s' id='%s'>%s</iq>", kind, wire.Escape(to), id, payload); err != nil {
		return "", err
	}
	for {
		raw, h, err := c.Read()
		if err != nil {
			return "", fmt.Errorf("client: wait for the answer of %s: %w", to, err)
		}
		if string(h.Name) == "iq" && string(h.ID) == id {
			return string(raw), nil
		}
		c.Courtesy(raw, h)
	}
}

// Courtesy answers what any client answers without thinking: requests by an
// error, subscriptions by consent. It tells whether raw was such a thing.
func (c *Client) Courtesy(raw []byte, h wire.Head) bool {
	switch kind := string(h.Type); {
	case string(h.Name) == "presence" && kind == "subscribe":
		c.Send("<presence to='%s' type='subscribed'/>", h.From)
	case string(h.Name) == "iq" && kind == "set" && wire.Child(raw, "query") != nil && len(h.From) == 0:
		c.Send("<iq type='result' id='%s'/>", h.ID) // a roster push
	case string(h.Name) == "iq" && (kind == "get" || kind == "set"):
		to := ""
		if len(h.From) > 0 {
			to = fmt.Sprintf(" to='%s'", h.From)
		}
		c.Send("<iq type='error' id='%s'%s><error type='cancel'>"+
			"<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>", h.ID, to)
	default:
		return false
	}
	return true
}
