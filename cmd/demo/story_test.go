package main

import (
	"testing"

	"github.com/chromedp/chromedp"
)

const (
	mine   = `.chat-msg[data-from^="alice@"]`
	ticked = mine + ":has(.chat-msg__receipt)"
	online = "converse-roster li[data-status=online]"
	dead   = "+12025550404@" + domain
)

// TestStory is what a user does with the demo (xeps.md 0184.1-3: a receipt
// means delivered on the phone).
func TestStory(t *testing.T) {
	b := open(t, makeRun(t, "sms").address)
	b.registers()
	b.addsThePhone()
	b.textsAndIsAnswered()
	b.settled()
	b.wholePicture("demo")
	b.textsNobody()
	b.settled()
	b.wholePicture("demo-dead-number")
}

// settled waits until the client's notes about what it did have gone.
func (b *browser) settled() {
	b.t.Helper()
	b.wait("the client's notes are gone", "eyes.find('client', 'converse-toast', '') === undefined")
}

// opens opens the chat with a contact that is online.
func (b *browser) opens(name string) {
	b.t.Helper()
	b.click(clientFrame, online+" .list-item-link", name)
	b.see(clientFrame, ".chat-head", name)
}

// registers does so by the chat door.
func (b *browser) registers() {
	b.t.Helper()
	b.opens("SMS gateway")
	b.enter(clientFrame, ".chat-textarea", "help\r")
	b.see(clientFrame, ".chat-msg", "register")
	b.enter(clientFrame, ".chat-textarea", "register\r")
	b.see(clientFrame, ".chat-msg", number)
	b.see(phoneFrame, "#link.up", "")
}

// addsThePhone uses the client's dialog; the contact is there and online.
func (b *browser) addsThePhone() {
	b.t.Helper()
	b.click(clientFrame, ".dropdown--contacts .dropdown-toggle", "")
	b.click(clientFrame, ".add-contact", "")
	b.enter(clientFrame, "converse-add-contact-modal input[name=jid]", handset+"@"+domain)
	b.click(clientFrame, "converse-add-contact-modal input[name=name]", "") // closes the suggestions
	b.do("type a name", chromedp.KeyEvent("Bob\r"))
	b.opens("Bob")
}

// textsAndIsAnswered checks that the tick follows the phone's confirmation.
// The answer passes through the same queue as a tick would: when it is there,
// an early tick would be, too.
func (b *browser) textsAndIsAnswered() {
	b.t.Helper()
	b.click(phoneFrame, ".switch", "")
	b.wait("the phone confirms by hand", "!eyes.find('handset', 'main', '').querySelector('#confirm').checked")
	b.enter(clientFrame, ".chat-textarea", "Hello phone, are you there?\r")
	b.see(phoneFrame, ".message.received", "Hello phone, are you there?")
	b.enter(phoneFrame, "#text", "Yes. Good to hear from you!\r")
	b.see(clientFrame, ".chat-msg", "Yes. Good to hear from you!")
	if b.sees(clientFrame, ticked, "Hello phone") {
		b.t.Error("the tick is there before the phone has confirmed")
	}
	b.click(phoneFrame, ".message.received button.confirm", "")
	b.see(clientFrame, ticked, "Hello phone")
	b.click(phoneFrame, ".switch", "")
	b.enter(clientFrame, ".chat-textarea", "Wonderful!\r")
	b.see(clientFrame, ticked, "Wonderful!")
}

// chatsWith opens a chat without adding whom it is with.
func (b *browser) chatsWith(jid string) {
	b.t.Helper()
	b.click(clientFrame, ".dropdown--contacts .dropdown-toggle", "")
	b.click(clientFrame, ".new-chat", "")
	b.enter(clientFrame, "converse-new-chat-modal input[name=jid]", jid)
	b.click(clientFrame, "converse-new-chat-modal .modal-title", "") // closes the suggestions
	b.click(clientFrame, "converse-new-chat-modal button[type=submit]", "")
}

// textsNobody writes to a number that no phone has.
func (b *browser) textsNobody() {
	b.t.Helper()
	b.chatsWith(dead)
	b.see(clientFrame, ".chat-head", "0404") // its card says how the number is written
	b.enter(clientFrame, ".chat-textarea", "Anybody?\r")
	b.see(clientFrame, mine+" .chat-msg__error", " ")
	b.see(phoneFrame, ".message.lost", "+12025550404")
	if b.sees(clientFrame, ticked, "Anybody?") {
		b.t.Error("a text that nobody got has a tick")
	}
}
