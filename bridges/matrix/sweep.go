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

// forgetOld has forget change each note under a prefix that is old, sweptAtOnce of them by
// one commit.
func (b *Bridge) forgetOld(ctx context.Context, prefix string, old func(value []byte) bool, forget func(p *page, key string) error) error {
	var keys []string
	commit := func() error {
		defer func() { keys = keys[:0] }()
		return b.book.change(ctx, func(p *page) (err error) {
			for i := 0; i < len(keys) && err == nil; i++ {
				err = forget(p, keys[i])
			}
			return err
		})
	}
	err := b.book.notes.EachNote(ctx, prefix, func(key string, value []byte) error {
		if old(value) {
			keys = append(keys, key)
		}
		if len(keys) == sweptAtOnce {
			return commit()
		}
		return ctx.Err()
	})
	if err == nil {
		err = commit()
	}
	return err
}

// forgetReactions forgets the reactions from before a time.
func (b *Bridge) forgetReactions(ctx context.Context, before time.Time) error {
	return b.forgetOld(ctx, reactionNotes, func(value []byte) bool {
		var a annotation
		return json.Unmarshal(value, &a) == nil && a.At < before.Unix()
	}, (*page).forgetReaction)
}

// forgetReaction forgets one, and, where it is the last, all that is noted of somebody's.
func (p *page) forgetReaction(key string) error {
	var a annotation
	if err := p.get(key, &a); err != nil {
		return err
	}
	var all annotations
	if err := p.get(a.key(), &all); err != nil {
		return err
	}
	id := strings.TrimPrefix(key, reactionNotes)
	all.drop(id)
	if all.Gone == id {
		all.Gone = ""
	}
	left := any(all)
	if len(all.Now) == 0 && all.Gone == "" {
		left = nil
	}
	return errors.Join(p.set(a.key(), left), p.set(key, nil))
}

// forgetEarlier forgets rooms in which two talked long ago.
func (b *Bridge) forgetEarlier(ctx context.Context) error {
	return b.forgetOld(ctx, earlierNotes, func(value []byte) bool {
		var e earlier
		return json.Unmarshal(value, &e) == nil && !e.recent()
	}, (*page).forgetEarlier)
}

// forgetEarlier forgets those of one note, unless it became newer meanwhile.
func (p *page) forgetEarlier(key string) error {
	var e earlier
	if err := p.get(key, &e); err != nil || e.recent() {
		return err
	}
	return p.set(key, nil)
}
