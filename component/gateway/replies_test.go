package gateway

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"causeway/bridges"
	"causeway/component/xep/privilege"
)

// quotes is a text of alice's that answers a message and quotes it.
func quotes(of, body string) string {
	return toContact(phone, `<body>&gt; 😀?`+"\n"+body+`</body><reply xmlns='urn:xmpp:reply:0' to='+12025550100@sms.example.org' id='`+of+`'/>`+
		`<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='5'/></fallback>`)
}

// replies has alice answer a message, and returns what the network gets.
func (r *timeless) replies(of, body string) string {
	r.receive(r.t, strings.Replace(quotes(of, body), "id='h'", "id='re "+of+body+"'", 1))
	synctest.Wait()
	m := <-r.bridge.Sent()
	return fmt.Sprintf("%s to %s", m.Text, m.ReplyTo)
}

// 0461.4: who answers a message that the network knows sends no quote of it; else
// it stays (0461.6).
func TestRepliesOut(t *testing.T) {
	markerRig(t, func(r *timeless) {
		r.correspond()
		r.bridge.OnSend(nil)
		r.handed()
		n0, _, _ := r.store.MessageByID(context.Background(), domain, "n0")
		for _, c := range []struct{ name, of, body, want string }{
			{"0461.2 0461.4 to the contact's message", n0.Stanza, "yes", "yes to n0"},
			{"0461.4 to the user's own", "a1", "and no", "and no to m1"},
			{"0461.4 to one in parts", "long", "indeed", "indeed to p2"},
			{"0461.6 to an unknown one", "x", "what", "> 😀?\nwhat to "},
			{"0461.6 to nothing", "", "what", "what to "},
			{"0461.4 nothing but a quote", "a1", "", "> 😀?\n to m1"},
		} {
			if got := r.replies(c.of, c.body); got != c.want {
				t.Errorf("%s: the network got %q, not %q", c.name, got, c.want)
			}
		}
		r.receive(t, replacing("e", "a1", "ONE"))
		if got := r.replies("e", "to an edit"); got != "to an edit to m1" {
			t.Errorf("the network got %q", got)
		}
		r.receive(t, strings.Replace(quotes(n0.Stanza, "no"), "<reply", "<replace xmlns='urn:xmpp:message-correct:0' id='a2'/><reply", 1))
		synctest.Wait()
		if got := strings.Join(r.handed(), ", "); got != "m1 is now ONE, m2 is now no" {
			t.Errorf("0308.2: an answer is corrected to %q", got)
		}
	})
}

// re is a text of the network that answers a message.
func re(who bridges.UserID, of, quote string) bridges.Message {
	return bridges.Message{ID: "re", Chat: phone, From: who, Text: "yes", ReplyTo: bridges.MessageID(of), Quote: quote}
}

var repliesIn = []struct {
	name  string
	event bridges.Message
	reply string // its attributes
	body  string
	end   int // of the part that is a fallback
}{
	{"0461.1 to the user's message", re(phone, "m1", ""), "to='alice@example.org' id='a1'", "yes", 0},
	{"0461.1 to the contact's own", re(phone, "n0", ""), "to='+12025550100@sms.example.org' id='N0'", "yes", 0},
	{"0461.3 0428.4 with a quote", re(phone, "m1", "😀?\nb"), "to='alice@example.org' id='a1'", "&gt; 😀?\n&gt; b\nyes", 9},
	{"0461.6 to what never came, with a quote", re(phone, "m9", "when?"), "", "&gt; when?\nyes", 0},
	{"to what never came", re(phone, "m9", ""), "", "yes", 0},
	{"of another chat", bridges.Message{ID: "re", Chat: stranger, From: stranger, Text: "yes", ReplyTo: "m1"}, "", "yes", 0},
	{"of the user elsewhere", re(number, "n0", ""), "to='+12025550100@sms.example.org' id='N0'", "You, from another device: yes", 0},
}

func TestRepliesIn(t *testing.T) {
	for _, c := range repliesIn {
		t.Run(c.name, func(t *testing.T) {
			markerRig(t, func(r *timeless) {
				r.correspond()
				r.give(c.event)
				m, _, _ := r.store.MessageByID(t.Context(), domain, "n0")
				want := "<body>" + c.body + "</body>"
				if c.end > 0 {
					want = fmt.Sprintf("<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='%d'/></fallback>", c.end) + want
				}
				if c.reply != "" {
					want = "<reply xmlns='urn:xmpp:reply:0' " + strings.Replace(c.reply, "N0", m.Stanza, 1) + "/>" + want
				}
				all := r.bodies()
				if len(all) != 1 || !strings.Contains(all[0], want) || c.reply == "" && strings.Contains(all[0], "<reply") {
					t.Errorf("alice got %q, not %s", all, want)
				}
			})
		})
	}
}

// Elsewhere the user has answered; the host shows that as the user's (0356.11).
func TestOwnReplies(t *testing.T) {
	markerRig(t, func(r *timeless) {
		r.correspond()
		r.g.Handle(mustParse(t, grants("example.org", privilege.NS, permMessage)), zeroKey)
		synctest.Wait()
		r.drain()
		r.give(re(number, "m1", ""))
		if got := strings.Join(r.drain(), ""); !strings.Contains(got, "<privilege") || !strings.Contains(got, "<reply xmlns='urn:xmpp:reply:0' to='alice@example.org' id='a1'/><body>yes</body>") {
			t.Errorf("sent %s", got)
		}
	})
}
