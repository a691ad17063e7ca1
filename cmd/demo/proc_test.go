package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// process is a line of the system's table of processes.
type process struct {
	pid, parent int
	name        string
}

// descendants returns the children of a process, and theirs.
func descendants(t *testing.T, pid int) []process {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var all []process
	for _, file := range files {
		if p, ok := parseStat(file); ok {
			all = append(all, p)
		}
	}
	family := []process{{pid: pid}}
	for i := 0; i < len(family); i++ {
		for _, p := range all {
			if p.parent == family[i].pid && !slices.Contains(family, p) {
				family = append(family, p)
			}
		}
	}
	return family[1:]
}

// parseStat reads "pid (name) state parent …"; the process may be gone.
func parseStat(file string) (p process, ok bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return p, false
	}
	before, rest, _ := strings.Cut(string(text), " (")
	end := strings.LastIndex(rest, ") ")
	fields := strings.Fields(rest[max(end, 0):])
	if end < 0 || len(fields) < 3 {
		return p, false
	}
	p.name = rest[:end]
	p.pid, _ = strconv.Atoi(before)
	p.parent, _ = strconv.Atoi(fields[2])
	return p, p.pid > 0
}
