package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// reactionsKept is how long it is known what a reaction was: longer than the gateway
// knows what it was to (30 days). What is older is looked for firstSweep after a start,
// when all else has begun, and then each sweepGap; sweptAtOnce are forgotten by one commit.
const (
	reactionsKept = 31 * 24 * time.Hour
	firstSweep    = 10 * time.Minute
	sweepGap      = 24 * time.Hour
	sweptAtOnce   = 500
)

// sweep forgets old reactions, and where people once talked, until ctx ends.
func (b *Bridge) sweep(ctx context.Context) {
	t := time.NewTimer(firstSweep)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		err := errors.Join(b.forgetReactions(ctx, time.Now().Add(-reactionsKept)), b.forgetEarlier(ctx))
		if err != nil && ctx.Err() == nil {
			b.log.Warn("what is old will be forgotten later", "err", err)
		}
		t.Reset(sweepGap)
	}
}

// forgetReactions forgets the reactions from before a time.
func (b *Bridge) forgetReactions(ctx context.Context, before time.Time) error {
	old := map[string]annotation{} // by event
	forget := func() error {
		defer clear(old)
		return b.book.change(ctx, func(p *page) error { return p.forgetReactions(old) })
	}
	err := b.book.notes.EachNote(ctx, reactionNotes, func(key string, value []byte) error {
		var a annotation
		if json.Unmarshal(value, &a) == nil && a.At < before.Unix() {
			old[strings.TrimPrefix(key, reactionNotes)] = a
		}
		if len(old) == sweptAtOnce {
			return forget()
		}
		return ctx.Err()
	})
	if err == nil {
		err = forget()
	}
	return err
}

func (p *page) forgetReactions(old map[string]annotation) error {
	for id, a := range old {
		var all annotations
		if err := p.get(a.key(), &all); err != nil {
			return err
		}
		all.drop(id)
		if all.Gone == id {
			all.Gone = ""
		}
		left := any(all)
		if len(all.Now) == 0 && all.Gone == "" {
			left = nil
		}
		if err := errors.Join(p.set(a.key(), left), p.set(reactionNotes+id, nil)); err != nil {
			return err
		}
	}
	return nil
}

// forgetEarlier forgets rooms in which two talked long ago.
func (b *Bridge) forgetEarlier(ctx context.Context) error {
	var old []string
	forget := func() error {
		defer func() { old = old[:0] }()
		return b.book.change(ctx, func(p *page) error { return p.forgetEarlier(old) })
	}
	err := b.book.notes.EachNote(ctx, earlierNotes, func(key string, value []byte) error {
		var e earlier
		if json.Unmarshal(value, &e) == nil && !e.recent() {
			old = append(old, key)
		}
		if len(old) == sweptAtOnce {
			return forget()
		}
		return ctx.Err()
	})
	if err == nil {
		err = forget()
	}
	return err
}

// forgetEarlier forgets those of these notes that did not become newer meanwhile.
func (p *page) forgetEarlier(keys []string) error {
	for _, key := range keys {
		var e earlier
		if err := p.get(key, &e); err != nil {
			return err
		}
		if !e.recent() {
			if err := p.set(key, nil); err != nil {
				return err
			}
		}
	}
	return nil
}
