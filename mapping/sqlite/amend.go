package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"

	"causeway/mapping"
)

var (
	// ErrNotThere: no record of that key is in quarantine.
	ErrNotThere = errors.New("there is no such record in quarantine")
	// ErrDamaged: what is in quarantine is no record, but a cycle that cannot be
	// read.
	ErrDamaged = errors.New("that is a damaged cycle, of which nothing can be put back")
)

// Drop deletes a record from the quarantine of the store at path, which no
// other process may have open: ErrInUse. It blocks on the disk until ctx ends.
func Drop(ctx context.Context, path string, k mapping.Key) error {
	return amend(ctx, path, k, func(*sqlite.Conn, mapping.Quarantined) error { return nil })
}

// Requeue puts a record of the quarantine back into the journal of its bridge,
// as the newest: what opens the store next handles it. It fails and blocks as
// Drop does, and with ErrDamaged.
func Requeue(ctx context.Context, path string, k mapping.Key) error {
	return amend(ctx, path, k, func(c *sqlite.Conn, q mapping.Quarantined) error {
		if q.Record.Kind == 0 {
			return ErrDamaged
		}
		id, err := queryInt(c, "SELECT value FROM state WHERE name = 'keys'")
		if err != nil {
			return err
		}
		return errors.Join(
			exec(c, "INSERT INTO cycles (id, bridge, records, data) VALUES (?, ?, 1, ?)",
				id, q.Bridge, appendCycle(nil, []mapping.Record{q.Record}, time.Now())),
			exec(c, "UPDATE state SET value = ? WHERE name = 'keys'", id+1))
	})
}

// amend takes a record out of the quarantine, in one transaction with what f
// does with it. Whether the store was closed in order is not changed by that.
func amend(ctx context.Context, path string, k mapping.Key, f func(*sqlite.Conn, mapping.Quarantined) error) error {
	if err := isFile(path); err != nil {
		return err
	}
	l, err := acquire(path, time.Now())
	if err != nil {
		return err
	}
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return errors.Join(fmt.Errorf("sqlite: %s: %w", path, err), l.release())
	}
	c.SetInterrupt(ctx.Done())
	if err = errors.Join(isStore(c), tune(c)); err == nil {
		err = amendWith(c, k, f)
	}
	err = errors.Join(err, c.Close(), l.release())
	if err != nil {
		return fmt.Errorf("sqlite: %s: %w", path, err)
	}
	return nil
}

func amendWith(c *sqlite.Conn, k mapping.Key, f func(*sqlite.Conn, mapping.Quarantined) error) error {
	if err := exec(c, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	var q mapping.Quarantined
	found, err := scan(c, "SELECT seq, cycle, idx, bridge, kind, data, reason, at FROM quarantine WHERE cycle = ? AND idx = ?",
		func(r *sqlite.Stmt) { q = scanQuarantined(r) }, k.Cycle, int(k.Index))
	if err == nil && !found {
		err = ErrNotThere
	}
	if err == nil {
		err = f(c, q)
	}
	if err == nil {
		err = exec(c, "DELETE FROM quarantine WHERE cycle = ? AND idx = ?", k.Cycle, int(k.Index))
	}
	if err != nil {
		return errors.Join(err, exec(c, "ROLLBACK"))
	}
	return exec(c, "COMMIT")
}
