package app

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

const (
	ringSize  = 50  // lines that are kept
	ringBytes = 500 // of one line
)

// ring passes log records on and keeps the newest warnings and errors, as lines.
type ring struct {
	slog.Handler
	kept *kept
	with func(slog.Handler) slog.Handler // adds what loggers have of their own
}

// kept is what all handlers of one log share.
type kept struct {
	mu    sync.Mutex
	lines []string
}

func newRing(h slog.Handler) *ring {
	return &ring{h, new(kept), func(h slog.Handler) slog.Handler { return h }}
}

// Handle implements slog.Handler.
func (r *ring) Handle(ctx context.Context, x slog.Record) error {
	if x.Level >= slog.LevelWarn {
		var line bytes.Buffer
		if r.with(slog.NewTextHandler(&line, nil)).Handle(ctx, x) == nil {
			r.kept.add(line.Bytes())
		}
	}
	return r.Handler.Handle(ctx, x)
}

// WithAttrs implements slog.Handler.
func (r *ring) WithAttrs(as []slog.Attr) slog.Handler {
	return r.then(func(h slog.Handler) slog.Handler { return h.WithAttrs(as) })
}

// WithGroup implements slog.Handler.
func (r *ring) WithGroup(name string) slog.Handler {
	return r.then(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (r *ring) then(f func(slog.Handler) slog.Handler) slog.Handler {
	with := r.with
	return &ring{f(r.Handler), r.kept, func(h slog.Handler) slog.Handler { return f(with(h)) }}
}

func (k *kept) add(line []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.lines) == ringSize {
		k.lines = slices.Delete(k.lines, 0, 1)
	}
	line = bytes.TrimSpace(line)
	k.lines = append(k.lines, strings.ToValidUTF8(string(line[:min(len(line), ringBytes)]), ""))
}

// last returns the lines, the oldest first.
func (r *ring) last() []string {
	r.kept.mu.Lock()
	defer r.kept.mu.Unlock()
	return slices.Clone(r.kept.lines)
}
