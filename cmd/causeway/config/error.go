package config

import (
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that is wrong with the file.
type Fault struct {
	File string
	Line int
	Key  string // path, e.g. bridges[0].allow; empty for the file itself
	Text string // what is allowed; never a value from the file
}

// Error returns "file:line: key: text".
func (f Fault) Error() string {
	s := f.File
	if f.Line > 0 {
		s = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	if f.Key != "" {
		s += ": " + f.Key
	}
	return s + ": " + f.Text
}

// Error is all that is wrong with the file, in the order of its lines.
type Error []Fault

// Error returns a line for each fault.
func (e Error) Error() string {
	lines := make([]string, len(e))
	for i, f := range e {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// faults collects what is wrong.
type faults struct {
	file string
	list Error
}

func (f *faults) add(line int, key, format string, args ...any) {
	f.list = append(f.list, Fault{File: f.file, Line: line, Key: key, Text: fmt.Sprintf(format, args...)})
}

// err returns nil when nothing is wrong.
func (f *faults) err() error {
	if len(f.list) == 0 {
		return nil
	}
	slices.SortStableFunc(f.list, func(a, b Fault) int { return a.Line - b.Line })
	return f.list
}
