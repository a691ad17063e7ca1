package main

import (
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// Addresses as they stand in selectors, and what others wrote on the Matrix page.
const (
	robin    = `robin\\3alocalhost`
	sam      = `sam\\3alocalhost`
	received = ".message.received"
	sent     = ".message.sent"
	heart    = "❤"
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
	b.robinChanges()
	b.aliceChanges()
	b.settled()
	b.wholePicture("matrix-changes")
	b.robinSendsPicture()
	b.settled()
	b.picture("matrix-picture", clientFrame, ".chat-content")
	b.hearsFromSam()
	b.wholePicture("matrix-begins")
	b.approvesSam()
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
	b.see(clientFrame, ticked, "Hello Robin, are you there?") // 0184.1: it has been read
	b.enter(clientFrame, ".chat-textarea", "Wonderful!\r")
	b.see(matrixFrame, received, "Wonderful!")
	b.wait("alice has stopped typing", "eyes.find('matrix', '#typing', '').innerText === ''")
}

// robinMenu clicks in the menu of what is the newest on the Matrix page with a text.
func (b *browser) robinMenu(css, text, entry string) {
	b.t.Helper()
	b.hover(matrixFrame, css, text)
	b.click(matrixFrame, css+" ."+entry, "")
}

// robinChanges reacts, answers, changes and deletes: the client shows it (0308.1,
// 0424.1, 0444.1, 0461.1).
func (b *browser) robinChanges() {
	b.t.Helper()
	b.robinMenu(received, "Wonderful!", "react")
	b.see(clientFrame, mine+" .chat-msg__reaction", heart)
	b.robinMenu(received, "Wonderful!", "reply")
	b.see(matrixFrame, "#about", "Wonderful!")
	b.enter(matrixFrame, "#text", "It si.\r")
	b.see(clientFrame, theirsOf(robin), "It si.")
	b.see(clientFrame, theirsOf(robin)+" .chat-msg__reply-text", "Wonderful!")
	b.robinMenu(sent, "It si.", "edit")
	b.see(matrixFrame, "#about", "Edit")
	b.replace(matrixFrame, "#text", "It is.")
	b.do("send", chromedp.KeyEvent("\r"))
	b.see(clientFrame, theirsOf(robin), "It is.")
	b.enter(matrixFrame, "#text", "Oops\r")
	b.see(clientFrame, theirsOf(robin), "Oops")
	b.robinMenu(sent, "Oops", "delete")
	b.see(clientFrame, ".chat-msg--retracted", "")
}

// aliceChanges does the same in the client: Matrix shows it (0308.2, 0424.2, 0444.2,
// 0461.2).
func (b *browser) aliceChanges() {
	b.t.Helper()
	b.sends("Till tomorow, *robin*!")
	b.see(matrixFrame, received, "Till tomorow")
	b.see(clientFrame, ticked, "Till tomorow") // which closes a menu that is open
	b.menu("Till tomorow", ".chat-msg__action-edit")
	b.wait("the text is in the field", "eyes.find('client', '.chat-textarea', '').value.startsWith('Till')")
	b.replace(clientFrame, ".chat-textarea", "Till tomorrow, *robin*!")
	b.click(clientFrame, ".send-button", "")
	b.see(matrixFrame, received, "Till tomorrow")
	b.see(matrixFrame, received+" .meta", "edited")
	b.sends("Not for you")
	b.see(matrixFrame, received, "Not for you")
	b.see(clientFrame, ticked, "Not for you")
	b.menu("Not for you", ".chat-msg__action-retract")
	b.click(clientFrame, ".modal-content button[type=submit]", "")
	b.see(matrixFrame, received, "(deleted)")
}

// robinSendsPicture has the client show it in the chat, fetched from its server (xeps.md
// 0066.1).
func (b *browser) robinSendsPicture() {
	b.t.Helper()
	shades := image.NewGray(image.Rect(0, 0, 120, 80))
	for i := range shades.Pix {
		shades.Pix[i] = uint8(2 * (i % 120))
	}
	file, err := os.Create(filepath.Join(b.t.TempDir(), "shades.png"))
	if err == nil {
		err = errors.Join(png.Encode(file, shades), file.Close())
	}
	if err != nil {
		b.t.Fatal(err)
	}
	b.do("choose a picture", chromedp.SetUploadFiles("document.getElementById('matrix').contentDocument.getElementById('file')", []string{file.Name()}, chromedp.ByJSPath))
	b.wait("the picture is shown in the chat", fmt.Sprintf("eyes.find('client', %q, '')?.naturalWidth === 120", theirsOf(robin)+" img.chat-image"))
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
	b.click(clientFrame, "converse-roster .list-item-link.unread-msgs", "Sam") // before that, the client may be making the chat itself
	b.see(clientFrame, theirsOf(sam), "Hi, this is Sam.")
	b.enter(clientFrame, ".chat-textarea", "Hi Sam!\r")
	b.see(matrixFrame, received, "Hi Sam!")
}

// approvesSam has the contact that Sam's invitation asks for.
func (b *browser) approvesSam() {
	b.t.Helper()
	b.click(clientFrame, "converse-contact-approval-alert .btn-success", "")
	b.click(clientFrame, "converse-accept-contact-request-modal .btn-primary", "")
	b.see(clientFrame, online+" .list-item-link", "Sam")
}
