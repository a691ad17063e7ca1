package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"causeway/mapping"
)

// hold keeps the writer in a transaction until the returned function is called.
func (s *Store) hold(t *testing.T) (release func()) {
	t.Helper()
	in, out := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- s.do(context.Background(), &request{step: func(*tx) error {
			close(in)
			<-out
			return nil
		}})
	}()
	<-in
	return func() {
		close(out)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// await yields until as many requests wait.
func (q *queue) await(n int) {
	for {
		q.mu.Lock()
		waiting := len(q.requests)
		q.mu.Unlock()
		if waiting == n {
			return
		}
		runtime.Gosched()
	}
}

func oneCycle() *mapping.Batch {
	return &mapping.Batch{Cycles: []*mapping.Cycle{benchCycle(1)}}
}

// TestGroupCommit: those who wait share one transaction.
func TestGroupCommit(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "causeway.db"))
	defer s.Close()
	release := s.hold(t)
	var wg sync.WaitGroup
	const callers = 50
	for range callers {
		wg.Go(func() {
			if err := s.Commit(t.Context(), oneCycle()); err != nil {
				t.Error(err)
			}
		})
	}
	s.queue.await(callers)
	s.Behind(oneCycle())
	release()
	wg.Wait()
	if n := testutil.ToFloat64(s.health.commits); n != 2 {
		t.Errorf("%g transactions", n)
	}
}

// TestWithdraw: a caller that leaves while others write is not written.
func TestWithdraw(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "causeway.db"))
	defer s.Close()
	release := s.hold(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Commit(ctx, oneCycle()) }()
	s.queue.await(1)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	release()
	if n := s.records(t); n != 0 {
		t.Errorf("%d records", n)
	}
}

// TestLeaveWhileWriting: a caller that leaves while its own batch is written
// is told what became of it.
func TestLeaveWhileWriting(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "causeway.db"))
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	err := s.do(ctx, &request{step: func(x *tx) error {
		cancel()
		return x.apply(oneCycle())
	}})
	if err != nil || s.records(t) != 1 {
		t.Errorf("%v, %d records", err, s.records(t))
	}
}

func (s *Store) records(t *testing.T) (n int) {
	t.Helper()
	err := s.Replay(context.Background(), "sms.example.org", func(mapping.Key, mapping.Record) error {
		n++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestBehindIsBounded: beyond the bound Behind waits, and goes on by itself.
func TestBehindIsBounded(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "causeway.db"))
	defer s.Close()
	release := s.hold(t)
	big := &mapping.Batch{Cycles: []*mapping.Cycle{{
		Bridge: "sms.example.org", Records: []mapping.Record{{Kind: mapping.ToXMPP, Data: make([]byte, 1<<20)}},
	}}}
	fits := behindLimit / weigh(big)
	var wg sync.WaitGroup
	for range fits + 5 {
		wg.Go(func() {
			s.Behind(&mapping.Batch{Cycles: []*mapping.Cycle{{Bridge: big.Cycles[0].Bridge, Records: big.Cycles[0].Records}}})
		})
	}
	s.queue.await(fits)
	s.queue.mu.Lock()
	if s.queue.waits > behindLimit {
		t.Errorf("%d bytes wait", s.queue.waits)
	}
	s.queue.mu.Unlock()
	release()
	wg.Wait()
	if n := s.records(t); n != fits+5 {
		t.Errorf("%d records", n)
	}
	if s.queue.waits != 0 || len(s.queue.pending.messages) != 0 {
		t.Errorf("%d bytes are said to wait", s.queue.waits)
	}
}

// TestBehindComesByItself: nobody commits, and it is written nevertheless.
func TestBehindComesByItself(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "causeway.db"))
	defer s.Close()
	s.Behind(oneCycle())
	for testutil.ToFloat64(s.health.commits) == 0 {
		runtime.Gosched()
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "causeway.db"), Metrics: reg})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Commit(t.Context(), oneCycle()); err != nil {
		t.Fatal(err)
	}
	n, err := testutil.GatherAndCount(reg)
	if n != 4 || err != nil || testutil.ToFloat64(s.health.writable) != 1 {
		t.Error(n, err)
	}
}
