package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"zombiezen.com/go/sqlite"

	"causeway/mapping"
)

// look calls f with a connection that can only read the store at path. It
// takes no lock that keeps another process from using the store. f ends when
// ctx does.
func look(ctx context.Context, path string, f func(*sqlite.Conn) error) error {
	return lookAny(ctx, path, func(c *sqlite.Conn) error {
		if err := isStore(c); err != nil {
			return err
		}
		return f(c)
	})
}

// Check returns why Open would refuse what is at path, which may be nothing
// yet; another process may have it open. It blocks on the disk, until ctx ends.
func Check(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return inWords(path, err)
	}
	_ = f.Close()
	return lookAny(ctx, path, func(c *sqlite.Conn) error {
		all, err := allMigrations()
		if err == nil {
			_, err = identify(c, all)
		}
		return err
	})
}

// lookAny is look for any database.
func lookAny(ctx context.Context, path string, f func(*sqlite.Conn) error) error {
	if err := isFile(path); err != nil {
		return err
	}
	c, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return fmt.Errorf("sqlite: %s: %w", path, err)
	}
	c.SetInterrupt(ctx.Done())
	err = errors.Join(f(c), c.Close())
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("sqlite: %s: %w", path, err)
	}
	return nil
}

func isFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("sqlite: there is no store at %s", path)
	case err != nil:
		return fmt.Errorf("sqlite: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("sqlite: %s is no file", path)
	}
	return nil
}

// isStore refuses what this program cannot read as it is.
func isStore(c *sqlite.Conn) error {
	all, err := allMigrations()
	if err != nil {
		return err
	}
	version, err := identify(c, all)
	switch newest := all[len(all)-1].number; {
	case err != nil:
		return err
	case version == 0:
		return errors.New("the file is empty: causeway has never opened it")
	case version < newest:
		return fmt.Errorf("the database has version %d: run this program once, which brings it to %d", version, newest)
	}
	return nil
}

// Quarantine calls f for each quarantined record of the store at path, oldest
// first, and stops at its first error. Another process may have the store
// open; nothing is written. It blocks on the disk, until ctx ends.
func Quarantine(ctx context.Context, path string, f func(mapping.Quarantined) error) error {
	var said error
	err := look(ctx, path, func(c *sqlite.Conn) error {
		for after := int64(0); ; {
			rows, last, err := readQuarantine(c, after)
			if err != nil || len(rows) == 0 {
				return err
			}
			for _, q := range rows {
				if said = f(q); said != nil {
					return nil
				}
			}
			after = last
		}
	})
	return errors.Join(said, err)
}

func readQuarantine(c *sqlite.Conn, after int64) (rows []mapping.Quarantined, last int64, err error) {
	err = query(c, `SELECT seq, cycle, idx, bridge, kind, data, reason, at FROM quarantine
		WHERE seq > ? ORDER BY seq`+limit(pageRows), func(r *sqlite.Stmt) {
		rows, last = append(rows, scanQuarantined(r)), r.ColumnInt64(0)
	}, after)
	return rows, last, err
}
