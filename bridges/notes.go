package bridges

import (
	"context"
	"errors"
	"fmt"
)

// The bounds of a note, in bytes.
const (
	MaxNoteKey   = 1 << 10
	MaxNoteValue = 64 << 10
)

// ErrNote is in the error for a note without a key, or beyond the bounds.
var ErrNote = errors.New("bridges: no such note can be kept")

// Notes is what a Bridge keeps on disk for itself, such as which room of the
// network is the chat with whom: values by keys, which are any bytes. Nobody
// else reads them, and nobody deletes them: they outlive accounts, and what is
// of no use any more is forgotten by its Bridge. Two Bridges never see each
// other's. All methods are safe for concurrent use.
type Notes interface {
	// Note returns the value that is kept under a key, for the caller to keep;
	// ok tells whether there is one. It blocks on the disk until ctx ends.
	Note(ctx context.Context, key string) (value []byte, ok bool, err error)
	// Keep returns nil when all changes are on disk; with an error none is. A
	// nil value forgets its key, an empty one is kept. It blocks while the
	// store cannot write (disk full) and tries again by itself until ctx ends:
	// in a Session.Send or a Bridge.Open call Waits before it.
	// A key of no bytes or of more than MaxNoteKey, and a value of more than
	// MaxNoteValue, give ErrNote at once. No changes are none. The map and the
	// values are the caller's again when it has returned.
	Keep(ctx context.Context, changes map[string][]byte) error
	// EachNote calls f for each key that begins with prefix, in the order of
	// their bytes, and stops at f's first error, which it returns. f may keep
	// the value and call the Notes; what changes meanwhile may be shown or not.
	// It blocks on the disk until ctx ends.
	EachNote(ctx context.Context, prefix string, f func(key string, value []byte) error) error
}

// CheckNotes is for those who implement Notes: it returns why changes cannot
// be kept, with ErrNote in it.
func CheckNotes(changes map[string][]byte) error {
	for key, value := range changes {
		if key == "" || len(key) > MaxNoteKey || len(value) > MaxNoteValue {
			return fmt.Errorf("%w: a key of %d bytes, a value of %d", ErrNote, len(key), len(value))
		}
	}
	return nil
}
