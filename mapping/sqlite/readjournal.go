package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"

	"causeway/bridges"
	"causeway/mapping"
)

// replayCycles is how many cycles a replay reads at once.
const replayCycles = 16

// storedCycle is a cycle as a replay reads it.
type storedCycle struct {
	id    uint64
	state *openCycle
	data  []byte
}

// Replay implements mapping.Journal. A cycle whose blob is damaged goes to the
// quarantine as a whole.
func (s *Store) Replay(ctx context.Context, bridge string, f func(mapping.Key, mapping.Record) error) error {
	var after uint64
	for {
		var cycles []storedCycle
		err := s.read(ctx, journalTopic, func(c *sqlite.Conn) (err error) {
			cycles, err = readCycles(c, bridge, after)
			return err
		})
		if err != nil {
			return err
		}
		for _, c := range cycles {
			if err := s.replayCycle(ctx, bridge, c, f); err != nil {
				return err
			}
			after = c.id
		}
		if len(cycles) < replayCycles {
			return nil
		}
	}
}

func readCycles(c *sqlite.Conn, bridge string, after uint64) (cycles []storedCycle, err error) {
	err = query(c, `SELECT c.id, c.records, s.marks, c.data FROM cycles c LEFT JOIN settled s ON s.cycle = c.id
		WHERE c.bridge = ? AND c.id > ? ORDER BY c.id`+limit(replayCycles),
		func(r *sqlite.Stmt) {
			cycles = append(cycles, storedCycle{
				uint64(r.ColumnInt64(0)), newOpenCycle(r.ColumnInt(1), blob(r, 2)), blob(r, 3),
			})
		}, bridge, after)
	return cycles, err
}

func (s *Store) replayCycle(ctx context.Context, bridge string, c storedCycle, f func(mapping.Key, mapping.Record) error) error {
	records, err := decodeCycle(c.data)
	if err == nil && len(records) != c.state.records {
		err = errDamaged
	}
	if err != nil {
		return s.quarantine(ctx, bridge, c, err)
	}
	for i, r := range records {
		if c.state.has(uint32(i)) {
			continue
		}
		if err := f(mapping.Key{Cycle: c.id, Index: uint32(i)}, r); err != nil {
			return err
		}
	}
	return nil
}

// quarantine takes a damaged cycle out of the journal.
func (s *Store) quarantine(ctx context.Context, bridge string, c storedCycle, reason error) error {
	s.health.log.Error("cycle of the journal goes to the quarantine", "bridge", bridge, "cycle", c.id, "records", c.state.left, "err", reason)
	b := &mapping.Batch{Quarantine: []mapping.Quarantined{{
		Key: mapping.Key{Cycle: c.id}, Bridge: bridge, Record: mapping.Record{Data: c.data},
		Reason: reason.Error(), At: s.now(),
	}}}
	for i := range c.state.records {
		if !c.state.has(uint32(i)) {
			b.Settle = append(b.Settle, mapping.Key{Cycle: c.id, Index: uint32(i)})
		}
	}
	return s.Commit(ctx, b)
}

const parkedColumns = `SELECT p.cycle, p.idx, p.bridge, p.account, p.conversation, p.next, p.expires,
	p.attempts, p.doubt, p.kind, p.data FROM parked p `

func scanParked(r *sqlite.Stmt) mapping.Parked {
	return mapping.Parked{
		Key: scanKey(r, 0), Bridge: r.ColumnText(2), Account: bridges.AccountID(r.ColumnText(3)),
		Conversation: r.ColumnText(4), Next: fromNanos(r.ColumnInt64(5)), Expires: fromNanos(r.ColumnInt64(6)),
		Attempts: r.ColumnInt(7), Doubt: r.ColumnBool(8),
		Record: mapping.Record{Kind: mapping.Kind(r.ColumnInt64(9)), Data: blob(r, 10)},
	}
}

// Waiting implements mapping.Journal.
func (s *Store) Waiting(ctx context.Context, bridge, conversation string, most int) ([]mapping.Parked, error) {
	return s.parked(ctx, "WHERE p.bridge = ? AND p.conversation = ? ORDER BY p.cycle, p.idx"+limit(most),
		bridge, conversation)
}

// IsParked implements mapping.Journal.
func (s *Store) IsParked(ctx context.Context, k mapping.Key) (found bool, err error) {
	err = s.read(ctx, journalTopic, func(c *sqlite.Conn) (err error) {
		found, err = scan(c, "SELECT 1 FROM parked WHERE cycle = ? AND idx = ?", func(*sqlite.Stmt) {}, k.Cycle, int(k.Index))
		return err
	})
	return found, err
}

func (s *Store) parked(ctx context.Context, where string, args ...any) (rows []mapping.Parked, err error) {
	err = s.read(ctx, journalTopic, func(c *sqlite.Conn) error {
		return query(c, parkedColumns+where, func(r *sqlite.Stmt) { rows = append(rows, scanParked(r)) }, args...)
	})
	return rows, err
}

// backlog is a conversation with parked records.
type backlog struct {
	account      bridges.AccountID
	conversation string
	records      int
}

// Backlogs implements mapping.Journal, in the order of conversations.
func (s *Store) Backlogs(ctx context.Context, bridge string, f func(account bridges.AccountID, conversation string, records int) error) error {
	return pages(ctx, s, journalTopic, func(c *sqlite.Conn, last *backlog) (rows []backlog, err error) {
		var after string
		if last != nil {
			after = last.conversation
		}
		err = query(c, `SELECT min(account), conversation, count(*) FROM parked
			WHERE bridge = ? AND conversation > ? GROUP BY conversation ORDER BY conversation`+limit(pageRows),
			func(r *sqlite.Stmt) {
				rows = append(rows, backlog{bridges.AccountID(r.ColumnText(0)), r.ColumnText(1), r.ColumnInt(2)})
			}, bridge, after)
		return rows, err
	}, func(b backlog) error { return f(b.account, b.conversation, b.records) })
}

// LastOffset implements mapping.Journal. It is 0 when the journal has nothing
// of the connection.
func (s *Store) LastOffset(ctx context.Context, bridge string, conn uint64) (last uint64, err error) {
	err = s.read(ctx, journalTopic, func(c *sqlite.Conn) error {
		_, err := scan(c, "SELECT last FROM offsets WHERE bridge = ? AND conn = ?",
			func(r *sqlite.Stmt) { last = uint64(r.ColumnInt64(0)) }, bridge, conn)
		return err
	})
	return last, err
}
