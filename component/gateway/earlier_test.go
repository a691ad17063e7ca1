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

// replacing is a text of alice's that corrects another.
func replacing(id, of, body string) string {
	return `<message type='chat' id='` + id + `' from='alice@example.org/phone' to='+12025550100@sms.example.org'>` +
		`<body>` + body + `</body><replace xmlns='urn:xmpp:message-correct:0' id='` + of + `'/></message>`
}

// handed returns what the network was given since the last call: what was done
// to earlier texts, then texts.
func (r *timeless) handed() (all []string) {
	for len(r.bridge.Events()) > 0 {
		switch x := (<-r.bridge.Events()).(type) {
		case bridges.Edit:
			r.wantWhose(x.Chat, x.From, x.Key)
			all = append(all, fmt.Sprintf("%s is now %s", joinedParts(append([]bridges.MessageID{x.Of}, x.More...)), x.Text))
		case bridges.Retraction:
			r.wantWhose(x.Chat, x.From, x.Key)
			all = append(all, fmt.Sprintf("%s is back", joinedParts([]bridges.MessageID{x.Of})))
		case bridges.Reaction:
			r.wantWhose(x.Chat, x.From, x.Key)
			all = append(all, fmt.Sprintf("%s has %s", joinedParts([]bridges.MessageID{x.Of}), strings.Join(x.Emojis, "")))
		}
	}
	for len(r.bridge.Sent()) > 0 {
		all = append(all, (<-r.bridge.Sent()).Text)
	}
	return all
}

// joinedParts are the ids of the parts of one message. Those that came by edits are new.
func joinedParts(ids []bridges.MessageID) string {
	all := make([]string, len(ids))
	for i, id := range ids {
		if all[i] = string(id); strings.HasPrefix(all[i], "edit ") {
			all[i] = "NEW"
		}
	}
	return strings.Join(all, "+")
}

func (r *timeless) wantWhose(chat bridges.ChatID, from bridges.UserID, key string) {
	if chat != phone || from != number || key == "" {
		r.t.Errorf("the network got something in %s of %s with the key %q", chat, from, key)
	}
}

// changesOut are what a user does to earlier messages.
type changesOut []struct {
	name string
	do   func(r *timeless)
	want string // what the network gets
	told string // what is in the error that the user gets
}

var editsOut = changesOut{
	{"0308.2 of the user's message", func(r *timeless) { r.receive(r.t, replacing("e", "a1", "ONE")) }, "m1 is now ONE", ""},
	{"0308.2 not of the last", func(r *timeless) {
		r.receive(r.t, replacing("e", "a2", "TWO"))
		r.receive(r.t, replacing("f", "a1", "ONE"))
	}, "m2 is now TWO, m1 is now ONE", ""},
	{"0308.2 of a correction, by its id", func(r *timeless) {
		r.receive(r.t, replacing("e", "a1", "ONE"))
		r.receive(r.t, replacing("f", "e", "Uno"))
		r.receive(r.t, replacing("g", "f", "Eins"))
	}, "m1 is now ONE, m1 is now Uno, m1 is now Eins", ""},
	{"0308.2 again, by the id of the first", func(r *timeless) {
		r.receive(r.t, replacing("e", "a1", "ONE"))
		r.receive(r.t, replacing("f", "a1", "Uno"))
	}, "m1 is now ONE, m1 is now Uno", ""},
	{"0308.2 from another device", func(r *timeless) {
		r.receive(r.t, strings.Replace(replacing("e", "a1", "ONE"), "/phone'", "/tablet'", 1))
	}, "m1 is now ONE", ""},
	{"0308.2 of what the user sent elsewhere", func(r *timeless) {
		r.give(own("o1", "hello"))
		m, _, _ := r.store.MessageByID(context.Background(), domain, "o1")
		r.drain()
		r.receive(r.t, replacing("e", m.Stanza, "bye"))
	}, "o1 is now bye", ""},
	{"0308.2 a repetition is one", func(r *timeless) {
		r.receive(r.t, replacing(lasting("e"), "a1", "ONE"))
		r.receive(r.t, replacing(lasting("e"), "a1", "ONE"))
	}, "m1 is now ONE", ""},
	{"0308.3 of an unknown message", func(r *timeless) { r.receive(r.t, replacing("e", "x", "ONE")) }, "* ONE", ""},
	{"0308.3 of nothing", func(r *timeless) { r.receive(r.t, replacing("e", "", "ONE")) }, "* ONE", ""},
	{"0308.3 of another chat's message", func(r *timeless) {
		r.receive(r.t, strings.Replace(replacing("e", "a1", "ONE"), "to='"+phone, "to='"+stranger, 1))
		<-r.bridge.Sent()
	}, "", ""},
	{"0308.3 of another user's message", func(r *timeless) {
		r.receive(r.t, strings.Replace(replacing("e", "a1", "ONE"), alice, bob, 1))
		<-r.bridge.Sent()
	}, "", ""},
	{"0308.4 of the contact's message", func(r *timeless) {
		m, _, _ := r.store.MessageByID(context.Background(), domain, "n0")
		r.receive(r.t, replacing("e", m.Stanza, "forged"))
	}, "", "forbidden"},
	{"of a message that the network no longer lets be changed", func(r *timeless) {
		r.says(&bridges.Error{Kind: bridges.Rejected, Text: "Too late."})
		r.receive(r.t, replacing("e", "a1", "ONE"))
	}, "m1 is now ONE", "Too late."},
	{"6120.12 in order, while the network is down", func(r *timeless) {
		r.says(later)
		r.receive(r.t, replacing("e", "a1", "ONE"))
		r.receive(r.t, text("b", "behind"))
		time.Sleep(10 * time.Second)
		r.says(nil)
		if len(r.bridge.Sent()) > 0 {
			r.t.Error("the text behind it has overtaken it")
		}
		r.handed()
		r.g.Ready()
		time.Sleep(time.Minute)
	}, "m1 is now ONE, behind", ""},
}

