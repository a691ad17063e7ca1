package gateway

import (
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component/xep/privilege"
)

const unstyled = `<unstyled xmlns='urn:xmpp:styling:0'/>`

// TestUnstyled: what looks like styling by accident is shown as it was written
// (xeps.md 0393.3), also the user's own; a text that does not is as it was.
func TestUnstyled(t *testing.T) {
	for name, c := range map[string]struct {
		can     bridges.Can
		granted bool // to show own messages as such
		message bridges.Message
		want    bool
	}{
		"0393.3 a span":              {message: sms("call *now*"), want: true},
		"0393.3 a face":              {message: sms("> _ <"), want: true},
		"0393.3 code":                {message: sms("```"), want: true},
		"0393.3 no span":             {message: sms("snake_case 2*3*4")},
		"0393.1 of a network of its": {can: bridges.CanStyling, message: sms("call *now*")},
		"0393.3 not meant there":     {can: bridges.CanStyling, message: unmeant("*note*"), want: true},
		"0393.3 nothing to mean":     {can: bridges.CanStyling, message: unmeant("note"), want: false},
		"0393.3 of a quote":          {can: bridges.CanStyling | bridges.CanReplies, message: behindQuote(unmeant("no"), "*a*")},
		"0393.3 behind a quote":      {can: bridges.CanStyling | bridges.CanReplies, message: behindQuote(unmeant("*no*"), "a"), want: true},
		"0393.3 own, marked":         {message: own("o1", "*hello*"), want: true},
		"a quotation no more":        {message: own("o1", "> hello")},
		"0393.3 own":                 {granted: true, message: own("o1", "> hello"), want: true},
	} {
		t.Run(name, func(t *testing.T) {
			info := bridgetest.SMS()
			info.Can |= c.can
			s := newMemStore()
			registered(s, alice, number)
			r := start(t, s, info)
			r.greeting()
			if c.granted {
				r.Send(grants("example.org", privilege.NS, permMessage))
				r.barrier(alice)
			}
			r.deliver(c.message)
			if got := strings.Contains(r.Next().String(), "unstyled"); got != c.want {
				t.Errorf("unstyled: %t", got)
			}
		})
	}
}

func unmeant(text string) bridges.Message {
	m := sms(text)
	m.Unstyled = true
	return m
}

func behindQuote(m bridges.Message, quote string) bridges.Message {
	m.Quote = quote
	return m
}

// TestStylingOut: a network with styling hears whether a text is meant so (xeps.md
// 0393.4), and another nothing.
func TestStylingOut(t *testing.T) {
	for can, hears := range map[bridges.Can]bool{bridges.CanStyling: true, 0: false} {
		info := bridgetest.SMS()
		info.Can |= can
		s := newMemStore()
		registered(s, alice, number)
		r := start(t, s, info)
		r.greeting()
		for inside, want := range map[string]bool{unstyled: hears, "": false} {
			r.Send(`<message type='chat' id='x' from='alice@example.org/phone' to='+12025550100@sms.example.org'><body>*a*</body>` + inside + `</message>`)
			if m := r.onPhone(); m.Text != "*a*" || m.Unstyled != want {
				t.Errorf("%q: the network got %+v", inside, m)
			}
		}
	}
}

// TestUnstyledShape: nothing but the mark is added, and it outlives a return by
// the user's server.
func TestUnstyledShape(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.give(sms("*hello*"))
		first := r.bodies()[0]
		if !strings.HasSuffix(first, `<body>*hello*</body>`+unstyled+`</message>`) {
			t.Errorf("0393.3: %s", first)
		}
		r.receive(t, bounce(idOf(first), "<body>*hello*</body>"))
		r.come()
		again := r.bodies()
		if len(again) != 1 || strings.ReplaceAll(again[0], "></unstyled>", "/>") != first {
			t.Errorf("shown %q, not %q", again, first)
		}
	})
}
