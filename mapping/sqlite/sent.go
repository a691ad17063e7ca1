package sqlite

import (
	"context"
	"encoding/binary"
	"time"

	"zombiezen.com/go/sqlite"

	"causeway/mapping"
)

// sentRow is what one transaction remembers of a bridge's messages: for each
// its hash and its time, 24 bytes, in one row. A row spans at most a minute, so
// that it is deleted as a whole.
type sentRow struct {
	bridge      string
	first, last time.Time
	data        []byte
}

const (
	sentSpan = time.Minute
	sentSize = 16 + 8
)

// remember adds an entry to the row that takes it.
func (t *tx) remember(x mapping.Sent) {
	if n := len(t.sent); n == 0 || !t.sent[n-1].takes(x) {
		t.sent = append(t.sent, sentRow{bridge: x.Bridge, first: x.At, last: x.At})
	}
	r := &t.sent[len(t.sent)-1]
	if x.At.After(r.last) {
		r.last = x.At
	}
	r.data = binary.LittleEndian.AppendUint64(append(r.data, x.Hash[:]...), uint64(nanos(x.At)))
}

func (r *sentRow) takes(x mapping.Sent) bool {
	return r.bridge == x.Bridge && x.At.Sub(r.first).Abs() <= sentSpan
}

func (t *tx) writeSent() error {
	for i := range t.sent {
		r := &t.sent[i]
		err := exec(t.conn, "INSERT INTO sent (bridge, entries, at) VALUES (?, ?, ?)", r.bridge, r.data, r.last)
		if err != nil {
			return err
		}
	}
	return nil
}

// RecentSent implements mapping.Messages, oldest first. A repetition has an
// entry of its own.
func (s *Store) RecentSent(ctx context.Context, bridge string, since time.Time, f func(mapping.Sent) error) error {
	each := func(data []byte) error {
		for ; len(data) >= sentSize; data = data[sentSize:] {
			x := mapping.Sent{Bridge: bridge, At: fromNanos(int64(binary.LittleEndian.Uint64(data[16:])))}
			copy(x.Hash[:], data)
			if x.At.Before(since) {
				continue
			}
			if err := f(x); err != nil {
				return err
			}
		}
		return nil
	}
	return eachNumbered(ctx, s, "SELECT seq, entries FROM sent WHERE bridge = ? AND at >= ?", since, bridge,
		func(r *sqlite.Stmt) []byte { return blob(r, 1) }, each)
}
