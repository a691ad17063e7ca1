package gateway

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component/xep/privilege"
)

// someEmojis are some reactions, all different.
func someEmojis(n int) (all string) {
	for i := range n {
		all += fmt.Sprintf("<reaction>%d</reaction>", i)
	}
	return all
}

// reacting is what alice's client sends when she reacts to a message.
func reacting(id, of string, emojis ...string) string {
	inside := ""
	for _, x := range emojis {
		inside += "<reaction>" + x + "</reaction>"
	}
	return `<message type='chat' id='` + id + `' from='alice@example.org/phone' to='+12025550100@sms.example.org'>` +
		`<reactions xmlns='urn:xmpp:reactions:0' id='` + of + `'>` + inside + `</reactions><body>for others</body>` +
		`<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reactions:0'/></message>`
}

var reactionsOut = changesOut{
	{"0444.1 0444.3 all that there are, and then others, and none", func(r *timeless) {
		r.receive(r.t, reacting("x", "a1", "👍", "❤️"))
		r.receive(r.t, reacting("y", "a1", "❤️"))
		r.receive(r.t, reacting("z", "a1"))
	}, "m1 has 👍❤️, m1 has ❤️, m1 has ", ""},
	{"0444.2 to the contact's message", func(r *timeless) {
		m, _, _ := r.store.MessageByID(context.Background(), domain, "n0")
		r.receive(r.t, reacting("x", m.Stanza, "👍"))
	}, "n0 has 👍", ""},
	{"to an edit, by its id", func(r *timeless) {
		r.receive(r.t, replacing("e", "a1", "ONE"))
		r.receive(r.t, reacting("x", "e", "👍"))
	}, "m1 is now ONE, m1 has 👍", ""},
	{"to a message in parts: to the last", func(r *timeless) { r.receive(r.t, reacting("x", "long", "👍")) }, "p2 has 👍", ""},
	{"a repetition is one", func(r *timeless) {
		r.receive(r.t, reacting(lasting("x"), "a1", "👍"))
		r.receive(r.t, reacting(lasting("x"), "a1", "👍"))
	}, "m1 has 👍", ""},
	{"an id that comes again, to another message and with another", func(r *timeless) {
		r.receive(r.t, reacting(lasting("x"), "a1", "👍"))
		r.receive(r.t, reacting(lasting("x"), "a2", "👍"))
		r.receive(r.t, reacting(lasting("x"), "a2"))
	}, "m1 has 👍, m2 has 👍, m2 has ", ""},
	{"0444.5 as many as there may be", func(r *timeless) {
		r.receive(r.t, strings.Replace(reacting("x", "a1"), "></reactions>", ">"+someEmojis(maxReactions)+"</reactions>", 1))
	}, "m1 has 012345678910111213141516171819", ""},
	{"0444.5 too many", func(r *timeless) {
		r.receive(r.t, strings.Replace(reacting("x", "a1"), "></reactions>", ">"+someEmojis(maxReactions+1)+"</reactions>", 1))
	}, "", "not-acceptable"},
	{"0444.5 that the network does not take", func(r *timeless) {
		r.says(&bridges.Error{Kind: bridges.Rejected, Text: "No emoji."})
		r.receive(r.t, reacting("x", "a1", "x"))
	}, "m1 has x", "No emoji."},
	{"to an unknown message", func(r *timeless) { r.receive(r.t, reacting("x", "y", "👍")) }, "", "item-not-found"},
	{"to another user's message", func(r *timeless) {
		r.receive(r.t, strings.Replace(reacting("x", "a1", "👍"), alice, bob, 1))
	}, "", "item-not-found"},
	{"to nothing", func(r *timeless) { r.receive(r.t, reacting("x", "", "👍")) }, "", "bad-request"},
}

func TestReactionsOut(t *testing.T) { reactionsOut.run(t) }

// reaction is the event that somebody reacts to a message.
func reaction(who bridges.UserID, of string, emojis ...string) bridges.Reaction {
	return bridges.Reaction{Chat: phone, From: who, Of: bridges.MessageID(of), Emojis: emojis}
}

// reactionIn is what alice gets (0444.1).
const reactionIn = `<message from='+12025550100@sms.example.org/gateway' to='alice@example.org' id='*' type='chat'>` +
	`<reactions xmlns='urn:xmpp:reactions:0' id='TEXT'>ALL</reactions><store xmlns='urn:xmpp:hints'/></message>`

// reactions returns what was shown, and fails on what no reaction looks like.
func (r *timeless) reactions() (all []string) {
	r.t.Helper()
	for _, xml := range r.drain() {
		s := mustParse(r.t, xml)
		e, ok := s.Child("urn:xmpp:reactions:0", "reactions")
		if !ok {
			continue
		}
		inside, text := "", ""
		for x := range e.Children() {
			inside += "<reaction>" + x.Text() + "</reaction>"
			text += x.Text()
		}
		want := strings.NewReplacer("*", s.ID, "TEXT", e.Attr("id"), "ALL", inside).Replace(reactionIn)
		if inside == "" {
			want = strings.Replace(want, "></reactions>", "/>", 1)
		}
		if xml != want || len(s.ID) != 36 {
			r.t.Errorf("0444.1: sent %s, not %s", xml, want)
		}
		all = append(all, e.Attr("id")+" has "+text)
	}
	return all
}

