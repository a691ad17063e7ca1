package gateway

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestCommandGoesBack: what was filled in comes again, unless it was about
// something else.
func TestCommandGoesBack(t *testing.T) {
	for name, c := range map[string]struct{ address, filled, want string }{
		"another contact": {"+12025550101", "Zoe", "Bob"},
		"the same":        {phone, "Zoe the Great", "Zoe the Great"},
	} {
		t.Run("0050.4 "+name, func(t *testing.T) {
			r := newRig(t)
			has(r, phone+" Zoe", "+12025550101 Bob")
			session := r.step("rename", "", "execute", "", "executing").Attr["sessionid"]
			for _, s := range []struct{ action, field, value, want string }{
				{"next", "address", phone, "Zoe"},
				{"prev", "name", c.filled, phone},
				{"next", "address", c.address, c.want},
			} {
				got := r.step("rename", session, s.action, fields(s.field, s.value), "executing").String()
				if !strings.Contains(got, "<value>"+s.want+"</value>") {
					t.Errorf("%s with %s shows %s", s.action, s.value, got)
				}
			}
		})
	}
}

// TestCommandsAbandoned: a new session takes the place of the one that its user
// has left alone for longest.
func TestCommandsAbandoned(t *testing.T) {
	r := newRig(t)
	begin := func() string { return r.step("rename", "", "execute", "", "executing").Attr["sessionid"] }
	wrong := fields("address", "nobody")
	var all []string
	for range commandsAUser {
		all = append(all, begin())
	}
	r.step("rename", all[0], "next", wrong, "executing")
	for _, s := range append(all[2:], all[0], begin()) {
		r.step("rename", s, "next", wrong, "executing")
	}
	r.Send(strings.ReplaceAll(fromBob("set", "s", commandXML("rename", "action='next' sessionid='"+all[1]+"'", wrong)), bob, alice))
	r.Receive(strings.ReplaceAll(refusedStep("s", "cancel", "not-allowed", "session-expired"), bob, alice))
}

func TestCommandSessionsAreBounded(t *testing.T) {
	s, start := newCommandSessions(), time.Now()
	id := func(i int) string { return fmt.Sprintf("u%d@example.org/x", i) }
	at := func(i int) time.Time { return start.Add(time.Duration(i) * time.Millisecond) }
	for i := range commandsMax + 1 {
		s.put(id(i), commandSession{owner: id(i)}, at(i))
	}
	for i, want := range map[int]bool{0: false, 1: true, commandsMax: true} {
		if _, err := s.find(id(i), id(i), "", at(commandsMax)); (err == nil) != want || len(s.m) != commandsMax {
			t.Errorf("of %d sessions, number %d: %v", len(s.m), i, err)
		}
	}
}
