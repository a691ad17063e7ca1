package gateway

import (
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component/componenttest"
)

// region is a network where people write numbers as in theirs, where there are
// short ones, and others that begin with @.
type region struct{ *bridgetest.Bridge }

func (b region) Resolve(typed string) (bridges.UserID, error) {
	const context = ";phone-context=us"
	if strings.HasPrefix(typed, "@") {
		return bridges.UserID(typed), nil
	}
	digits := strings.NewReplacer("/", "", "-", "", " ", "", "(", "", ")", "").Replace(typed)
	if len(strings.Trim(digits, "0123456789")) > 0 || digits == "" {
		if n, ok := strings.CutSuffix(typed, context); ok && len(n) <= 6 {
			return bridges.UserID(typed), nil
		}
		return b.Bridge.Resolve(typed)
	}
	switch n := len(digits); {
	case n >= 3 && n <= 6:
		return "", &bridges.Error{Kind: bridges.Gone, Text: "A short one.", Instead: bridges.UserID(digits + context)}
	case n == 10:
		digits = "1" + digits
	}
	return b.Bridge.Resolve(digits)
}

func regional(c *Config) { c.Bridge = region{c.Bridge.(*bridgetest.Bridge)} }

// reads wants the gateway to answer alice so, each time with that beginning.
func (r *rig) reads(es []exchange) {
	r.t.Helper()
	for _, e := range es {
		r.say(alice, e.say)
		var n *componenttest.Node
		for n == nil || n.Local != "message" { // what goes to the roster is not meant here
			n = r.Conn.Next()
		}
		if got := n.Children[0].Text; !strings.HasPrefix(got, e.want) {
			r.t.Errorf("%s: %q was answered by %q", e.name, e.say, got)
		}
	}
}

const aSlash = "202/555-0100"

// 0100.42: an address, in every spelling, is the same by every door.
func TestTyped(t *testing.T) {
	r := newRig(t, regional)
	has(r, phone+" Zoe", "+12025550101 Adam", "+12025550102 Adele")
	for _, typed := range []string{
		phone, aSlash, "(202) 555/0100", phoneJID, phoneJID + "/gateway", "xmpp:" + phoneJID, "XMPP:%2B12025550100@sms.example.org?message",
		"Zoe", "zoe", "12025550100@SMS.example.org", aSlash + "@sms.example.org",
	} {
		t.Run(typed, func(t *testing.T) {
			r.t = t
			r.Send(`<iq type='set' id='p' from='alice@example.org/x' to='sms.example.org'><query xmlns='jabber:iq:gateway'><prompt>` + typed + `</prompt></query></iq>`)
			r.Receive(`<iq type='result' id='p' from='sms.example.org' to='alice@example.org/x'><query xmlns='jabber:iq:gateway'><jid>` + phoneJID + `</jid></query></iq>`)
			r.reads([]exchange{
				{"alone", typed, "Write to " + phoneJID + " now."},
				{"add", "add " + typed, "Write to " + phoneJID + " now."},
				{"rename", "rename address=" + strings.ReplaceAll(typed, " ", ""), "What shall " + phoneJID + " be called?"},
				{"the name", "-", phoneJID + " is now called Zoe."},
			})
		})
	}
	r.t = t
	r.reads([]exchange{
		{"two", "remove ad", "More than one of your contacts"},
		{"stopped", "cancel", ""},
		{"removed", "remove " + aSlash, phoneJID + " is no longer among your contacts."},
		{"nobody", "remove " + aSlash, aSlash + " is not among your contacts."},
	})
}

// What the gateway writes of an address with characters that no JID has
// (xeps.md 0106.12) can be written to it.
func TestTypedAsPrinted(t *testing.T) {
	r := newRig(t, regional)
	has(r, "911;phone-context=us", "@ann:x/org")
	r.say(alice, "contacts")
	for _, jid := range strings.Split(r.answer(alice), "\n")[1:] {
		r.reads([]exchange{
			{"add", "add " + jid, "Write to " + jid + " now."},
			{"remove", "remove " + jid, jid + " is no longer among your contacts."},
		})
	}
}

// A few digits alone may be a code that came too late for a question: they make
// no contact.
func TestTypedShort(t *testing.T) {
	r := newRig(t, regional)
	const jid = "911;phone-context=us@sms.example.org"
	r.reads([]exchange{
		{"a year", "2025", "If 2025 is whom you want to write to, write add 2025."},
		{"no contact", "contacts", "You have no contacts"},
		{"with the word", "add 911", "Write to " + jid + " now."},
		{"no short one", phone, "Write to " + phoneJID + " now."},
	})
}

// 0100.28: words for people have a JID, which a URI is not.
func TestTypedRedirect(t *testing.T) {
	r := newRig(t, regional)
	r.Send(`<presence type='subscribe' from='alice@example.org' to='911@sms.example.org'/>`)
	r.Receive(`<presence type='unsubscribed' from='911@sms.example.org' to='alice@example.org'/>`)
	if got := r.answer(alice); !strings.HasSuffix(got, "A short one. Write to 911;phone-context=us@sms.example.org instead.") {
		t.Errorf("the gateway says %q", got)
	}
}
