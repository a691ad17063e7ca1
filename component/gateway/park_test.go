package gateway

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/mapping"
)

var emptyElement = regexp.MustCompile(`></(c|mentions)>`)

func away(context.Context, bridges.Message) ([]bridges.MessageID, error) {
	return nil, &bridges.Error{Kind: bridges.Temporary, Text: "The network is away."}
}

func TestParking(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.bridge.OnSend(away)
		r.receive(t, text("1", "one"))
		r.receive(t, text(lasting("2"), "two"))
		if n, p := r.store.count(); n != 2 || p != 0 {
			t.Errorf("at first %d journalled, %d parked", n, p)
		}
		time.Sleep(20 * time.Second)
		if n, p := r.store.count(); n != 0 || p != 2 {
			t.Errorf("after 20 s %d journalled, %d parked", n, p)
		}
		r.receive(t, text("3", "three"))
		r.receive(t, text(lasting("2"), "two")) // a client's repetition
		if got := r.texts(); slices.Contains(got, "two") {
			t.Errorf("the network was given %q", got)
		}
		r.bridge.OnSend(nil)
		r.g.Ready()
		if got := r.texts(); !slices.Equal(got, []string{"one", "two", "three"}) {
			t.Errorf("the network was given %q", got)
		}
		if n, p := r.store.count(); n != 0 || p != 0 {
			t.Errorf("in the end %d journalled, %d parked", n, p)
		}
		if r.g.router.unsettled != 0 || len(r.g.router.users) != 0 {
			t.Errorf("%d unsettled, %d users", r.g.router.unsettled, len(r.g.router.users))
		}
	})
}

func TestRetriesAreSpacedAndEnd(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.bridge.OnSend(away)
		r.receive(t, text("1", "one"))
		r.receive(t, text("2", "two"))
		time.Sleep(59 * time.Minute)
		if n := len(r.texts()); n < 5 || n > 30 {
			t.Errorf("%d attempts in an hour", n)
		}
		if got := r.drain(); len(got) != 0 {
			t.Errorf("the user was told %q", got)
		}
		time.Sleep(2 * time.Minute)
		got := r.drain()
		if len(got) != 2 || !strings.Contains(got[0], `id='1'`) || !strings.Contains(got[0], "remote-server-timeout") || !strings.Contains(got[1], `id='2'`) {
			t.Errorf("the user was told %q", got)
		}
		if n, p := r.store.count(); n != 0 || p != 0 {
			t.Errorf("in the end %d journalled, %d parked", n, p)
		}
	})
}

func TestAfterIsObeyed(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.bridge.OnSend(func(context.Context, bridges.Message) ([]bridges.MessageID, error) {
			return nil, &bridges.Error{Kind: bridges.Temporary, Text: "Slowly.", After: time.Minute}
		})
		r.receive(t, text("1", "one"))
		time.Sleep(59 * time.Second)
		if n := len(r.texts()); n != 1 {
			t.Errorf("%d attempts before the time", n)
		}
		time.Sleep(20 * time.Second)
		if n := len(r.texts()); n != 1 {
			t.Errorf("%d attempts after the time", n)
		}
	})
}

func TestParkedSurvivesAStop(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.bridge.OnSend(away)
		for i := range 40 { // more than a chunk
			r.receive(t, text(fmt.Sprint(i), fmt.Sprint("n", i)))
		}
		time.Sleep(20 * time.Second)
		r.end()
		r.store.clean = true
		next := startTimeless(t, r.store, bridgetest.SMS())
		next.receive(t, text("last", "last"))
		time.Sleep(time.Second)
		got := next.texts()
		if len(got) != 41 || got[0] != "n0" || got[39] != "n39" || got[40] != "last" {
			t.Errorf("the network was given %q", got)
		}
		*r = *next
	})
}

// Every commit of two texts is a point at which the machine may die.
func TestCrash(t *testing.T) {
	for policy, name := range map[bridges.UnknownPolicy]string{bridges.Report: "report", bridges.Resend: "resend", bridges.Idempotent: "idempotent"} {
		for point := range 4 {
			t.Run(fmt.Sprint(name, " after commit ", point), func(t *testing.T) {
				inBubble(t, func(r *timeless) { crashAt(t, r, policy, point) })
			})
		}
	}
}

