package component

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"causeway/component/stanza"
)

// clock is a barrier with a time of its own.
type clock struct {
	*barrier
	t      *testing.T
	now    time.Time
	offset uint64
}

func newClock(t *testing.T, written int) *clock {
	now := time.Unix(0, 0)
	return &clock{barrier: newBarrier(testDomain, usualTiming, now, written), t: t, now: now}
}

// write lets the writer write n keyed stanzas after d and returns the pings
// that go with them.
func (c *clock) write(d time.Duration, n int) (pings []*stanza.Stanza) {
	c.t.Helper()
	c.now = c.now.Add(d)
	data := []byte(strings.Repeat("x", n))
	data = c.extend(data, n, c.offset, c.now)
	c.offset += uint64(len(data))
	for _, s := range strings.SplitAfter(string(data[n:]), "</iq>") {
		if strings.TrimSpace(s) == "" {
			continue
		}
		p, err := stanza.Parse([]byte(s))
		if err != nil {
			c.t.Fatal(err)
		}
		pings = append(pings, p)
	}
	return pings
}

// reply gives the answer to a ping and returns what it settles.
func (c *clock) reply(ping *stanza.Stanza, typ string) (offset uint64, ok bool) {
	s, err := stanza.Parse([]byte("<iq type='" + typ + "' from='" + ping.To + "' to='" + ping.From + "' id='" + ping.ID + "'/>"))
	if err != nil {
		c.t.Fatal(err)
	}
	noted := uint64(0)
	offset, _, ok = c.answer(s, time.Now(), func(at uint64) {
		if noted = at; c.mu.TryLock() {
			c.t.Error("another ping may go before this is noted")
		}
	})
	if noted != offset {
		c.t.Errorf("%d is noted, not %d", noted, offset)
	}
	return offset, ok
}

// learned is a barrier that knows who answers.
func learned(t *testing.T) *clock {
	c := newClock(t, 0)
	c.reply(c.write(0, 0)[0], "result")
	return c
}

// The first address that answers is kept, whatever it answers; the other's
// answer is taken and means nothing any more.
func TestBarrierLearns(t *testing.T) {
	for i, typ := range []string{"result", "error", "get"} {
		c := newClock(t, 0)
		pings := c.write(0, 3)
		if len(pings) != 2 || pings[0].To != testDomain || pings[1].To != "example.org" || len(pings[0].ID) != 32 {
			t.Fatal("asked", pings)
		}
		if at, ok := c.reply(pings[i%2], typ); at != 3 || !ok {
			t.Error("the first settles", at, ok)
		}
		if at, ok := c.reply(pings[1-i%2], "result"); at != 0 || !ok {
			t.Error("the second settles", at, ok)
		}
		next := c.write(time.Hour, 1)
		if len(next) != 1 || next[0].To != pings[i%2].To {
			t.Error("asked", next)
		}
	}
}

// A domain without a parent asks itself alone.
func TestBarrierOfTopDomain(t *testing.T) {
	b := newBarrier("gateway", usualTiming, time.Time{}, 0)
	if got := string(b.extend(nil, 0, 0, time.Time{})); strings.Count(got, "<iq") != 1 || !strings.Contains(got, "to='gateway'") {
		t.Error(got)
	}
}

// Only the address that was asked can answer (6120.8).
func TestBarrierForged(t *testing.T) {
	c := newClock(t, 0)
	p := *c.write(0, 1)[0]
	for _, from := range []string{"u@example.org", "example.org", "c@" + testDomain, ""} {
		forged := p
		forged.To = from
		if _, ok := c.reply(&forged, "result"); ok {
			t.Error("taken from", from)
		}
	}
	p.ID = "another"
	if _, ok := c.reply(&p, "result"); ok {
		t.Error("another id is taken")
	}
}

// The next ping goes after the answer, and after ten messages or 250 ms.
func TestBarrierPace(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name  string
		steps func(c *clock) []int // pings of each write
		want  string
	}{
		{"nothing to settle", func(c *clock) []int { return []int{len(c.write(ms, 0)), len(c.write(time.Minute, 0))} }, "[0 0]"},
		{"ten", func(c *clock) []int { return []int{len(c.write(ms, 9)), len(c.write(ms, 1))} }, "[0 1]"},
		{"many at once", func(c *clock) []int { return []int{len(c.write(ms, 1000))} }, "[1]"},
		{"250 ms", func(c *clock) []int {
			return []int{len(c.write(ms, 1)), len(c.write(249*ms, 0)), len(c.write(ms, 0))}
		}, "[0 0 1]"},
		{"250 ms of the first", func(c *clock) []int {
			return []int{len(c.write(ms, 1)), len(c.write(200*ms, 1)), len(c.write(50*ms, 1))}
		}, "[0 0 1]"},
		{"one outstanding", func(c *clock) []int {
			return []int{len(c.write(ms, 10)), len(c.write(ms, 100)), len(c.write(14*time.Second, 100))}
		}, "[1 0 0]"},
		{"asked again", func(c *clock) []int {
			return []int{len(c.write(ms, 10)), len(c.write(15*time.Second, 0)), len(c.write(14*time.Second, 100)), len(c.write(time.Second, 0))}
		}, "[1 1 0 1]"},
		{"closing", func(c *clock) []int { c.hurry(); return []int{len(c.write(ms, 1))} }, "[1]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := fmt.Sprint(c.steps(learned(t))); got != c.want {
				t.Errorf("pings %s, want %s", got, c.want)
			}
		})
	}
}

