package main

import (
	"testing"

	"causeway/bridges"
	"causeway/cmd/lab/peer"
)

var theirs = theirsOf(handset)

// theirsOf selects what a contact wrote.
func theirsOf(contact string) string { return `.chat-msg[data-from^="` + contact + `@"]` }

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

// TestOwnMarked has a server without rights: Converse.js takes the network's list
// as a suggestion, who is not on it asks, and what the user wrote elsewhere is
// marked (0144.1, 0172.1, 0280.3). Converse.js 14 accepts and does not ask in
// return, so that it never learns that such a contact is online; and a chat that is
// opened while its first message comes stays empty there, so the message is first.
func TestOwnMarked(t *testing.T) {
	n := newNetwork(t, false)
	b := open(t, n.address)
	b.asksToRegister()
	const asks, other = "converse-roster li:has(.accept-xmpp-request)", "+12025550147"
	b.see(clientFrame, "converse-roster li[data-status=online]", "Bob")
	b.enter(clientFrame, ".chat-textarea", "add "+other+"\r")
	b.see(clientFrame, asks, other)
	b.picture("asks", clientFrame, "converse-roster")
	b.hover(clientFrame, asks, other)
	b.click(clientFrame, asks+" .dropdown-toggle", "")
	b.click(clientFrame, asks+" .accept-xmpp-request", "")
	b.click(clientFrame, "converse-accept-contact-request-modal button[type=submit]", "")
	n.deliver(bridges.Message{ID: "n1", Chat: other, From: number, Text: "Nearly there"})
	b.click(clientFrame, "converse-roster li:not(:has(.accept-xmpp-request)) .list-item-link:has(.msgs-indicator)", other)
	b.see(clientFrame, theirsOf(other), "You, from another device: Nearly there")
}

// asksToRegister does so in the chat.
func (b *browser) asksToRegister() {
	b.t.Helper()
	b.click(clientFrame, "converse-roster li[data-status=online] .list-item-link", "SMS gateway")
	b.enter(clientFrame, ".chat-textarea", "register\r")
	b.see(clientFrame, ".chat-msg", number)
}
