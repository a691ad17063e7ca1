package gateway

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

var recallsIn = changesIn{
	{"0308.1 of the only edit", []bridges.Event{now(phone, "e1", "n0", "new"), back(phone, "r1", "e1")}, "new for N0, left of n0 for N0", ""},
	{"of an edit of an edit", []bridges.Event{now(phone, "e1", "n0", "new"), now(phone, "e2", "e1", "newer"), back(phone, "r1", "e2")}, "new for N0, newer for N0, left of n0 for N0", ""},
	{"before what comes behind it", []bridges.Event{now(phone, "e1", "n0", "new"), back(phone, "r1", "e1"), now(phone, "e2", "n0", "newer")}, "new for N0, left of n0 for N0, newer for N0", ""},
	{"5.1.8 a repetition of the network", []bridges.Event{now(phone, "e1", "n0", "new"), back(phone, "r1", "e1"), back(phone, "r1", "e1")}, "new for N0, left of n0 for N0", "repetition of the network"},
	{"of the contact's by the user", []bridges.Event{now(phone, "e1", "n0", "new"), back(number, "r1", "e1")}, "new for N0", "retraction of another's message"},
}

func leftOf(of bridges.MessageID) (bridges.Message, error) {
	return bridges.Message{ID: of, Text: "left of " + string(of)}, nil
}

// TestRecallsIn: of an edit that was taken back the text before it is shown.
func TestRecallsIn(t *testing.T) {
	recallsIn.run(t, func(r *timeless) []string { return r.replaced() })
}

// TestRecallsInTime: while nobody says what is left, what comes behind waits, and after
// a crash it is asked for again; in the end nothing is shown.
func TestRecallsInTime(t *testing.T) {
	markerRig(t, func(r *timeless) {
		r.correspond()
		asked := 0
		away := func(bridges.MessageID) (bridges.Message, error) { asked++; return bridges.Message{}, later }
		r.bridge.OnRecall(away)
		r.give(now(phone, "e1", "n0", "new"), back(phone, "r1", "e1"), now(phone, "e2", "n0", "newer"))
		if got := strings.Join(r.replaced(), ", "); !strings.HasPrefix(got, "new for ") || strings.Contains(got, "newer") || asked != 1 {
			t.Errorf("alice sees %q, and %d were asked", got, asked)
		}
		r.opts = append(r.opts, func(c *Config) { c.Bridge.(*bridgetest.Bridge).OnRecall(leftOf) })
		next := r.crash(bridgetest.Rich())
		synctest.Wait()
		time.Sleep(time.Minute)
		got := append(bodies(next.first), next.replaced()...)
		if all := strings.Join(got, ", "); !strings.Contains(all, "left of n0") || !strings.Contains(all, "newer") {
			t.Errorf("then alice sees %q", all)
		}
		next.bridge.OnRecall(away)
		before := next.dropped("retraction of an edit")
		next.give(back(phone, "r2", "e2"))
		time.Sleep(6 * time.Minute)
		if synctest.Wait(); next.dropped("retraction of an edit") != before+1 || len(next.replaced()) > 0 {
			t.Errorf("in the end %d were dropped", next.dropped("retraction of an edit"))
		}
		*r = *next
	})
}

// TestNoRecalls: where the network has no edits any more nobody is asked, and what comes
// behind does not wait.
func TestNoRecalls(t *testing.T) {
	markerRig(t, func(r *timeless) {
		r.correspond()
		r.give(now(phone, "e1", "n0", "new"))
		info := bridgetest.Rich()
		info.Can &^= bridges.CanEdits
		next := r.crash(info)
		before := next.dropped("retraction of an edit")
		next.give(back(phone, "r1", "e1"), bridges.Message{ID: "n9", Chat: phone, From: phone, Text: "behind"})
		if got := bodies(next.drain()); !slices.Contains(got, "behind") || next.dropped("retraction of an edit") != before+1 {
			t.Errorf("alice sees %q", got)
		}
		*r = *next
	})
}

func playRecallIn(r *theater) {
	playEditIn(r)
	r.give(back(phone, "r1", "e2"))
}

// endRecallIn: what is left comes once, in the place of the text.
func endRecallIn(r *theater) {
	playRecallIn(r)
	r.watch()
	m, _, _ := r.store.MessageByID(context.Background(), domain, "net")
	if all, right := r.saw("<body>left of net<"), r.saw("<body>left of net<", "<replace", "id='"+m.Stanza+"'"); all != 1 || right != 1 {
		r.w.t.Errorf("0308.1: it came %d times, %d times in place of the text", all, right)
	}
}
