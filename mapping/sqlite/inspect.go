package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"
)

// Report is what Inspect found in a store.
type Report struct {
	Path    string
	Size    int64 // of the database file, bytes
	WAL     int64 // of the write-ahead log beside it, bytes
	Version int64 // of the tables
	// Holder is who has the lock, as that process wrote it. Empty: nobody.
	Holder     string
	Bridges    []BridgeReport // in the order of domains
	Quarantine int            // records
	// Problems are what is damaged, the first of each kind. Empty: the store
	// is whole.
	Problems []string

	bridges map[string]*BridgeReport
}

// BridgeReport is what a store has of one bridge.
type BridgeReport struct {
	Domain   string
	Accounts int
	Cycles   int // of the journal
	Records  int // of these cycles, neither settled nor parked
	Parked   int
	// Expires is when the oldest parked record expires, zero without any. Next
	// is the next attempt with one, zero when all wait for their users.
	Expires, Next time.Time
	Messages      int // or parts, whose ids are known
	Notes         int // of its own
}

// Inspect reads all of the store at path, which another process may have open,
// and tells what is in it and what is damaged. It sees one moment, keeps
// nobody from the store, and writes nothing to it; at most SQLite leaves an
// empty PATH-wal and its PATH-shm. It blocks on the disk, for minutes when
// there are gigabytes, until ctx ends; meanwhile the WAL of a running store
// grows. No store, or one of another version, is an error.
func Inspect(ctx context.Context, path string) (*Report, error) {
	r := &Report{Path: path, bridges: map[string]*BridgeReport{}}
	err := look(ctx, path, func(c *sqlite.Conn) error {
		err := errors.Join(r.files(), exec(c, "BEGIN"))
		if err != nil {
			return err
		}
		if r.Version, err = pragma(c, "user_version"); err != nil {
			return err
		}
		r.read(c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// files reads what is known without the database.
func (r *Report) files() error {
	var errs [3]error
	r.Size, errs[0] = size(r.Path)
	r.WAL, errs[1] = size(r.Path + "-wal")
	r.Holder, errs[2] = holder(r.Path)
	return errors.Join(errs[:]...)
}

// size is 0 of a file that is not there.
func size(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// read checks and counts. What cannot be read is a problem of the store.
func (r *Report) read(c *sqlite.Conn) {
	for _, step := range []func(*sqlite.Conn) error{
		r.integrity, r.journal, r.parked, r.accounts, r.messages, r.notes, r.quarantine,
	} {
		if err := step(c); err != nil {
			r.Problems = append(r.Problems, err.Error())
		}
	}
	for _, domain := range slices.Sorted(maps.Keys(r.bridges)) {
		r.Bridges = append(r.Bridges, *r.bridges[domain])
	}
}

func (r *Report) bridge(domain string) *BridgeReport {
	b := r.bridges[domain]
	if b == nil {
		b = &BridgeReport{Domain: domain}
		r.bridges[domain] = b
	}
	return b
}
