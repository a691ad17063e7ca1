package smpp

import "causeway/bridges/takeover"

// point is a place between two steps at which a death is tried out.
type point string

// The points. Each is reached after what its name says.
const (
	pointPeeked      point = "peeked"      // octets were seen
	pointNoted       point = "noted"       // they are in the note
	pointConsumed    point = "consumed"    // the kernel has dropped them
	pointHandled     point = "handled"     // their PDUs were handled
	pointDelivered   point = "delivered"   // the handler has messages
	pointAnswered    point = "answered"    // our answers to them are queued
	pointWriting     point = "writing"     // a batch is in the note
	pointHalfWritten point = "halfwritten" // the kernel has a part of it
	pointWritten     point = "written"     // the kernel has all of it
	pointSlot        point = "slot"        // a submit is in the note
	pointQueued      point = "queued"      // it is queued
	pointResponse    point = "response"    // its answer is in the note
	pointReturned    point = "returned"    // Submit is about to return
)

// at passes a point.
func (c *Client) at(p point) {
	if c.step != nil {
		c.step(p)
	}
	takeover.Step("smpp", string(p))
}

// halves tells whether batches are written in two parts, for pointHalfWritten.
func (c *Client) halves() bool { return c.step != nil || takeover.Faulty }
