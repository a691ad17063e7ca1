package gateway

import (
	"strings"
	"testing"
	"testing/synctest"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

// TestBlock: of whom a user has blocked nothing is heard, also after a start, and nothing
// is sent there, until the user ends that (xeps.md 0191.4).
func TestBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemStore()
		registered(s, alice, number)
		hasContacts(t, s, phone)
		info := bridgetest.SMS()
		info.Can |= bridges.CanDisplayed | bridges.CanTyping
		r := startTimeless(t, s, info)
		r.receive(t, available(alice+"/x", domain))
		r.drain()
		r.comes(t, "a contact", "hi")
		r.orders(t, "block "+phone, phoneJID+" is blocked: you hear nothing of it any more. Write unblock "+phoneJID+" to end that.")
		r.orders(t, "block Zoe +1", "")
		r.orders(t, "block "+phone, phoneJID+" is blocked already.")
		r.orders(t, "contacts", "You have no contacts here yet")
		if l := <-r.bridge.Lefts(); l.Person != phone {
			t.Errorf("0191.4: %+v was left", l)
		}
		for _, life := range []string{"at once", "after a start"} {
			r.comes(t, life)
			r.give(bridges.ContactRequest{Person: phone})
			r.receive(t, presence("subscribe", alice, phoneJID))
			r.receive(t, `<message type='chat' id='m' from='alice@example.org/x' to='`+phoneJID+`'><body>and I?</body></message>`)
			sent := strings.Join(r.drain(), "\n")
			if strings.Contains(sent, "type='subscribe'") || !strings.Contains(sent, "type='unsubscribed'") || strings.Count(sent, errBlocked.Text) != 2 {
				t.Errorf("%s: %s", life, sent)
			}
			r.orders(t, "add "+phone, errBlocked.Text)
			r.orders(t, "cancel", "")
			if texts := r.texts(); texts != nil {
				t.Errorf("%s: %q was sent", life, texts)
			}
			if n, p := r.store.count(); n != 0 || p != 0 {
				t.Errorf("%s: %d records and %d rows are left", life, n, p)
			}
			if life == "at once" {
				r = r.crash(info)
				r.drain()
			}
		}
		defer r.end()
		r.orders(t, "unblock", "You have blocked "+phoneJID+". Address?")
		r.orders(t, "+12025550101", "You have not blocked +12025550101@sms.example.org.")
		r.orders(t, phone, phoneJID+" is not blocked any more.")
		r.orders(t, "unblock", "You have blocked nobody.")
		r.comes(t, "again", "hi")
		r.orders(t, "add "+phone, "Write to "+phoneJID+" now.")
	})
}

// comes has the contact do what contacts do, and wants these texts to come of it.
func (r *timeless) comes(t *testing.T, what string, want ...string) {
	t.Helper()
	r.give(sms("hi"))
	r.g.Hint(bridges.Delivery{Account: alice, Event: bridges.Typing{Chat: phone, From: phone, Composing: true}})
	got := strings.Join(r.drain(), "\n")
	if n := strings.Count(got, "<body>hi</body>"); n != len(want) || n == 0 && got != "" {
		t.Errorf("%s: %q came", what, got)
	}
}

// orders has the user write to the gateway, and wants an answer that begins so.
func (r *timeless) orders(t *testing.T, text, want string) {
	t.Helper()
	r.receive(t, `<message type='chat' id='`+newID()+`' from='alice@example.org/x' to='`+domain+`'><body>`+text+`</body></message>`)
	if got := strings.Join(r.drain(), "\n"); !strings.Contains(got, "<body>"+want) {
		t.Errorf("%q was answered by %q", text, got)
	}
}
