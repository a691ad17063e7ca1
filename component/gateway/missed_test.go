package gateway

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component/stanza"
)

// A text and its user who comes may miss each other: the server returns the text
// although the user is there by the time when that arrives.
func TestMissed(t *testing.T) {
	for name, f := range map[string]func(r *timeless){
		"comes soon":                          missedComesSoon,
		"comes soon, sent long before":        sentLongBefore,
		"0191.1 grows, and ends":              pausesGrow,
		"0191.1 is rare to who has been long": rareLater,
		"stays in order":                      missedInOrder,
		"survives a crash, in order":          missedSurvives,
		"waits for who leaves":                missedWhoLeaves,
	} {
		t.Run(name, func(t *testing.T) { inBubble(t, f) })
	}
}

// misses has alice come while the server returns a text.
func (r *timeless) misses(text string) (xml string) {
	r.t.Helper()
	r.hold = true
	r.give(sms(text))
	xml = r.bodies()[0]
	r.come()
	r.returns(xml)
	return xml
}

// returns has the server return a text.
func (r *timeless) returns(xml string) {
	r.receive(r.t, strings.Replace(bounce(idOf(xml), ""), phone, from(xml), 1))
	r.settle()
	r.do <- func() { r.hold = true }
	synctest.Wait()
}

// within returns what is shown in a time, and a second for the sweep.
func (r *timeless) within(d time.Duration) []string {
	time.Sleep(d + time.Second)
	return r.bodies()
}

func (r *timeless) isEmpty() {
	r.t.Helper()
	r.settle()
	synctest.Wait()
	if n, p := r.store.count(); n != 0 || p != 0 || r.g.people.waiting.Load() != 0 {
		r.t.Errorf("%d records, %d rows, %d waiting", n, p, r.g.people.waiting.Load())
	}
}

func missedComesSoon(r *timeless) {
	xml := r.misses("hello")
	if got := r.bodies(); len(got) != 0 {
		r.t.Errorf("shown at once: %q", got)
	}
	if got := r.within(bounceSoon); len(got) != 1 || got[0] != xml {
		r.t.Errorf("shown %q, not %q", got, xml)
	}
	r.isEmpty()
	if got := r.within(bouncePause); len(got) != 0 {
		r.t.Errorf("shown again: %q", got)
	}
}

func sentLongBefore(r *timeless) {
	r.hold = true
	r.give(sms("hello"))
	xml := r.bodies()[0]
	time.Sleep(time.Hour)
	r.come()
	time.Sleep(time.Hour)
	r.returns(xml)
	if got := r.within(bounceSoon); len(got) != 1 || got[0] != xml {
		r.t.Errorf("shown %q, not %q", got, xml)
	}
}

func pausesGrow(r *timeless) {
	began := time.Now()
	xml := r.misses("hello")
	var pauses []time.Duration
	for last := time.Now(); time.Since(began) < 2*bouncePause; {
		for _, again := range r.within(0) {
			pauses = append(pauses, time.Since(last).Truncate(time.Second))
			last = time.Now()
			if again != xml {
				r.t.Errorf("shown %q, not %q", again, xml)
			}
			r.returns(again)
		}
	}
	if len(pauses) != bounceTries || pauses[0] > 2*bounceSoon {
		r.t.Errorf("the pauses are %v", pauses)
	}
	for i := 1; i < len(pauses); i++ {
		if pauses[i] < 2*pauses[i-1] && pauses[i] < bouncePause {
			r.t.Errorf("the pauses are %v", pauses)
		}
	}
}

func rareLater(r *timeless) {
	r.come()
	time.Sleep(bouncePause)
	r.hold = true
	r.give(sms("hello"))
	r.returns(r.bodies()[0])
	if got := r.within(bouncePause - 2*time.Second); len(got) != 0 {
		r.t.Errorf("shown in the pause: %q", got)
	}
	if got := r.within(2 * time.Second); len(got) != 1 {
		r.t.Errorf("shown after it: %q", got)
	}
}

// missedInOrder has two texts of a contact returned, and one of somebody else
// come meanwhile.
func missedInOrder(r *timeless) {
	r.missesTwo()
	r.give(bridges.Message{Chat: "+12025550101", From: "+12025550101", Text: "other"})
	if got := r.bodies(); len(got) != 1 || !strings.Contains(got[0], "other") {
		r.t.Errorf("shown in between: %q", got)
	}
	if got := r.within(bounceSoon); len(got) != 2 || !strings.Contains(got[0], "one") || !strings.Contains(got[1], "two") {
		r.t.Errorf("shown %q", got)
	}
	r.isEmpty()
	r.give(sms("three"))
	if got := r.bodies(); len(got) != 1 || !strings.Contains(got[0], "three") {
		r.t.Errorf("shown %q", got)
	}
}

// missesTwo has alice come while the server returns two texts, with a time
// between the two.
func (r *timeless) missesTwo() {
	r.hold = true
	r.give(sms("one"), sms("two"))
	all := r.bodies()
	r.come()
	r.receive(r.t, bounce(idOf(all[0]), ""))
	time.Sleep(2 * time.Second)
	r.returns(all[1])
}

func missedSurvives(r *timeless) {
	r.missesTwo()
	next := r.crash(bridgetest.SMS())
	next.come()
	if got := next.bodies(); len(got) != 2 || !strings.Contains(got[0], "one") || !strings.Contains(got[1], "two") {
		r.t.Errorf("shown %q", got)
	}
	next.isEmpty()
	*r = *next
}

// playMissed is a play of TestCrashAtEveryCommit.
func playMissed(r *theater) {
	r.keep("one")
	r.Handle(available(alice+"/x", domain))
	r.mu.Lock()
	var o *stanza.Out
	for _, x := range r.pending {
		if o == nil && strings.Contains(string(x.out.Append(nil)), "<body>one") {
			o = x.out
		}
	}
	r.mu.Unlock()
	if o != nil {
		r.receive(bounce(o.ID, ""), true)
		synctest.Wait()
	}
	r.keep("two")
	time.Sleep(bounceSoon + time.Second)
	synctest.Wait()
}

// keep delivers a text once.
func (r *theater) keep(text string) {
	if r.g.Deliver(r.store.machine, toAlice(sms(text))) == nil {
		r.kept = append(r.kept, text)
	}
	synctest.Wait()
}

func endMissed(r *theater) {
	for _, text := range []string{"one", "two"} {
		if n := r.saw("<body>" + text); n > 1 || n == 0 && slices.Contains(r.kept, text) {
			r.w.t.Errorf("%s came with %d ids", text, n)
		}
	}
}

func missedWhoLeaves(r *timeless) {
	r.misses("one")
	r.shows("unavailable", "")
	if got := r.within(time.Hour); len(got) != 0 {
		r.t.Errorf("shown to nobody: %q", got)
	}
	r.come()
	if got := r.bodies(); len(got) != 1 {
		r.t.Errorf("shown %q", got)
	}
	r.isEmpty()
}