// After the answer the next one waits for ten or 250 ms again, and a late
// answer settles what was before its ping, and no more.
func TestBarrierLate(t *testing.T) {
	c := learned(t)
	before := c.offset
	ping := c.write(0, 10)[0]
	c.write(0, 5)
	if at, ok := c.reply(ping, "result"); at != before+10 || !ok {
		t.Errorf("settles %d, want %d", at, before+10)
	}
	if _, ok := c.reply(ping, "result"); ok {
		t.Error("an answer counts twice")
	}
	if n := len(c.write(0, 4)); n != 0 {
		t.Error("pinged after nine")
	}
	if n := len(c.write(0, 1)); n != 1 {
		t.Error("not pinged after ten")
	}
}

// Each answer settles what was before its own ping: that to the first no more,
// that to a later one all of it, and then one to an earlier one nothing.
func TestBarrierAsksAgain(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []int  // to pings, counted from 0
		settles []bool // none when a later answer has overtaken it
	}{
		{"in order", []int{0, 1, 2}, []bool{true, true, true}},
		{"the first went elsewhere", []int{1, 2}, []bool{true, true}},
		{"only the last came", []int{2}, []bool{true}},
		{"the first comes late", []int{1, 0, 2}, []bool{true, false, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := learned(t)
			var pings []*stanza.Stanza
			var before []uint64 // each
			for range 3 {
				p := b.write(usualTiming.silence/8, 10)[0]
				pings, before = append(pings, p), append(before, b.offset-uint64(len(p.Raw())))
			}
			for i, n := range c.answers {
				want := before[n]
				if !c.settles[i] {
					want = 0
				}
				if at, ok := b.reply(pings[n], "result"); !ok || at != want {
					t.Errorf("%d settles %d, want %d", n, at, want)
				}
			}
			if _, owed := b.wait(b.now); owed != 0 {
				t.Error("still owed for", owed)
			}
		})
	}
}

// A server that never answers is asked so many times and no more, and what is
// remembered of answers that went elsewhere is bounded.
func TestBarrierBounded(t *testing.T) {
	c := learned(t)
	n := 0
	for range 10 * maxAsked {
		n += len(c.write(time.Hour, 1))
	}
	if n != maxAsked {
		t.Error("asked", n, "times")
	}
	c = learned(t)
	for range 10 * maxAsked {
		c.write(time.Hour, 1)
		c.reply(c.write(time.Hour, 1)[0], "result")
		if len(c.asked) > 2*maxAsked {
			t.Fatal("remembers", len(c.asked))
		}
	}
}

// What a predecessor wrote is asked for at once.
func TestBarrierAdopts(t *testing.T) {
	c := newClock(t, 3)
	if len(c.write(0, 0)) != 2 {
		t.Error("no ping")
	}
}

// Openfire ends a stream after six minutes; any byte in each three minutes
// holds it (xmpp-servers.md 3.3a).
func TestKeepAlive(t *testing.T) {
	if usualTiming.keepAlive >= 180*time.Second {
		t.Error("too rare for Openfire:", usualTiming.keepAlive)
	}
	c := learned(t)
	sleep, owed := c.wait(c.now)
	if sleep != usualTiming.keepAlive || owed != 0 {
		t.Error("sleeps", sleep, "owed", owed)
	}
	if n := len(c.write(usualTiming.keepAlive, 0)); n != 1 {
		t.Error("no ping when idle")
	}
	for range maxAsked {
		c.write(usualTiming.keepAlive, 0)
	}
	before := c.offset
	c.write(usualTiming.keepAlive, 0)
	if c.offset != before+1 {
		t.Error("no white space while all pings are outstanding")
	}
}

// The writer wakes for what is due, and knows for how long an answer is owed.
func TestBarrierWait(t *testing.T) {
	c := learned(t)
	c.write(0, 1)
	if sleep, owed := c.wait(c.now.Add(100 * time.Millisecond)); sleep != 150*time.Millisecond || owed != 0 {
		t.Error("until the ping:", sleep, owed)
	}
	c.write(time.Second, 0)
	if sleep, owed := c.wait(c.now.Add(10 * time.Second)); sleep != 5*time.Second || owed != 10*time.Second {
		t.Error("until it is asked again:", sleep, owed)
	}
	c.write(15*time.Second, 0)
	if sleep, owed := c.wait(c.now); sleep != 15*time.Second || owed != 15*time.Second {
		t.Error("until it is asked once more:", sleep, owed)
	}
	for range maxAsked {
		c.write(15*time.Second, 0)
	}
	if sleep, owed := c.wait(c.now); sleep != 15*time.Second || owed != 17*15*time.Second {
		t.Error("until the answer:", sleep, owed)
	}
	c = learned(t)
	c.write(0, 1)
	c.hurry()
	if sleep, _ := c.wait(c.now); sleep != 0 {
		t.Error("in a hurry:", sleep)
	}
}
