//go:build linux

package keeper

import (
	"os/exec"
	"strings"
	"testing"
)

// What is started within has the slack, and what is started later has not.
func TestSlackly(t *testing.T) {
	of := func() string {
		out, err := exec.Command("cat", "/proc/self/timerslack_ns").Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	before := of()
	slackly(func() {
		if got := of(); got != "300000" {
			t.Errorf("within: %s ns", got)
		}
	})
	if got := of(); got != before {
		t.Errorf("afterwards: %s ns, before %s", got, before)
	}
}