func TestEditsOut(t *testing.T) { editsOut.run(t) }

func (all changesOut) run(t *testing.T) {
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			markerRig(t, func(r *timeless) {
				r.correspond()
				r.bridge.OnSend(nil)
				r.handed()
				c.do(r)
				synctest.Wait()
				if got := strings.Join(r.handed(), ", "); got != c.want {
					t.Errorf("the network got %q, not %q", got, c.want)
				}
				told := strings.Join(r.drain(), "")
				if (c.told != "") != strings.Contains(told, "type='error'") || !strings.Contains(told, c.told) {
					t.Errorf("alice got %s", told)
				}
				if records, parked := r.store.count(); records+parked > 0 && c.told == "" {
					t.Errorf("%d records and %d rows are left", records, parked)
				}
			})
		})
	}
}

// now is the event that somebody has changed a text.
func now(who bridges.UserID, id, of, text string) bridges.Edit {
	m := bridges.Message{ID: bridges.MessageID(id), Chat: phone, From: who, Text: text}
	return bridges.Edit{Message: m, Of: bridges.MessageID(of)}
}

// replaced is what alice gets for one: the new text and the id of the old one, and
// by whom.
func (r *timeless) replaced() (all []string) {
	for _, xml := range r.drain() {
		if !strings.Contains(xml, "<body>") {
			continue
		}
		_, body, _ := strings.Cut(xml, "<body>")
		body, _, _ = strings.Cut(body, "</body>")
		if _, of, ok := strings.Cut(xml, "<replace xmlns='urn:xmpp:message-correct:0' id='"); ok {
			of, _, _ = strings.Cut(of, "'")
			body += " for " + of
		}
		if strings.Contains(xml, "<privilege") {
			body = "alice: " + body
		}
		all = append(all, body)
	}
	return all
}

// changesIn are what the network says of earlier messages.
type changesIn []struct {
	name   string
	events []bridges.Event
	want   string // N0 is the id of the contact's text, O1 that of the user's own
	drop   string // why one of them is not shown
}

// run wants alice to see of the events what sees returns.
func (all changesIn) run(t *testing.T, sees func(r *timeless) []string) {
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			markerRig(t, func(r *timeless) {
				r.correspond()
				r.bridge.OnRecall(leftOf)
				before := r.dropped(c.drop)
				r.give(c.events...)
				got := sees(r)
				for name, id := range map[string]bridges.MessageID{"N0": "n0", "O1": "o1", "E1": "e1"} {
					m, _, _ := r.store.MessageByID(t.Context(), domain, id)
					c.want = strings.ReplaceAll(c.want, name, m.Stanza)
				}
				if strings.Join(got, ", ") != c.want {
					t.Errorf("alice sees %q, not %q", got, c.want)
				}
				if c.drop != "" && r.dropped(c.drop) != before+1 {
					t.Errorf("%d are counted as %s", r.dropped(c.drop)-before, c.drop)
				}
				if records, parked := r.store.count(); records+parked > 0 {
					t.Errorf("%d records and %d rows are left", records, parked)
				}
			})
		})
	}
}

