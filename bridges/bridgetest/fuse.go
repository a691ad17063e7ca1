package bridgetest

import (
	"context"
	"errors"
	"sync"

	"causeway/bridges"
)

// fault is what goes wrong at one step.
type fault int

const (
	kill   fault = iota + 1 // the adapter is killed: nothing that it does from then on has an effect
	cut                     // the connection breaks
	busy                    // the network wants to be asked again
	refuse                  // the gateway cannot keep what comes
)

var faults = map[fault]string{
	kill: "killed", cut: "cut off", busy: "the network is busy", refuse: "the store is away",
}

// place is where a step is.
type place int

const (
	onLine  place = iota // a Step that the network tells of
	onDisk               // before and after each call of bridges.Notes
	inStore              // before the bridges.Host keeps something
	kept                 // behind that
)

// errDead is what a killed adapter gets for all that it asks.
var errDead = errors.New("bridgetest: this adapter was killed")

// errRefused is for what the gateway does not keep.
var errRefused = errors.New("bridgetest: the store is away")

// fuse burns at one of the steps of an adapter. The zero value never does.
type fuse struct {
	mu    sync.Mutex
	what  fault
	left  int // steps of its kind until it burns; 0: it does not
	burnt bool
	dead  chan struct{} // closed when the adapter was killed
	end   func()        // then called
}

// light has it burn at the n-th step.
func (f *fuse) light(what fault, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.what, f.left, f.burnt = what, n, false
}

// lit tells whether it burns at some step, or has.
func (f *fuse) lit() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.burnt || f.left > 0
}

// alive is for an adapter that begins: it returns what is closed when it is
// killed. Then end is called, too.
func (f *fuse) alive(end func()) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead, f.end = make(chan struct{}), end
	return f.dead
}

// out tells whether it has burnt.
func (f *fuse) out() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.burnt
}

// step is one step, and what becomes of it.
func (f *fuse) step(at place, s Step) Verdict {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over() {
		return Cut
	}
	if f.left == 0 || !f.what.means(at, s) {
		return Go
	}
	if f.left--; f.left > 0 {
		return Go
	}
	f.burnt = true
	switch f.what {
	case kill:
		close(f.dead)
		f.end()
	case busy:
		return Busy
	}
	return Cut
}

// gone tells whether the adapter was killed.
func (f *fuse) gone() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.over()
}

// over tells whether the adapter is dead. The caller holds the lock.
func (f *fuse) over() bool {
	select {
	case <-f.dead:
		return true
	default:
		return false
	}
}

// means tells whether a fault can come at a step.
func (x fault) means(at place, s Step) bool {
	switch x {
	case cut:
		return at == onLine
	case busy:
		return at == onLine && s == Asked
	case refuse:
		return at == inStore
	}
	return true
}

// keeps is bridges.Notes on which steps are counted.
type keeps struct {
	*Notes
	f *fuse
}

var _ bridges.Notes = keeps{}

// Note implements bridges.Notes.
func (k keeps) Note(ctx context.Context, key string) ([]byte, bool, error) {
	if k.f.step(onDisk, 0) == Cut {
		return nil, false, errDead
	}
	return k.Notes.Note(ctx, key)
}

// Keep implements bridges.Notes.
func (k keeps) Keep(ctx context.Context, changes map[string][]byte) error {
	if k.f.step(onDisk, 0) == Cut {
		return errDead
	}
	err := k.Notes.Keep(ctx, changes)
	if k.f.step(onDisk, 0) == Cut {
		return errDead
	}
	return err
}

// EachNote implements bridges.Notes.
func (k keeps) EachNote(ctx context.Context, prefix string, f func(key string, value []byte) error) error {
	if k.f.step(onDisk, 0) == Cut {
		return errDead
	}
	return k.Notes.EachNote(ctx, prefix, f)
}
