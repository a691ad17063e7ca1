package gateway

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

func bounce(id, body string) string {
	return `<message type='error' id='` + id + `' from='alice@example.org' to='+12025550100@sms.example.org/gateway'>` + body +
		`<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`
}

func idOf(xml string) string {
	_, rest, _ := strings.Cut(xml, " id='")
	id, _, _ := strings.Cut(rest, "'")
	return id
}

// come lets alice be there.
func (r *timeless) come() {
	synctest.Wait()
	r.do <- func() {
		r.h.Handle(mustParse(r.t, available(alice+"/x", domain)), zeroKey)
	}
	synctest.Wait()
}

func (r *timeless) bodies() (all []string) {
	for _, s := range r.drain() {
		if strings.Contains(s, "<body>") {
			all = append(all, s)
		}
	}
	return all
}

func TestBounced(t *testing.T) {
	for name, f := range map[string]func(r *timeless){
		"is shown when the user returns":    shownOnReturn,
		"after it was settled, by its body": shownByItsBody,
		"0191.1 not for ever":               givenUp,
		"expires":                           bounceExpires,
		"another user cannot take it":       forgedBounce,
	} {
		t.Run(name, func(t *testing.T) { inBubble(t, f) })
	}
}

func shownOnReturn(r *timeless) {
	r.hold = true
	r.give(sms("hello"))
	first := r.bodies()[0]
	r.receive(r.t, bounce(idOf(first), ""))
	r.settle()
	synctest.Wait()
	if n, p := r.store.count(); n != 0 || p != 1 {
		r.t.Errorf("%d journalled, %d parked", n, p)
	}
	next := r.crash(bridgetest.SMS()) // it survives
	next.come()
	if got := next.bodies(); len(got) != 1 || got[0] != first {
		r.t.Errorf("shown %q, not %q", got, first)
	}
	if n, p := next.store.count(); n != 0 || p != 0 {
		r.t.Errorf("%d journalled, %d parked", n, p)
	}
	*r = *next
}

func shownByItsBody(r *timeless) {
	r.give(sms("hello"))
	id := idOf(r.bodies()[0])
	r.receive(r.t, bounce(id, "<body>hello</body>"))
	r.come()
	if got := r.bodies(); len(got) != 1 || idOf(got[0]) != id || !strings.Contains(got[0], "hello") {
		r.t.Errorf("shown %q", got)
	}
}

func givenUp(r *timeless) {
	r.hold = true
	r.give(sms("hello"))
	for i := range bounceTries + 2 {
		got := r.bodies()
		if i > bounceTries {
			if len(got) != 0 {
				r.t.Errorf("try %d: %q", i, got)
			}
			break
		}
		if len(got) != 1 {
			r.t.Fatalf("try %d: %q", i, got)
		}
		r.receive(r.t, bounce(idOf(got[0]), ""))
		r.come()
	}
	r.settle()
	synctest.Wait()
	if n, p := r.store.count(); n != 0 || p != 0 {
		r.t.Errorf("%d journalled, %d parked", n, p)
	}
}

func bounceExpires(r *timeless) {
	r.hold = true
	r.give(sms("hello"))
	r.receive(r.t, bounce(idOf(r.bodies()[0]), ""))
	synctest.Wait()
	time.Sleep(bounceTime + time.Hour)
	r.come()
	if got := r.bodies(); len(got) != 0 {
		r.t.Errorf("shown %q", got)
	}
}

func forgedBounce(r *timeless) {
	r.hold = true
	r.give(sms("hello"))
	forged := strings.Replace(bounce(idOf(r.bodies()[0]), ""), "alice@", "bob@", 1)
	r.receive(r.t, forged)
	r.settle()
	synctest.Wait()
	if n, p := r.store.count(); n != 0 || p != 0 {
		r.t.Errorf("%d journalled, %d parked", n, p)
	}
}

// give delivers events in one call: they are on disk together.
func (r *timeless) give(events ...bridges.Event) {
	r.t.Helper()
	if err := r.g.Deliver(r.t.Context(), toAlice(events...)); err != nil {
		r.t.Fatal(err)
	}
	synctest.Wait()
}
