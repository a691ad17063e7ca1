package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"zombiezen.com/go/sqlite"
)

const (
	// readConns is how many reads go on at a time.
	readConns = 4
	// pageRows is how many rows are read at once before a caller sees them.
	pageRows = 256
)

// readers are the connections that read, opened when first needed.
type readers struct {
	path string
	free chan struct{} // has an entry for each read under way
	mu   sync.Mutex
	idle []*sqlite.Conn // the last used one is last
}

func newReaders(path string) *readers {
	return &readers{path: path, free: make(chan struct{}, readConns)}
}

// use runs f with a connection. It blocks until one is free or ctx ends. f
// reads a page at most, so that it need not be interrupted: the goroutine for
// that would cost more than the read of a row.
func (r *readers) use(ctx context.Context, f func(*sqlite.Conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case r.free <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-r.free }()
	c, err := r.take()
	if err != nil {
		return err
	}
	defer r.give(c)
	return f(c)
}

func (r *readers) take() (*sqlite.Conn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.idle); n > 0 {
		c := r.idle[n-1]
		r.idle = r.idle[:n-1]
		return c, nil
	}
	return openReader(r.path)
}

func (r *readers) give(c *sqlite.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle = append(r.idle, c)
}

func openReader(path string) (*sqlite.Conn, error) {
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	for _, p := range []string{"PRAGMA query_only = ON", "PRAGMA cache_size = -4096"} {
		if err := exec(c, p); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

// close waits for the reads under way. No other may begin.
func (r *readers) close() error {
	var errs []error
	for range readConns {
		r.free <- struct{}{}
	}
	for _, c := range r.idle {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// read runs f on a state that has all that is behind about a topic. While the
// store cannot write, that makes it wait.
func (s *Store) read(ctx context.Context, t topic, f func(*sqlite.Conn) error) error {
	if s.queue.behind(t) {
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
	return s.use(ctx, f)
}

func (s *Store) use(ctx context.Context, f func(*sqlite.Conn) error) error {
	err := s.readers.use(ctx, f)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("sqlite: read: %w", err)
}

// scan reads one row; ok tells whether there is one.
func scan(c *sqlite.Conn, text string, row func(*sqlite.Stmt), args ...any) (ok bool, err error) {
	err = query(c, text, func(s *sqlite.Stmt) {
		ok = true
		row(s)
	}, args...)
	return ok, err
}

// pages calls f for all rows, page by page; between pages no connection is
// held. page returns at most pageRows that come after last, nil at first.
func pages[T any](ctx context.Context, s *Store, t topic,
	page func(c *sqlite.Conn, last *T) ([]T, error), f func(T) error,
) error {
	var last *T
	for {
		var rows []T
		err := s.read(ctx, t, func(c *sqlite.Conn) (err error) {
			rows, err = page(c, last)
			return err
		})
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := f(r); err != nil {
				return err
			}
		}
		if len(rows) < pageRows {
			return nil
		}
		last = &rows[len(rows)-1]
	}
}
