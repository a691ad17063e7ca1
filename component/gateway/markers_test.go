package gateway

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/mapping"
)

// markerRig is a gateway in simulated time whose network has read marks.
func markerRig(t *testing.T, f func(r *timeless)) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemStore()
		registered(s, alice, number)
		registered(s, bob, "+12025550198")
		r := startTimeless(t, s, bridgetest.Rich())
		f(r)
		r.end()
	})
}

// inbox has texts come from the phone, and returns their stanzas' ids. On the
// network they are n0, n1 …
func (r *timeless) inbox(n int) (ids []string) {
	var events []bridges.Event
	for i := range n {
		events = append(events, bridges.Message{ID: bridges.MessageID(fmt.Sprint("n", i)), Chat: phone, From: phone, Text: fmt.Sprint("text ", i)})
	}
	r.give(events...)
	for _, xml := range r.bodies() {
		if !strings.Contains(xml, `<markable xmlns='urn:xmpp:chat-markers:0'/>`) {
			r.t.Errorf("0333.1: %s", xml)
		}
		ids = append(ids, idOf(xml))
	}
	if len(ids) != n {
		r.t.Fatalf("%d texts came", len(ids))
	}
	return ids
}

// reads has a user's client say what was displayed in a chat.
func (r *timeless) reads(user, contact, id string) {
	r.receive(r.t, `<message type='chat' id='d' from='`+user+`/phone' to='`+contact+`@sms.example.org'>`+
		`<displayed xmlns='urn:xmpp:chat-markers:0' id='`+id+`'/></message>`)
	synctest.Wait()
}

func (r *timeless) dropped(reason string) int {
	return int(testutil.ToFloat64(r.g.cfg.Metrics.dropped.WithLabelValues(domain, reason)))
}

// says has the network answer all signs with an error; nil: it takes them.
func (r *timeless) says(err error) {
	r.bridge.OnSign(func(context.Context, bridges.Event) error { return err })
}

var later = &bridges.Error{Kind: bridges.Temporary, Text: "Later."}

var markersOut = []struct {
	name string
	do   func(r *timeless, ids []string)
	want string
	drop string // the reason, and how often
}{
	{"0333.2 up to here", func(r *timeless, ids []string) { r.reads(alice, phone, ids[1]) }, "n1", ""},
	{"0333.2 newest only", func(r *timeless, ids []string) {
		for _, i := range []int{0, 2, 1, 2, 0} {
			r.reads(alice, phone, ids[i])
		}
	}, "n0 n2", "older marker 3"},
	{"0333.2 of several that wait the newest", func(r *timeless, ids []string) {
		release := r.busy()
		r.reads(alice, phone, ids[0]) // under way
		r.reads(alice, phone, ids[2])
		r.reads(alice, phone, ids[1])
		release()
	}, "n0 n2", "older marker 1"},
	{"0333.2 beside a text", func(r *timeless, ids []string) {
		r.receive(r.t, toContact(phone, `<body>yes</body><displayed xmlns='urn:xmpp:chat-markers:0' id='`+ids[1]+`'/>`))
		r.wantSent("yes")
	}, "n1", ""},
	{"0333.2 unknown id", func(r *timeless, _ []string) { r.reads(alice, phone, "x") }, "", "marker for an unknown message 1"},
	{"of another's message", func(r *timeless, ids []string) { r.reads(bob, phone, ids[0]) }, "", "marker for an unknown message 1"},
	{"of another chat's message", func(r *timeless, ids []string) { r.reads(alice, stranger, ids[0]) }, "", "marker for an unknown message 1"},
	{"of a stranger", func(r *timeless, ids []string) { r.reads("eve@example.org", phone, ids[0]) }, "", "marker for an unknown message 1"},
	{"a network that does not take it", func(r *timeless, ids []string) {
		r.says(&bridges.Error{Kind: bridges.NotAllowed, Text: "Never."})
		r.reads(alice, phone, ids[0])
		time.Sleep(markTime)
	}, "n0", "marker refused 1"},
	{"a panic of the adapter", func(r *timeless, ids []string) {
		r.bridge.OnSign(func(context.Context, bridges.Event) error { panic("x") })
		r.reads(alice, phone, ids[0])
		r.says(nil)
		r.reads(alice, phone, ids[1])
	}, "n0 n1", "marker refused 1"},
	{"one that does later", func(r *timeless, ids []string) {
		r.says(later)
		r.reads(alice, phone, ids[0])
		r.reads(alice, phone, ids[1])
		r.receive(r.t, text("1", "one")) // it is not held up
		r.says(nil)
		r.wantSent("one")
		time.Sleep(markGap + time.Second)
	}, "n0 n1", "older marker 1"},
	{"one that says when", func(r *timeless, ids []string) {
		r.says(later)
		r.reads(alice, phone, ids[0])
		r.says(nil)
		r.g.Ready()
	}, "n0 n0", ""},
	{"one that never does", func(r *timeless, ids []string) {
		r.says(later)
		r.reads(alice, phone, ids[0])
		r.reads(alice, phone, "x") // waits with it
		time.Sleep(markTime + 2*markGap)
		r.says(nil)
		for len(r.bridge.Events()) > 0 {
			<-r.bridge.Events()
		}
	}, "", "marker refused 1"},
	{"too many", func(r *timeless, ids []string) {
		release := r.busy()
		r.reads(alice, phone, ids[0])
		for range markLimit {
			r.reads(alice, phone, ids[2])
		}
		r.reads(alice, phone, ids[1])
		release()
	}, "n0 n2", "too many markers 1"},
	{"0333.4 received and acknowledged", func(r *timeless, ids []string) {
		r.receive(r.t, toContact(phone, `<received xmlns='urn:xmpp:chat-markers:0' id='`+ids[0]+`'/>`))
		r.receive(r.t, toContact(phone, `<acknowledged xmlns='urn:xmpp:chat-markers:0' id='`+ids[0]+`'/>`))
	}, "", "marker 1"},
	{"a receipt with it", func(r *timeless, ids []string) {
		r.receive(r.t, toContact(phone, `<received xmlns='urn:xmpp:receipts' id='`+ids[0]+`'/><displayed xmlns='urn:xmpp:chat-markers:0' id='`+ids[0]+`'/>`))
	}, "n0", ""},
	{"after a crash no older one", func(r *timeless, ids []string) {
		r.reads(alice, phone, ids[1])
		next := r.crash(bridgetest.Rich())
		next.reads(alice, phone, ids[0])
		next.reads(alice, phone, ids[1])
		next.reads(alice, phone, ids[2])
		if got := strings.Join(next.shown(), " "); got != "n2" {
			r.t.Errorf("the successor told %q", got)
		}
		*r = *next
	}, "", "older marker 2"},
	{"after a crash what waits", func(r *timeless, ids []string) {
		r.says(later)
		r.reads(alice, phone, ids[0])
		r.shown()
		*r = *r.crash(bridgetest.Rich())
	}, "n0", ""},
}

