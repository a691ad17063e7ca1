package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

const (
	commandForm = "converse-adhoc-commands"
	command     = commandForm + " a[data-command-node]"
	button      = commandForm + " input[type=button]"
	note        = commandForm + " .alert"
	openForm    = commandForm + " li:has(form)"
)

// TestCommands fills in the gateway's commands in the client's own form, as
// somebody does who never writes to the gateway (xeps.md 0050.1, 0050.3-5, 0050.7,
// 0122.4: what a person sees of them).
func TestCommands(t *testing.T) {
	b := open(t, makeRun(t, "sms").address)
	b.see(clientFrame, "converse-roster li[data-status=online]", "SMS gateway")
	b.opensCommands()
	b.registersByCommand()
	b.asksForStatus()
	b.addsByCommand()
	b.renamesInStages()
	b.looksThroughContacts()
	b.leaves()
}

// opensCommands asks the gateway which commands it has.
func (b *browser) opensCommands() {
	b.t.Helper()
	b.click(clientFrame, ".show-client-info", "")
	b.click(clientFrame, "#commands-tab", "")
	b.replace(clientFrame, commandForm+" input[name=jid]", domain)
	b.click(clientFrame, commandForm+" .form-help", "") // closes the suggestions
	b.lists()
}

// lists clicks on the button that asks for the commands, and waits for them.
func (b *browser) lists() {
	b.t.Helper()
	b.click(clientFrame, commandForm+" input[type=submit]", "")
	b.see(clientFrame, command, "Register")
}

// replace types over what a field of the client holds.
func (b *browser) replace(frame, css, text string) {
	b.t.Helper()
	b.click(frame, css, "")
	b.do("select all", chromedp.KeyEvent("a", chromedp.KeyModifiers(input.ModifierCtrl)))
	b.do("type "+text, chromedp.KeyEvent(text))
}

// press clicks on the button of the open form that has a label.
func (b *browser) press(label string) {
	b.t.Helper()
	b.click(clientFrame, fmt.Sprintf("%s[value=%q]", button, label), "")
}

// registersByCommand sees only what is for strangers before, and all after.
func (b *browser) registersByCommand() {
	b.t.Helper()
	b.see(clientFrame, command, "Status")
	if b.sees(clientFrame, command, "Unregister") {
		b.t.Error("a stranger is offered to unregister")
	}
	b.click(clientFrame, command, "Register")
	b.see(clientFrame, note, number)
	b.picture("register", clientFrame, ".modal-content")
	b.lists()
	b.see(clientFrame, command, "Unregister")
}

func (b *browser) asksForStatus() {
	b.t.Helper()
	b.click(clientFrame, command, "Status")
	b.see(clientFrame, note, number)
}

// addsByCommand gives what is no number first: the form comes again, and says
// why.
func (b *browser) addsByCommand() {
	b.t.Helper()
	b.click(clientFrame, command, "Add a contact")
	b.enter(clientFrame, commandForm+" input[name=address]", "nobody")
	b.press("Complete")
	b.see(clientFrame, commandForm+" .form-instructions", "no phone number")
	b.replace(clientFrame, commandForm+" input[name=address]", "(202) 555-0100")
	b.press("Complete")
	b.see(clientFrame, commandForm, "Write to "+handset)
}

// renamesInStages goes forth, back and forth again.
func (b *browser) renamesInStages() {
	b.t.Helper()
	b.click(clientFrame, command, "Rename a contact")
	b.enter(clientFrame, commandForm+" input[name=address]", handset)
	b.press("Next")
	b.see(clientFrame, commandForm+" .form-instructions", "What shall "+handset)
	b.press("Previous")
	b.see(clientFrame, commandForm+" .form-instructions", "Whom do you want to rename?")
	b.replace(clientFrame, commandForm+" input[name=address]", handset)
	b.press("Next")
	b.replace(clientFrame, commandForm+" input[name=name]", "Bob") // the client leaves what was typed before
	b.picture("command", clientFrame, openForm)
	b.press("Complete")
	b.see(clientFrame, commandForm, "is now called Bob")
	b.see(clientFrame, "converse-roster li[data-status=online]", "Bob")
}

// looksThroughContacts has more of them than are on a page. They came by the
// chat, and without one request that the user had to answer (0356.5).
func (b *browser) looksThroughContacts() {
	b.t.Helper()
	b.click(clientFrame, ".modal-footer button", "Close")
	b.click(clientFrame, "converse-roster .list-item-link", "SMS gateway")
	b.adds(1, 6)
	b.picture("roster", clientFrame, "converse-roster")
	b.adds(7, 20)
	b.opensCommands()
	b.click(clientFrame, command, "Contacts")
	b.see(clientFrame, commandForm+" .form-instructions", "21 contacts, on 2 pages")
	b.replace(clientFrame, commandForm+" input[name=page]", "7")
	b.press("Complete")
	b.see(clientFrame, commandForm+" .form-instructions", "There are 2 pages")
	b.replace(clientFrame, commandForm+" input[name=page]", "2")
	b.press("Complete")
	b.see(clientFrame, commandForm, "Page 2 of 2")
}

// adds does so to a row of numbers.
func (b *browser) adds(first, last int) {
	b.t.Helper()
	for n := first; n <= last; n++ {
		b.enter(clientFrame, ".chat-textarea", fmt.Sprintf("add +120255501%02d\r", n))
	}
	for n := first; n <= last; n++ {
		b.see(clientFrame, "converse-roster li[data-status=online]:has("+picture+")", fmt.Sprintf("+1 202-555-01%02d", n))
	}
}

// leaves thinks twice, and then has no contacts of the gateway any more
// (0100.16: what a person sees of it).
func (b *browser) leaves() {
	b.t.Helper()
	for _, button := range []string{"Cancel", "Complete"} {
		b.click(clientFrame, command, "Unregister")
		b.see(clientFrame, commandForm+" .form-instructions", "will be deleted")
		b.press(button)
		b.wait("the form is closed", "eyes.find('client', '"+openForm+"', '') === undefined")
	}
	b.see(clientFrame, commandForm, "You are no longer registered")
	b.wait("the contacts are gone", "eyes.find('client', 'converse-roster li', '+1 202') === undefined && eyes.find('client', 'converse-roster li', 'Bob') === undefined")
}
