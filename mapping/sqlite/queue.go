package sqlite

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"causeway/mapping"
)

const (
	// behindTime is how long what is written behind waits for company.
	behindTime = 50 * time.Millisecond
	// A commit costs the same however little it carries. So while crowd
	// requests or more come with each, the next one begins no sooner than
	// companyTime after the last; otherwise nobody waits.
	companyTime = 2 * time.Millisecond
	crowd       = 8
	// behindLimit bounds what waits to be written behind, in bytes.
	behindLimit = 16 << 20
	// groupLimit is about how much one transaction writes, in bytes.
	groupLimit = 4 << 20
)

var (
	errClosed    = errors.New("sqlite: the store is closed")
	errWithdrawn = errors.New("sqlite: withdrawn")
)

// request is a batch that waits for the writer.
type request struct {
	batch  *mapping.Batch
	step   func(*tx) error // what it does; nil: write the batch
	weight int
	behind bool
	probe  bool       // nobody waits for it
	done   chan error // has room for the result
	// running: a transaction with it is under way. leaving: its caller wants
	// it back. Both belong to the queue's lock.
	running, leaving bool
}

// queue is what waits for the writer, in the order in which it came.
type queue struct {
	mu       sync.Mutex
	room     sync.Cond // of waits
	wake     chan struct{}
	requests []*request
	waits    int // weight of what is behind, under way or not
	commits  int // requests whose caller waits
	oldest   time.Time
	next     time.Time // no transaction before
	closed   bool
	pending  pending
}

func newQueue() *queue {
	q := &queue{wake: make(chan struct{}, 1), pending: newPending()}
	q.room.L = &q.mu
	return q
}

// put enqueues a request. One that is behind waits for room first.
func (q *queue) put(r *request) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for r.behind && q.waits > 0 && q.waits+r.weight > behindLimit && !q.closed {
		q.room.Wait()
	}
	if q.closed {
		return errClosed
	}
	if len(q.requests) == 0 {
		q.oldest = time.Now()
	}
	q.requests = append(q.requests, r)
	if r.behind {
		q.waits += r.weight
		q.pending.add(r.batch, 1)
	} else {
		q.commits++
	}
	q.nudge()
	return nil
}

func (q *queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// withdraw takes a request back, unless a transaction with it is under way:
// then its outcome decides.
func (q *queue) withdraw(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	r.leaving = true
	return !r.running
}

// take returns what the next transaction writes. It blocks until there is
// something; nil means that the queue is closed and empty.
func (q *queue) take() []*request {
	t := time.NewTimer(behindTime)
	defer t.Stop()
	for {
		group, wait, end := q.ready(time.Now())
		if len(group) > 0 || end {
			return group
		}
		t.Reset(wait)
		select {
		case <-q.wake:
			runtime.Gosched() // who is ready to commit comes along
		case <-t.C:
		}
	}
}

// ready returns a group if it is time for one, else how long to wait.
func (q *queue) ready(now time.Time) (group []*request, wait time.Duration, end bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.requests) == 0 {
		return nil, time.Hour, q.closed
	}
	wait = behindTime - now.Sub(q.oldest)
	if q.commits == 0 && !q.closed && q.waits < groupLimit && wait > 0 {
		return nil, wait, false
	}
	if wait = q.next.Sub(now); wait > 0 && !q.closed && q.waits < groupLimit {
		return nil, wait, false
	}
	n, weight := 0, 0
	for ; n < len(q.requests) && weight < groupLimit; n++ {
		r := q.requests[n]
		weight += r.weight
		if !r.behind {
			q.commits--
		}
		if !r.leaving {
			r.running = true
			group = append(group, r)
		}
	}
	rest := copy(q.requests, q.requests[n:])
	clear(q.requests[rest:])
	q.requests = q.requests[:rest]
	q.oldest = now
	return group, 0, false
}

// pause says that no transaction is under way with the group, and resume that
// one is again: both drop the requests whose callers have left meanwhile.
func (q *queue) pause(group []*request) []*request  { return q.mark(group, false) }
func (q *queue) resume(group []*request) []*request { return q.mark(group, true) }

func (q *queue) mark(group []*request, running bool) []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	kept := group[:0]
	for _, r := range group {
		if r.leaving {
			r.done <- errWithdrawn
			continue
		}
		r.running = running
		kept = append(kept, r)
	}
	return kept
}

// finish gives the outcome to those who wait for it.
func (q *queue) finish(group []*request, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(group) >= crowd {
		q.next = time.Now().Add(companyTime)
	}
	for _, r := range group {
		if r.behind {
			q.waits -= r.weight
			q.pending.add(r.batch, -1)
		} else {
			r.done <- err
		}
	}
	q.room.Broadcast()
}

// report tells those who wait for it that a group is on disk.
func report(group []*request) {
	for _, r := range group {
		if r.batch != nil && r.batch.Done != nil {
			r.batch.Done()
		}
	}
}

// close lets nothing more in. What is in is still written.
func (q *queue) close() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	first := !q.closed
	q.closed = true
	q.room.Broadcast()
	q.nudge()
	return first
}

// Commit implements mapping.Journal. When ctx ends while the disk writes, that
// write decides the outcome.
func (s *Store) Commit(ctx context.Context, b *mapping.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.do(ctx, &request{batch: b, weight: weigh(b)})
}

// do waits until a request is on disk.
func (s *Store) do(ctx context.Context, r *request) error {
	r.done = make(chan error, 1)
	if err := s.queue.put(r); err != nil {
		return err
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
	}
	if s.queue.withdraw(r) {
		return ctx.Err()
	}
	if err := <-r.done; !errors.Is(err, errWithdrawn) {
		return err
	}
	return ctx.Err()
}

// Behind implements mapping.Journal. It blocks while 16 MiB wait to be
// written. After Close it does nothing.
func (s *Store) Behind(b *mapping.Batch) {
	if err := s.queue.put(&request{batch: b, weight: weigh(b), behind: true}); err != nil {
		s.health.refused(err)
	}
}

// flush writes what is behind.
func (s *Store) flush(ctx context.Context) error { return s.Commit(ctx, new(mapping.Batch)) }
