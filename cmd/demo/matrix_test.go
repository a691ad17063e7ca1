package main

import "testing"

// Addresses as they stand in selectors, and what others wrote on the Matrix page.
const (
	robin    = `robin\\3alocalhost`
	sam      = `sam\\3alocalhost`
	received = ".message.received"
)

// TestMatrix is what a user does with the demo of Matrix: both sides begin a chat
// (xeps.md 0085.1-4, 0333.2-3: what a person sees of them).
func TestMatrix(t *testing.T) {
	b := open(t, makeRun(t, "sms,matrix").address)
	b.shows("matrix")
	b.registersWithMatrix()
	b.writesToRobin()
	b.settled()
	b.wholePicture("matrix")
	b.hearsFromSam()
	b.wholePicture("matrix-begins")
}

// registersWithMatrix is asked nothing.
func (b *browser) registersWithMatrix() {
	b.t.Helper()
	b.opens("Matrix gateway")
	b.enter(clientFrame, ".chat-textarea", "register\r")
	b.see(clientFrame, ".chat-msg", ghost)
	b.see(matrixFrame, "#link.up", "")
}

// writesToRobin begins the chat, and is invited in by a click.
func (b *browser) writesToRobin() {
	b.t.Helper()
	b.enter(clientFrame, ".chat-textarea", "add robin\r")
	b.opens("Robin")
	b.enter(clientFrame, ".chat-textarea", "Hello Robin, are you there?\r")
	b.see(matrixFrame, ".rooms", "invites you to a chat")
	b.picture("matrix-invites", matrixFrame, ".rooms")
	b.click(matrixFrame, "button.accept", "")
	b.see(matrixFrame, received, "Hello Robin, are you there?")
	b.see(matrixFrame, received, "alice (XMPP)")
	b.enter(matrixFrame, "#text", "Yes. ")
	b.see(clientFrame, ".chat-content__notifications", "is typing")
	b.enter(matrixFrame, "#text", "Good to hear from you!\r")
	b.see(clientFrame, theirsOf(robin), "Yes. Good to hear from you!")
	b.see(matrixFrame, ".message.sent .meta", "read")
	b.enter(clientFrame, ".chat-textarea", "Wonderful!\r")
	b.see(matrixFrame, received, "Wonderful!")
	b.wait("alice has stopped typing", "eyes.find('matrix', '#typing', '').innerText === ''")
}

// hearsFromSam is written to by somebody who is no contact yet.
func (b *browser) hearsFromSam() {
	b.t.Helper()
	b.click(matrixFrame, ".people a", "Sam")
	b.see(matrixFrame, ".people a[aria-current]", "Sam")
	b.see(matrixFrame, "#link.up", "")
	b.click(matrixFrame, "#begin button", "")
	b.see(matrixFrame, ".room", "alice (XMPP)")
	b.enter(matrixFrame, "#text", "Hi, this is Sam.\r")
	b.click(clientFrame, "converse-roster .list-item-link", "Sam")
	b.see(clientFrame, theirsOf(sam), "Hi, this is Sam.")
	b.enter(clientFrame, ".chat-textarea", "Hi Sam!\r")
	b.see(matrixFrame, received, "Hi Sam!")
}
