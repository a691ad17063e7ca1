package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const (
	picture   = " svg.avatar image[href^='data:image/png']"
	reactions = ".reaction-item"
	refusal   = "converse-chat-message"
)

// TestContact looks at a contact in the client, and does with its messages what
// no phone knows.
func TestContact(t *testing.T) {
	address := makeRun(t, "sms").address
	b := open(t, address, withOMEMO(t, address))
	b.registers()
	b.addsThePhone()
	b.looksAtTheCard()
	b.corrects()
	b.reacts()
	b.encrypts()
	b.takesBack()
	b.mistypes()
}

// looksAtTheCard finds the picture in roster and card, and the number as it is
// written (0084.8, 0153: what a person sees of them).
func (b *browser) looksAtTheCard() {
	b.t.Helper()
	b.see(clientFrame, "converse-roster li[data-status=online]:has("+picture+")", "Bob")
	b.click(clientFrame, ".chat-head .show-msg-author-modal", "")
	const card = "converse-user-details-modal .modal-content"
	b.see(clientFrame, card+":has("+picture+")", "+1 202-555-0100")
	b.see(clientFrame, card, "Both of you receive presence updates")
	b.picture("card", clientFrame, card)
	b.click(clientFrame, card+" .modal-footer button", "Close")
}

// sends does so with the button: after the Enter key of a test the field is not
// empty for the client.
func (b *browser) sends(text string) {
	b.t.Helper()
	b.enter(clientFrame, ".chat-textarea", text)
	b.click(clientFrame, ".send-button", "")
}

// menu opens the menu of the user's message with a text, and clicks there. What
// comes for the message meanwhile draws it anew and closes the menu.
func (b *browser) menu(text, entry string) {
	b.t.Helper()
	message := fmt.Sprintf("%s .chat-msg__actions", mine)
	open := fmt.Sprintf("eyes.find(%q, %q, '') !== undefined", clientFrame, message+" "+entry)
	for opens := false; !opens; {
		b.hover(clientFrame, mine, text)
		b.click(clientFrame, message+" .dropdown-toggle", "")
		opens = chromedp.Run(b.ctx, chromedp.Poll(open, nil, chromedp.WithPollingTimeout(time.Second))) == nil
	}
	b.click(clientFrame, message+" "+entry, "")
}

// corrects sees the phone get a new text (0308).
func (b *browser) corrects() {
	b.t.Helper()
	b.sends("Helo")
	b.see(clientFrame, ticked, "Helo")
	b.menu("Helo", ".chat-msg__action-edit")
	b.wait("the text is in the field", "eyes.find('client', '.chat-textarea', '').value === 'Helo'")
	b.replace(clientFrame, ".chat-textarea", "Hello")
	b.click(clientFrame, ".send-button", "")
	b.see(phoneFrame, ".message.received", "* Hello")
	b.see(clientFrame, mine, "Hello") // Converse.js 14 sees no tick for the id of a correction
}

// reacts is told that no reaction goes there (0444.5).
func (b *browser) reacts() {
	b.t.Helper()
	b.menu("Hello", ".chat-msg__action-reaction")
	b.click(clientFrame, reactions, "❤")
	b.see(clientFrame, refusal, "Reactions cannot be sent")
}

// takesBack costs no text. Converse.js 14 shows the text as removed, and nothing
// of the error that says that it was not (0424.3).
func (b *browser) takesBack() {
	b.t.Helper()
	b.sends("Not for you")
	b.see(phoneFrame, ".message.received", "Not for you")
	b.menu("Not for you", ".chat-msg__action-retract")
	b.click(clientFrame, ".modal-content button[type=submit]", "")
	b.see(clientFrame, ".chat-msg--retracted", "")
}

// encrypts finds that the client cannot, and that what another client encrypts
// comes back at once with words (0384.1-3). The text after it is the next one
// that the phone gets.
func (b *browser) encrypts() {
	b.t.Helper()
	b.click(clientFrame, ".toggle-omemo", "")
	b.see(clientFrame, ".modal-body", "doesn't support OMEMO")
	b.click(clientFrame, ".modal-footer button", "Close")
	b.do("send an encrypted text", chromedp.Evaluate(fmt.Sprintf("document.getElementById(%q).contentWindow.send(`%s`)", clientFrame, encrypted), nil))
	b.see(clientFrame, refusal, "encrypt")
	b.picture("refusals", clientFrame, "converse-message-history")
	b.sends("Now in the clear")
	b.see(phoneFrame, ".message.received", "Now in the clear")
	var texts int
	b.do("count", chromedp.Evaluate("eyes.all('handset', '.message.received', '').length", &texts))
	if texts != 3 {
		b.t.Errorf("the phone has %d texts", texts)
	}
}

const encrypted = `<message xmlns="jabber:client" to="` + handset + `@` + domain + `" type="chat" id="sealed">` +
	`<encrypted xmlns="eu.siacs.conversations.axolotl"><header sid="1"><key rid="2">a2V5</key><iv>aXY=</iv></header><payload>c2VhbGVk</payload></encrypted>` +
	`<encryption xmlns="urn:xmpp:eme:0" name="OMEMO" namespace="eu.siacs.conversations.axolotl"/>` +
	`<body>This message is encrypted with OMEMO.</body><store xmlns="urn:xmpp:hints"/></message>`

// mistypes leaves the country code out, and is told the right address under the
// text (0106.12).
func (b *browser) mistypes() {
	b.t.Helper()
	b.chatsWith("2025550100@" + domain)
	b.sends("Hello?")
	b.see(clientFrame, mine+" .chat-msg__error", "Write to "+handset+"@"+domain+" instead")
	b.picture("redirect", clientFrame, "converse-message-history")
}
