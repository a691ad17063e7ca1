// Package takeover has what a program needs to go on where a predecessor was
// killed, on the same connections: memory that both see (Slot, Ring), bytes
// that are seen before they are taken (Source), and how far the kernel says
// that the predecessor came (Count). It parses nothing and knows no network.
package takeover

import (
	"errors"
	"net"
	"sync"
)

// ErrHandover as the cause of a context tells a part of the program to stop at
// once with its connections open: a successor goes on with them.
var ErrHandover = errors.New("handed over to a successor")

// ErrNone is returned by Adopt when no predecessor has held that name.
var ErrNone = errors.New("takeover: nobody held a connection of this name")

// Keeper holds, beyond the death of this process, what a successor goes on
// with. Names are unique in a program. Its methods may be called by many at
// once, and block for no longer than a message to a process beside us takes.
type Keeper interface {
	// Area returns size bytes of memory, aligned to 8: those that a predecessor
	// with the same name and size has left, else zeros. A name ends in the
	// version of the format, so that nobody reads what it does not know.
	Area(name string, size int) ([]byte, error)
	// Hold has a connection held; call it before its first byte. An error says
	// that it is not held, and may be used all the same.
	Hold(name string, c net.Conn) error
	// Adopt returns the connection that a predecessor held; ErrNone if there
	// is none. It belongs to the caller, and stays held.
	Adopt(name string) (net.Conn, error)
	// Drop says that the connection is given up. Close alone would not end it:
	// the keeper has it, too. So it is shut down for both sides.
	Drop(name string)
}

// Memory is a Keeper for a program without one: it holds nothing, and its
// areas are plain memory. The zero value is ready to use; a successor in the
// same process that is given the same Memory finds the areas.
type Memory struct {
	mu    sync.Mutex
	areas map[string][]byte
}

var _ Keeper = (*Memory)(nil)

// Area implements Keeper.
func (m *Memory) Area(name string, size int) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.areas[name]
	if !ok || len(a) != size {
		a = make([]byte, size)
		if m.areas == nil {
			m.areas = map[string][]byte{}
		}
		m.areas[name] = a
	}
	return a, nil
}

// Hold implements Keeper: it does nothing.
func (*Memory) Hold(string, net.Conn) error { return nil }

// Adopt implements Keeper.
func (*Memory) Adopt(string) (net.Conn, error) { return nil, ErrNone }

// Drop implements Keeper: it does nothing.
func (*Memory) Drop(string) {}

// Within returns a Keeper whose names are those of k behind a prefix.
func Within(k Keeper, prefix string) Keeper { return prefixed{k, prefix + "/"} }

type prefixed struct {
	k      Keeper
	prefix string
}

func (p prefixed) Area(name string, size int) ([]byte, error) { return p.k.Area(p.prefix+name, size) }
func (p prefixed) Hold(name string, c net.Conn) error         { return p.k.Hold(p.prefix+name, c) }
func (p prefixed) Adopt(name string) (net.Conn, error)        { return p.k.Adopt(p.prefix + name) }
func (p prefixed) Drop(name string)                           { p.k.Drop(p.prefix + name) }
