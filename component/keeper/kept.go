// Package keeper keeps a program's connections beyond the death of the process
// that serves them. Run is the parent: it starts the worker, holds a duplicate
// of each descriptor that the worker gives it, by name, and hands them to the
// next worker. It parses nothing and copies no data. Worker is the side of the
// process that serves. Both are for Linux; elsewhere a program runs alone.
package keeper

import "errors"

var (
	// ErrGone is wrapped by the errors of Hold and Attach when the keeper has died.
	ErrGone = errors.New("the keeper has died")
	// ErrRefused is wrapped by the errors of TakeOver and Relieve when there is no
	// orphan.
	ErrRefused = errors.New("nobody hands over")
)

// Leave says how a worker is to make room for its successor, which goes on with
// what is held.
type Leave struct {
	// Closing: the successor does not read the notes of this program, so
	// connections are closed in order. Else the process just ends.
	Closing bool
}

// Report is what a keeper tells about itself.
type Report struct {
	PID      int    `json:"pid"`
	Restarts int    `json:"restarts"`       // of the worker
	Last     string `json:"last,omitempty"` // why the worker before this one ended
}
