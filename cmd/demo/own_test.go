package main

import (
	"testing"

	"causeway/bridges"
	"causeway/cmd/lab/peer"
)

const theirs = `.chat-msg[data-from^="` + handset + `@"]`

// TestOwn shows who types, and what the user wrote in the network's own program:
// as the user's, where the server allows it (0085.1, 0356.5, 0356.11-12: what a
// person sees of them).
func TestOwn(t *testing.T) {
	n := newNetwork(t, true)
	b := open(t, n.address)
	b.asksToRegister()
	b.see(clientFrame, "converse-roster .roster-group:has(li[data-status=online])", "Friends")
	b.click(clientFrame, "converse-roster li[data-status=online] .list-item-link", "Bob")
	b.see(clientFrame, ".chat-head", "Bob")
	n.deliver(bridges.Message{ID: "n1", Chat: handset, From: handset, Text: "Where are you?"})
	b.see(clientFrame, theirs, "Where are you?")
	n.deliver(bridges.Message{ID: "n2", Chat: handset, From: number, Text: "Nearly there, on my phone"})
	b.see(clientFrame, mine, "Nearly there, on my phone")
	n.gateway.Hint(bridges.Delivery{Account: user + "@" + peer.Domain, Event: bridges.Typing{Chat: handset, From: handset, Composing: true}})
	b.see(clientFrame, ".chat-content__notifications", "Bob is typing")
	b.picture("own", clientFrame, "converse-message-history")
}

// TestOwnMarked has a server without rights: the contact asks, and what the user
// wrote elsewhere is marked (0172.1, 0280.3). Converse.js 14 accepts and does not
// ask in return, so that it never learns that the contact is online.
func TestOwnMarked(t *testing.T) {
	n := newNetwork(t, false)
	b := open(t, n.address)
	b.asksToRegister()
	const asks = "converse-roster li:has(.accept-xmpp-request)"
	b.see(clientFrame, asks, "Bob")
	b.picture("asks", clientFrame, "converse-roster")
	b.hover(asks, "Bob")
	b.click(clientFrame, asks+" .dropdown-toggle", "")
	b.click(clientFrame, asks+" .accept-xmpp-request", "")
	b.click(clientFrame, "converse-accept-contact-request-modal button[type=submit]", "")
	n.deliver(bridges.Message{ID: "n1", Chat: handset, From: number, Text: "Nearly there"})
	b.click(clientFrame, "converse-roster li:not(:has(.accept-xmpp-request)) .list-item-link", handset)
	b.see(clientFrame, theirs, "You, from another device: Nearly there")
}

// asksToRegister does so in the chat.
func (b *browser) asksToRegister() {
	b.t.Helper()
	b.click(clientFrame, "converse-roster li[data-status=online] .list-item-link", "SMS gateway")
	b.enter(clientFrame, ".chat-textarea", "register\r")
	b.see(clientFrame, ".chat-msg", number)
}
