package gateway

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

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
func (r *timeless) come() { r.shows("", "") }

// shows lets alice show a presence of a type, with what it has in it.
func (r *timeless) shows(typ, in string) {
	if typ != "" {
		typ = " type='" + typ + "'"
	}
	synctest.Wait()
	r.do <- func() {
		r.h.Handle(mustParse(r.t, "<presence"+typ+" from='"+alice+"/x' to='"+domain+"'>"+in+"</presence>"), zeroKey)
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
		"0191.1 not again and again":        pausesWhileThere,
		"0100.25 not at a priority below 0": waitsForPriority,
		"in order of each contact":          tiedInOrder,
		"no more than the bound":            givenUp,
		"0191.1 blocked ones make room":     blockedMakeRoom,
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

// pausesWhileThere has a server that returns the text although the user is there.
func pausesWhileThere(r *timeless) {
	r.hold = true
	r.come()
	r.give(sms("hello"))
	back := func() {
		r.t.Helper()
		got := r.bodies()
		if len(got) != 1 {
			r.t.Fatalf("%q", got)
		}
		r.receive(r.t, bounce(idOf(got[0]), ""))
		r.settle()
		synctest.Wait()
		r.hold = true
	}
	still := func(what string) {
		r.t.Helper()
		if got := r.bodies(); len(got) != 0 {
			r.t.Errorf("%s: %q", what, got)
		}
	}
	for range bounceTries {
		back()
		r.come()
		r.receive(r.t, text("w", "I am here"))
		still("in the pause")
		time.Sleep(bouncePause + bounceSweep)
	}
	back()
	time.Sleep(24 * time.Hour)
	r.come()
	still("after all tries")
	r.shows("unavailable", "")
	r.come()
	back()
	r.ages(bounceTime)
	if n, p := r.store.count(); n != 0 || p != 0 || r.g.people.waiting.Load() != 0 {
		r.t.Errorf("%d records, %d rows, %d waiting", n, p, r.g.people.waiting.Load())
	}
}

func waitsForPriority(r *timeless) {
	r.hold = true
	r.shows("", "<priority>-1</priority>")
	r.give(sms("hello"))
	first := r.bodies()[0]
	r.receive(r.t, bounce(idOf(first), ""))
	for range 2 * bounceTries {
		r.shows("", "<priority>-1</priority>")
		r.receive(r.t, text("w", "written by it"))
		time.Sleep(bouncePause)
	}
	if got := r.bodies(); len(got) != 0 {
		r.t.Fatalf("shown %q", got)
	}
	r.shows("", "<priority>0</priority>")
	if got := r.bodies(); len(got) != 1 || got[0] != first {
		r.t.Errorf("shown %q, not %q", got, first)
	}
}

// tiedInOrder has a text wait after a try, and a later one of the same contact
// and one of another that were never tried.
func tiedInOrder(r *timeless) {
	r.hold = true
	back := func() {
		for _, xml := range r.bodies() {
			r.receive(r.t, strings.Replace(bounce(idOf(xml), ""), phone, from(xml), 1))
		}
		synctest.Wait()
	}
	r.come()
	r.give(sms("one"))
	back()
	r.shows("unavailable", "")
	r.give(sms("two"), bridges.Message{Chat: "+12025550101", From: "+12025550101", Text: "other"})
	back()
	r.receive(r.t, text("w", "I am here"))
	if got := r.bodies(); len(got) != 1 || !strings.Contains(got[0], "other") {
		r.t.Errorf("who writes sees %q", got)
	}
	r.come()
	if got := r.bodies(); len(got) != 2 || !strings.Contains(got[0], "one") || !strings.Contains(got[1], "two") {
		r.t.Errorf("who comes sees %q", got)
	}
}

func from(xml string) string {
	_, rest, _ := strings.Cut(xml, " from='")
	number, _, _ := strings.Cut(rest, "@")
	return number
}

// fill has one text more come back than may wait.
func (r *timeless) fill() {
	r.t.Helper()
	for range bounceLimit + 1 {
		r.hold = true
		r.give(sms("hello"))
		r.receive(r.t, bounce(idOf(r.bodies()[0]), ""))
		r.settle()
		synctest.Wait()
	}
}

// blockedMakeRoom has a text come back to a user who is away, when all places are
// taken by what she would not have.
func blockedMakeRoom(r *timeless) {
	r.come()
	time.Sleep(bouncePause)
	r.fill()
	r.shows("unavailable", "")
	r.hold = true
	r.give(sms("wanted"))
	r.receive(r.t, bounce(idOf(r.bodies()[0]), ""))
	r.come()
	if got := r.bodies(); len(got) != bounceLimit || !strings.Contains(got[bounceLimit-1], "wanted") {
		r.t.Errorf("%d: %q", len(got), got)
	}
}

func givenUp(r *timeless) {
	r.fill()
	if n, p := r.store.count(); n != 0 || p != bounceLimit {
		r.t.Errorf("%d journalled, %d parked", n, p)
	}
	if n := testutil.ToFloat64(r.g.cfg.Metrics.bounces.WithLabelValues(domain, "given up")); n != 1 {
		r.t.Errorf("%v counted", n)
	}
}

func bounceExpires(r *timeless) {
	r.hold = true
	r.give(sms("hello"))
	r.receive(r.t, bounce(idOf(r.bodies()[0]), ""))
	synctest.Wait()
	r.ages(bounceTime)
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

// ages makes what waits older, and has it looked after. A bubble passes a week second
// by second.
func (r *timeless) ages(d time.Duration) {
	r.t.Helper()
	r.store.mu.Lock()
	for k, p := range r.store.state.parked {
		p.Expires = p.Expires.Add(-d)
		r.store.state.parked[k] = p
	}
	r.store.mu.Unlock()
	time.Sleep(2 * bounceSweep)
	synctest.Wait()
}

// give delivers events in one call: they are on disk together.
func (r *timeless) give(events ...bridges.Event) {
	r.t.Helper()
	if err := r.g.Deliver(r.t.Context(), toAlice(events...)); err != nil {
		r.t.Fatal(err)
	}
	synctest.Wait()
}
