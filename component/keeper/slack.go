//go:build linux

package keeper

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// slack is how late the sleeps of a worker may end. Go's runtime has a monitor that
// sleeps for 20 µs at a time while anything runs, to see whether a system call lasts:
// on time, that is a sixth of the processor time of a worker with little to do.
const slack = 300 * time.Microsecond

// slackly calls f on a thread whose sleeps may end so late, and those of the processes
// that it starts (prctl(2), PR_SET_TIMERSLACK).
func slackly(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(slack.Nanoseconds()), 0, 0, 0) == nil {
		defer func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }() // as it was
	}
	f()
}
