package gateway

import (
	"strings"
	"testing"
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
