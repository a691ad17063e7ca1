// Package sqlite is the store that needs nothing installed: one SQLite
// database in WAL mode with synchronous=FULL. One goroutine writes, for all
// callers together, and a few connections read.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"causeway/mapping"
)

// Options say how a store is opened. Path is required.
type Options struct {
	// Path of the database file. Beside it lie PATH-wal, PATH-shm and
	// PATH.lock. The directory must exist.
	Path string
	// Log gets what goes wrong behind the callers' backs. nil: nothing.
	Log *slog.Logger
	// Metrics registers the counters of the store. nil: not counted.
	Metrics prometheus.Registerer
	// Retention says how long rows live. Zero values: its defaults.
	Retention Retention
	// Now is the clock of retention and of log lines. nil: time.Now.
	Now func() time.Time
}

// Store implements mapping.Store. Make it with Open, give it up with Close.
type Store struct {
	path      string
	retention Retention
	now       func() time.Time
	health    *health
	lock      *lock
	clean     bool
	queue     *queue
	fresh     *fresh
	readers   *readers
	ended     context.CancelFunc // ends the sweeper
	loops     sync.WaitGroup
	closeTime time.Duration
	giveUp    chan struct{} // closed: the writer stops trying
	written   chan struct{} // closed: the writer has ended

	// The rest belongs to the writer.
	conn           *sqlite.Conn
	open           map[uint64]*openCycle
	next, reserved uint64
	lastMessage    int64 // seq
	scratch        []byte
	lost           error
}

var (
	_ mapping.Store    = (*Store)(nil)
	_ mapping.Reporter = (*Store)(nil)
)

// Open opens the database, makes or migrates its tables, and takes its lock,
// which one process at a time can have: the error for a second one names the
// first. It blocks on the disk. ctx bounds the opening only.
func Open(ctx context.Context, o Options) (*Store, error) {
	o = withDefaults(o)
	l, err := acquire(o.Path, o.Now())
	if err != nil {
		return nil, err
	}
	s := &Store{
		path: o.Path, retention: o.Retention, now: o.Now, lock: l, queue: newQueue(), fresh: newFresh(),
		closeTime: closeTime, giveUp: make(chan struct{}), written: make(chan struct{}), open: map[uint64]*openCycle{},
	}
	if err := s.prepare(ctx); err != nil {
		if s.conn != nil {
			_ = s.conn.Close()
		}
		_ = l.release()
		return nil, err
	}
	s.health = newHealth(o)
	s.readers = newReaders(o.Path)
	ctx, s.ended = context.WithCancel(context.WithoutCancel(ctx))
	go s.write()
	s.loops.Go(func() { s.sweeper(ctx) })
	s.loops.Go(func() { s.indexer(ctx) })
	return s, nil
}

func withDefaults(o Options) Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Retention = o.Retention.withDefaults()
	return o
}

// prepare opens the writer's connection and reads what it has to know.
func (s *Store) prepare(ctx context.Context) error {
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return inWords(s.path, err)
	}
	_ = f.Close()
	if s.conn, err = sqlite.OpenConn(s.path, sqlite.OpenReadWrite); err != nil {
		return fmt.Errorf("sqlite: %s: %w", s.path, err)
	}
	s.conn.SetBusyTimeout(time.Second)
	s.conn.SetInterrupt(ctx.Done())
	defer s.conn.SetInterrupt(nil)
	for _, step := range []func(*sqlite.Conn) error{tune, migrate, s.load, s.loadFresh, s.begin} {
		if err := step(s.conn); err != nil {
			return fmt.Errorf("sqlite: %s: %w", s.path, err)
		}
	}
	return nil
}

// tune sets what the promises rest on, and what makes them cheap: a longer WAL
// overwrites the blobs of settled cycles before they reach the database.
func tune(c *sqlite.Conn) error {
	for _, p := range []string{
		"page_size = 4096", "journal_mode = WAL", "synchronous = FULL",
		"wal_autocheckpoint = 4000", "journal_size_limit = 67108864", "cache_size = -16384",
		"secure_delete = OFF",
	} {
		if err := sqlitex.ExecuteTransient(c, "PRAGMA "+p, nil); err != nil {
			return err
		}
	}
	return nil
}

// load reads the numbers of what is open, not the records themselves.
func (s *Store) load(c *sqlite.Conn) error {
	err := query(c, "SELECT name, value FROM state", func(row *sqlite.Stmt) {
		switch row.ColumnText(0) {
		case "clean":
			s.clean = row.ColumnInt64(1) == 1
		case "keys":
			s.next = uint64(row.ColumnInt64(1))
		case "indexed":
			s.lastMessage = row.ColumnInt64(1)
		}
	})
	if err != nil {
		return err
	}
	s.reserved = s.next
	return query(c, "SELECT c.id, c.records, s.marks FROM cycles c LEFT JOIN settled s ON s.cycle = c.id",
		func(row *sqlite.Stmt) {
			var marks []byte
			if !row.ColumnIsNull(2) {
				marks = blob(row, 2)
			}
			s.open[uint64(row.ColumnInt64(0))] = newOpenCycle(row.ColumnInt(1), marks)
		})
}

// loadFresh reads what is not in the index of messages. lastMessage is where
// that ends.
func (s *Store) loadFresh(c *sqlite.Conn) error {
	var all []entry
	err := query(c, "SELECT seq, bridge, id, account, stanza FROM messages WHERE seq > ? ORDER BY seq",
		func(r *sqlite.Stmt) { all = append(all, scanEntry(r)) }, s.lastMessage)
	if len(all) > 0 {
		s.lastMessage = all[len(all)-1].seq
	}
	s.fresh.update(all, nil)
	return err
}

// begin marks the store as in use: whoever opens it next without a Close
// between finds it not clean.
func (s *Store) begin(c *sqlite.Conn) error {
	return exec(c, "UPDATE state SET value = 0 WHERE name = 'clean'")
}

// Clean implements mapping.Journal. A new store is clean.
func (s *Store) Clean() bool { return s.clean }

// Close implements mapping.Store. It blocks until what is behind is written,
// at most 3 s while the store cannot write: then the rest is lost, the error
// says so, and the store is not clean. Reads must have ended.
func (s *Store) Close() error {
	if !s.queue.close() {
		return nil
	}
	s.ended()
	s.loops.Wait()
	t := time.AfterFunc(s.closeTime, func() { close(s.giveUp) })
	<-s.written
	t.Stop()
	err := s.lost
	if err == nil {
		err = exec(s.conn, "UPDATE state SET value = 1 WHERE name = 'clean'")
	}
	return errors.Join(err, s.readers.close(), s.conn.Close(), s.lock.release())
}