func crashAt(t *testing.T, r *timeless, policy bridges.UnknownPolicy, point int) {
	info := bridgetest.SMS()
	info.Unknown = policy
	var disk *memStore
	n := 0
	var mu sync.Mutex
	r.store.after = func(*mapping.Batch) {
		mu.Lock()
		defer mu.Unlock()
		if n == point {
			disk = r.store.crash()
		}
		n++
	}
	r.receive(t, text("1", "one"))
	synctest.Wait()
	r.receive(t, text("2", "two"))
	before := r.texts()
	accepted := 1 + point/2 // the commits: one accepted, sent, two accepted, sent
	r.g.stop()
	<-r.ended
	if disk == nil {
		t.Fatalf("there were %d commits", n)
	}
	known := map[string]bool{"one": committed(disk, "one"), "two": committed(disk, "two")}
	next := startTimeless(t, disk, info)
	time.Sleep(time.Second)
	after := next.texts()
	told := strings.Join(append(next.first, next.drain()...), "")
	for i, body := range []string{"one", "two"}[:accepted] {
		sent := slices.Contains(before, body) || slices.Contains(after, body)
		if !sent && !strings.Contains(told, fmt.Sprintf("id='%d'", i+1)) {
			t.Errorf("%s is lost: before %q, after %q, told %q", body, before, after, told)
		}
		if policy == bridges.Report && slices.Contains(after, body) && known[body] {
			t.Errorf("%s was sent twice", body)
		}
	}
	if n, p := next.store.count(); n != 0 || p != 0 {
		t.Errorf("%d journalled, %d parked are left", n, p)
	}
	*r = *next
}

// committed tells whether the disk says that a text was sent.
func committed(s *memStore, body string) bool {
	sent := slices.Collect(maps.Values(s.state.messages))
	for _, r := range s.state.records {
		if m, err := decodeAwaited(r.Data); r.Kind == mapping.Awaited && err == nil {
			sent = append(sent, m)
		}
	}
	for _, m := range sent {
		if m.Stanza == map[string]string{"one": "1", "two": "2"}[body] {
			return true
		}
	}
	return false
}

func TestCrashWhileSending(t *testing.T) {
	for _, c := range []struct {
		policy bridges.UnknownPolicy
		again  bool
	}{{bridges.Report, false}, {bridges.Resend, true}, {bridges.Idempotent, true}} {
		inBubble(t, func(r *timeless) {
			info := bridgetest.SMS()
			info.Unknown = c.policy
			r.bridge.OnSend(func(ctx context.Context, _ bridges.Message) ([]bridges.MessageID, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			})
			r.receive(t, text("1", "one"))
			r.receive(t, text("2", "two"))
			key := (<-r.bridge.Sent()).Key
			next := r.crash(info)
			time.Sleep(time.Second)
			if c.again {
				if m := <-next.bridge.Sent(); m.Text != "one" || m.Key != key {
					t.Errorf("policy %d: %+v, want the key %s", c.policy, m, key)
				}
			} else {
				told := strings.Join(append(next.first, next.drain()...), "")
				if !strings.Contains(told, "may have been sent") || !strings.Contains(told, "id='1'") || strings.Contains(told, "id='2'") {
					t.Errorf("the user was told %q", told)
				}
			}
			if got := next.texts(); !slices.Equal(got, []string{"two"}) {
				t.Errorf("policy %d: then came %q", c.policy, got)
			}
			*r = *next
		})
	}
}

func TestCrashTowardsTheUser(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.hold = true
		if err := r.g.Deliver(t.Context(), []bridges.Delivery{{Account: alice, Event: sms("one")}, {Account: alice, Event: sms("two")}}); err != nil {
			t.Fatal(err)
		}
		r.receive(t, `<presence type='subscribe' id='s' from='alice@example.org' to='+12025550100@sms.example.org'/>`)
		r.receive(t, `<iq type='set' id='q' from='bob@example.org/x' to='sms.example.org'><query xmlns='jabber:iq:register'/></iq>`)
		before := messagesIn(r.drain())
		r.store.clean = false
		s := r.store.crash()
		r.g.stop()
		<-r.ended
		next := startTimeless(t, s, bridgetest.SMS())
		after := messagesIn(next.first)
		slices.Sort(before)
		slices.Sort(after)
		if len(before) < 7 || !slices.Equal(before, after) {
			t.Errorf("5.1.3: before\n%s\nafter\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
		}
		*r = *next
	})
}

// messagesIn leaves out the greeting of a start, and writes empty elements in
// one way.
func messagesIn(all []string) []string {
	for i := range all {
		all[i] = emptyElement.ReplaceAllString(all[i], "/>")
	}
	return slices.DeleteFunc(all, func(s string) bool {
		return strings.Contains(s, "probe") || strings.Contains(s, "Connected as") && !strings.Contains(s, " id=")
	})
}
