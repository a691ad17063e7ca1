//go:build faults && linux

package main

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"syscall"

	"causeway/bridges/takeover"
)

// faultFile names the file of places to die at, one a line: "PART: PLACE: N".
// A process takes the first line, and at the N-th passage of that place removes
// it and kills itself. So each is for one worker, one after the other.
const faultFile = "CAUSEWAY_FAULTS"

// A worker dies, too, that is about to handle a text with the body
// CAUSEWAY_POISON, or to parse a stanza that has CAUSEWAY_POISON_STANZA in it.
func init() {
	takeover.At = poisoned(os.Getenv("CAUSEWAY_POISON"), os.Getenv("CAUSEWAY_POISON_STANZA"))
	file := os.Getenv(faultFile)
	text, err := os.ReadFile(file)
	line, rest, _ := strings.Cut(string(text), "\n")
	fields := strings.Split(line, ": ")
	if err != nil || len(fields) != 3 {
		return
	}
	var left atomic.Int64
	var n int64
	fmt.Sscan(fields[2], &n)
	left.Store(n)
	next := takeover.At
	takeover.At = func(part, place string) {
		next(part, place)
		if part == fields[0] && place == fields[1] && left.Add(-1) == 0 {
			die(file, rest)
		}
	}
}

// poisoned dies of a body, and of a piece of a stanza; an empty one harms nobody.
func poisoned(body, piece string) func(part, place string) {
	return func(part, place string) {
		switch {
		case part == "poison" && body != "" && place == body,
			part == "stanza" && piece != "" && strings.Contains(place, piece):
			kill()
		}
	}
}

// die leaves the rest of the places to the next worker.
func die(file, rest string) {
	if os.WriteFile(file+".new", []byte(rest), 0o600) == nil && os.Rename(file+".new", file) == nil {
		kill()
	}
}

// kill does not return.
func kill() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