var editsIn = changesIn{
	{"0308.1 by the contact", []bridges.Event{now(phone, "e1", "n0", "new")}, "new for N0", ""},
	{"0308.1 several, all of the first", []bridges.Event{now(phone, "e1", "n0", "new"), now(phone, "e2", "n0", "newer"), now(phone, "e3", "e1", "newest")}, "new for N0, newer for N0, newest for N0", ""},
	{"5.1.8 a repetition of the network", []bridges.Event{now(phone, "e1", "n0", "new"), now(phone, "e1", "n0", "new")}, "new for N0", "repetition of the network"},
	{"of what never came", []bridges.Event{now(phone, "e1", "n9", "new")}, "Edited: new", ""},
	{"and of that again", []bridges.Event{now(phone, "e1", "n9", "new"), now(phone, "e2", "e1", "newer")}, "Edited: new, newer for E1", ""},
	{"0308.4 of the user's message by the contact", []bridges.Event{now(phone, "e1", "m1", "forged")}, "", "edit of another's message"},
	{"0308.4 of another's", []bridges.Event{bridges.Edit{Message: bridges.Message{ID: "e1", Chat: stranger, From: stranger, Text: "forged"}, Of: "n0"}}, "", "edit of another's message"},
	{"0308.4 of the contact's by the user", []bridges.Event{now(number, "e1", "n0", "forged")}, "", "edit of another's message"},
	{"of what the user sent elsewhere", []bridges.Event{own("o1", "hello"), now(number, "e1", "o1", "bye")}, "You, from another device: hello, You, from another device: bye for O1", ""},
	{"of what the user sent from here", []bridges.Event{now(number, "e1", "m1", "uno")}, "You, from another device: Edited: uno", ""},
}

func TestEditsIn(t *testing.T) { editsIn.run(t, (*timeless).replaced) }

// What the user changes in another program of the network is changed as the
// user's own where the host lets us (0356.11), and is not sent to the network.
func TestOwnEdits(t *testing.T) {
	markerRig(t, func(r *timeless) {
		r.correspond()
		r.g.Handle(mustParse(t, grants("example.org", privilege.NS, permMessage)), zeroKey)
		r.handed()
		r.give(now(number, "e1", "m1", "uno"))
		if got := strings.Join(r.replaced(), ", "); got != "alice: uno for a1" {
			t.Errorf("alice got %q", got)
		}
		r.give(now(number, "m1", "m1", "uno")) // an echo
		m, _, _ := r.store.MessageByID(t.Context(), domain, "e1")
		r.receive(t, strings.Replace(replacing(m.Stanza, "a1", "uno"), "/phone'", "'", 1)) // F4
		synctest.Wait()
		if got := append(r.replaced(), r.handed()...); len(got) > 0 {
			t.Errorf("then there is %q", got)
		}
	})
}

// TestEditsAfterACrash: of what a text is an edit is on disk.
func TestEditsAfterACrash(t *testing.T) {
	markerRig(t, func(r *timeless) {
		r.correspond()
		r.receive(t, replacing("e", "a1", "ONE"))
		synctest.Wait()
		next := r.crash(bridgetest.Rich())
		next.receive(t, replacing("f", "e", "Uno"))
		synctest.Wait()
		if got := strings.Join(next.handed(), ", "); got != "m1 is now Uno" {
			t.Errorf("the network got %q", got)
		}
		*r = *next
	})
}

func playEditOut(r *theater) {
	r.receive(text("t", "t"), true)
	r.receive(replacing("e", "t", "new"), true)
}

// endEditOut: the text was changed, or the user told, if the network has it; and
// a correction of the correction is one of the text.
func endEditOut(r *theater) {
	changed := 0
	r.receive(replacing("f", "e", "newer"), true)
	synctest.Wait()
	r.watch()
	keys := map[string]bool{}
	for len(r.bridge.Events()) > 0 {
		if x, ok := (<-r.bridge.Events()).(bridges.Edit); ok {
			keys[x.Key] = true
			if x.Of != "m1" && !strings.HasPrefix(string(x.Of), "m") {
				r.w.t.Errorf("0308.2: %s was changed", x.Of)
			}
			changed++
		}
	}
	if told := r.saw("type='error'", "id='e'"); told > 1 || changed != len(keys) {
		r.w.t.Errorf("told %d times, changed %d times by %d corrections", told, changed, len(keys))
	}
}

func playEditIn(r *theater) {
	m := sms("hello")
	m.ID = "net"
	r.give(m)
	r.give(now(phone, "e1", "net", "new"))
	r.give(now(phone, "e2", "net", "newer"))
}

// endEditIn: each comes once, and all of them take the place of the text.
func endEditIn(r *theater) {
	playEditIn(r)
	r.watch()
	m, _, _ := r.store.MessageByID(context.Background(), domain, "net")
	for _, text := range []string{"new", "newer"} {
		if all, right := r.saw("<body>"+text+"<"), r.saw("<body>"+text+"<", "<replace", "id='"+m.Stanza+"'"); all != 1 || right != 1 {
			r.w.t.Errorf("0308.1: %s came %d times, %d times in place of the text", text, all, right)
		}
	}
}
