//go:build faults && linux

package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"causeway/bridges/takeover"
)

// faultFile names the file of places to die at, one a line: "PART: PLACE: N",
// and ": calm" behind it when the passages count only after calmAfter stanzas
// are settled. A process takes the first line when it passes any place, and at
// the N-th passage of that place removes it and kills itself. So each is for
// one worker, one after the other.
const (
	faultFile = "CAUSEWAY_FAULTS"
	calmAfter = 3
)

// A worker dies, too, that is about to handle a text with the body
// CAUSEWAY_POISON, or to parse a stanza that has CAUSEWAY_POISON_STANZA in it.
func init() {
	of := poisoned(os.Getenv("CAUSEWAY_POISON"), os.Getenv("CAUSEWAY_POISON_STANZA"))
	planned := sync.OnceValue(func() *fault { return readFault(os.Getenv(faultFile)) })
	takeover.At = func(part, place string) {
		of(part, place)
		planned().pass(part, place)
	}
}

// fault is a place to die at.
type fault struct {
	file, rest  string // what is left of it for the next worker
	part, place string
	left, calm  atomic.Int64
}

// readFault reads the first line of a file; a place without a name: there is none.
func readFault(file string) *fault {
	f := &fault{file: file}
	text, err := os.ReadFile(file)
	line, rest, _ := strings.Cut(string(text), "\n")
	fields := strings.Split(line, ": ")
	if err != nil || len(fields) < 3 {
		return f
	}
	f.part, f.place, f.rest = fields[0], fields[1], rest
	var n int64
	fmt.Sscan(fields[2], &n)
	f.left.Store(n)
	if len(fields) > 3 {
		f.calm.Store(calmAfter)
	}
	return f
}

// pass dies when it is time.
func (f *fault) pass(part, place string) {
	if f.calm.Load() > 0 {
		if part == "link" && place == "done" {
			f.calm.Add(-1)
		}
		return
	}
	if part == f.part && place == f.place && f.left.Add(-1) == 0 {
		die(f.file, f.rest)
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
