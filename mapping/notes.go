package mapping

import (
	"context"

	"causeway/bridges"
)

// Note is what a bridge keeps for itself, within the bounds of bridges.Notes.
// A nil Value is that of no note.
type Note struct {
	Bridge string
	Key    string // any bytes
	Value  []byte
}

// Notes finds what bridges keep.
type Notes interface {
	Note(ctx context.Context, bridge, key string) (value []byte, ok bool, err error)
	// EachNote is like EachAccount, for the keys that begin with prefix.
	EachNote(ctx context.Context, bridge, prefix string, f func(Note) error) error
}

// NotesOf returns the notes of a bridge in a store.
func NotesOf(s Store, bridge string) bridges.Notes { return notes{s, bridge} }

type notes struct {
	store  Store
	bridge string
}

// Note implements bridges.Notes.
func (n notes) Note(ctx context.Context, key string) ([]byte, bool, error) {
	return n.store.Note(ctx, n.bridge, key)
}

// Keep implements bridges.Notes.
func (n notes) Keep(ctx context.Context, changes map[string][]byte) error {
	if err := bridges.CheckNotes(changes); err != nil || len(changes) == 0 {
		return err
	}
	b := &Batch{PutNotes: make([]Note, 0, len(changes))}
	for key, value := range changes {
		b.PutNotes = append(b.PutNotes, Note{n.bridge, key, value})
	}
	return n.store.Commit(ctx, b)
}

// EachNote implements bridges.Notes.
func (n notes) EachNote(ctx context.Context, prefix string, f func(key string, value []byte) error) error {
	return n.store.EachNote(ctx, n.bridge, prefix, func(x Note) error { return f(x.Key, x.Value) })
}