var reactionsIn = changesIn{
	{"0444.1 0444.3 to the user's message, more, fewer and none", []bridges.Event{
		reaction(phone, "m1", "👍"), reaction(phone, "m1", "👍", "❤️"), reaction(phone, "m1", "❤️"), reaction(phone, "m1"),
	}, "a1 has 👍, a1 has 👍❤️, a1 has ❤️, a1 has ", ""},
	{"0444.2 to the contact's own", []bridges.Event{reaction(phone, "n0", "👍")}, "N0 has 👍", ""},
	{"0444.2 to an edit: to the text", []bridges.Event{now(phone, "e1", "n0", "new"), reaction(phone, "e1", "👍")}, "N0 has 👍", ""},
	{"0444.7 a sign that makes a picture is kept", []bridges.Event{reaction(phone, "m1", "❤"), reaction(phone, "m1", "❤️")}, "a1 has ❤, a1 has ❤️", ""},
	{"a repetition of the network", []bridges.Event{reaction(phone, "m1", "👍"), reaction(phone, "m1", "👍")}, "a1 has 👍", "repetition of the network"},
	{"none where there was none", []bridges.Event{reaction(phone, "m1")}, "", "repetition of the network"},
	{"0444.9 to what never came", []bridges.Event{reaction(phone, "m9", "👍")}, "", "reaction to an unknown message"},
	{"of another chat", []bridges.Event{bridges.Reaction{Chat: stranger, From: stranger, Of: "m1", Emojis: []string{"👍"}}}, "", "reaction to an unknown message"},
	{"of the user elsewhere, without privilege", []bridges.Event{reaction(number, "n0", "👍")}, "", "own reaction"},
}

func TestReactionsIn(t *testing.T) { reactionsIn.run(t, (*timeless).reactions) }

// What the user reacts with in another program of the network is shown as the
// user's where the host lets us (0356.11); after a crash it is no news.
func TestOwnReactions(t *testing.T) {
	markerRig(t, func(r *timeless) {
		r.correspond()
		grant := func(r *timeless) {
			r.g.Handle(mustParse(t, grants("example.org", privilege.NS, permMessage)), zeroKey)
			synctest.Wait()
		}
		grant(r)
		r.give(reaction(number, "m1", "👍"), reaction(phone, "m1", "👍"))
		sent := strings.Join(r.drain(), "")
		if strings.Count(sent, "<privilege") != 1 || strings.Count(sent, "<reactions xmlns='urn:xmpp:reactions:0' id='a1'><reaction>👍</reaction>") != 2 {
			t.Errorf("sent %s", sent)
		}
		next := r.crash(bridgetest.Rich())
		grant(next)
		next.give(reaction(number, "m1", "👍"), reaction(phone, "m1", "👍"), reaction(phone, "m1"))
		if got := strings.Join(next.reactions(), ", "); got != "a1 has " {
			t.Errorf("then alice sees %q", got)
		}
		*r = *next
	})
}

func playReactOut(r *theater) {
	r.receive(text("t", "t"), true)
	r.receive(reacting("x", "t", "👍"), true)
	r.receive(reacting("y", "t"), true)
}

// endReactOut: what the network has in the end is what the user wanted last, if it
// has the text, and the words for others never come.
func endReactOut(r *theater) {
	last, keys := "", map[string]bool{}
	for len(r.bridge.Events()) > 0 {
		if x, ok := (<-r.bridge.Events()).(bridges.Reaction); ok {
			last = strings.Join(x.Emojis, "")
			keys[x.Key] = true
		}
	}
	told := r.saw("type='error'", "id='x'") + r.saw("type='error'", "id='y'")
	if len(keys)+told > 2 || last != "" && r.saw("type='error'", "id='y'") == 0 && len(keys) > 1 {
		r.w.t.Errorf("0444.3: the last is %q, %d were sent, %d told", last, len(keys), told)
	}
	for _, m := range r.bridge.All() {
		if strings.Contains(m.Text, "others") {
			r.w.t.Errorf("0428.2: the network got %q", m.Text)
		}
	}
}

func playReactIn(r *theater) {
	m := sms("hello")
	m.ID = "net"
	r.give(m)
	r.give(reaction(phone, "net", "👍"))
}

func endReactIn(r *theater) {
	playReactIn(r)
	time.Sleep(time.Second)
	r.watch()
	if n := r.saw("<reactions", "👍"); n != 1 {
		r.w.t.Errorf("0444.1: %d reactions", n)
	}
}