func (r *timeless) wantSent(body string) {
	r.t.Helper()
	synctest.Wait()
	if all := r.bridge.All(); len(all) != 1 || all[0].Text != body {
		r.t.Errorf("the network got %+v", all)
	}
}

func TestMarkersOut(t *testing.T) {
	for _, c := range markersOut {
		t.Run(c.name, func(t *testing.T) {
			markerRig(t, func(r *timeless) {
				c.do(r, r.inbox(3))
				if got := strings.Join(r.shown(), " "); got != c.want {
					t.Errorf("the network was told %q, not %q", got, c.want)
				}
				if c.drop != "" {
					var want int
					i := strings.LastIndex(c.drop, " ")
					_, _ = fmt.Sscan(c.drop[i:], &want)
					if got := r.dropped(c.drop[:i]); got != want {
						t.Errorf("%d are counted as %s", got, c.drop)
					}
				}
				if records, parked := r.store.count(); records+parked > 0 {
					t.Errorf("%d records and %d rows are left", records, parked)
				}
				for _, xml := range r.drain() { // 0333.6
					if strings.Contains(xml, "chat-markers") || strings.Contains(xml, "type='error'") {
						t.Errorf("the user got %s", xml)
					}
				}
			})
		})
	}
}

func playMarkOut(r *theater) {
	m := sms("hello")
	m.ID = "net"
	r.give(m)
	r.mu.Lock()
	for _, x := range r.pending {
		r.mark = x.out.ID
	}
	r.mu.Unlock()
	r.reads()
}

// reads has alice's client say that it displayed what was marked.
func (r *theater) reads() {
	r.receive(`<message type='chat' id='d' from='alice@example.org/phone' to='+12025550100@sms.example.org'><displayed xmlns='urn:xmpp:chat-markers:0' id='`+r.mark+`'/></message>`, true)
	synctest.Wait()
}

// endMarkOut: the network learns what was read, wherever the machine died, if
// the text came at all.
func endMarkOut(r *theater) {
	m := sms("hello")
	m.ID = "net"
	r.give(m)
	r.watch()
	r.mark = ""
	for id, xml := range r.seen {
		if strings.Contains(xml, "hello") {
			r.mark = id
		}
	}
	r.reads()
	far := r.g.reached(byUser, mapping.Message{Account: alice, Chat: phone}, "")
	if _, known, _ := r.store.MessageByID(context.Background(), domain, far.ID); !known {
		r.w.t.Error("0333.2: the network does not know what was read")
	}
}
