package main

import (
	"os"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// pin moves this process, and so what it starts from now on, to one processor:
// the XMPP server has one of its own, and all that makes or carries the load
// shares another. Otherwise all of them would compete for both, and the rate
// would say how much they cost in sum and not who is the bottleneck.
func pin(b *testing.B, processor int) {
	b.Helper()
	if !*apart || runtime.NumCPU() < 2 {
		return
	}
	var set unix.CPUSet
	set.Set(processor)
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		b.Fatal(err)
	}
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err == nil {
			err = unix.SchedSetaffinity(id, &set)
		}
		if err != nil && err != unix.ESRCH { // it may just have ended
			b.Fatal(err)
		}
	}
}
