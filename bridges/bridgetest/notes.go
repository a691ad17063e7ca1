package bridgetest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"causeway/bridges"
)

// Notes are bridges.Notes in memory, for the tests of an adapter. The zero
// value is ready to use; an adapter that is given the same Notes as another
// before it finds what that one has kept.
type Notes struct {
	mu   sync.Mutex
	kept map[string][]byte
	err  error
}

var _ bridges.Notes = (*Notes)(nil)

// Fail sets the error of each call from now on, by which nothing is kept; nil:
// there is none.
func (n *Notes) Fail(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.err = err
}

// fault returns why a call fails.
func (n *Notes) fault(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return n.err
}

// Note implements bridges.Notes.
func (n *Notes) Note(ctx context.Context, key string) (value []byte, ok bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.fault(ctx); err != nil {
		return nil, false, err
	}
	value, ok = n.kept[key]
	return slices.Clone(value), ok, nil
}

// Keep implements bridges.Notes.
func (n *Notes) Keep(ctx context.Context, changes map[string][]byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := bridges.CheckNotes(changes); err != nil || len(changes) == 0 {
		return err
	}
	if err := n.fault(ctx); err != nil {
		return err
	}
	if n.kept == nil {
		n.kept = map[string][]byte{}
	}
	for key, value := range changes {
		if n.kept[key] = slices.Clone(value); value == nil {
			delete(n.kept, key)
		}
	}
	return nil
}

// EachNote implements bridges.Notes.
func (n *Notes) EachNote(ctx context.Context, prefix string, f func(key string, value []byte) error) error {
	n.mu.Lock()
	err, kept := n.fault(ctx), maps.Clone(n.kept)
	n.mu.Unlock()
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(kept)) {
		if strings.HasPrefix(key, prefix) {
			if err := f(key, slices.Clone(kept[key])); err != nil {
				return err
			}
		}
	}
	return nil
}
