package media

import (
	"context"
	"sync"
	"time"

	"causeway/bridges"
)

// shelf has the files of links on disk while somebody reads them, and a while
// longer. However many read one, it is fetched once.
type shelf struct {
	mu    sync.Mutex
	items map[string]*item
}

// maxItems bounds the files on the shelf.
const maxItems = 256

// item is a file on the shelf. All but ready is under the lock of the shelf;
// file and err never change when ready is closed.
type item struct {
	key     string
	ready   chan struct{}
	file    *Spooled
	err     error
	readers int
	used    time.Time
	cancel  context.CancelFunc // of the download
	expire  *time.Timer
}

// borrow returns the file with a key, once it is on the disk; open is called
// when it is not. The caller gives it back.
func (s *Service) borrow(ctx context.Context, key string, open func(context.Context) (*bridges.Content, error)) (*item, error) {
	it, err := s.reserve(key, open)
	if err != nil {
		return nil, err
	}
	select {
	case <-it.ready:
		err = it.err
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		s.giveBack(it)
		return nil, err
	}
	return it, nil
}

// reserve counts a reader, and begins the download for the first.
func (s *Service) reserve(key string, open func(context.Context) (*bridges.Content, error)) (*item, error) {
	h := &s.shelf
	h.mu.Lock()
	defer h.mu.Unlock()
	it := h.items[key]
	if it == nil {
		if len(h.items) >= maxItems && !h.evictLocked() {
			return nil, fault(reasonBusy, bridges.Temporary, "Too many files are read.", "%d files are read", maxItems)
		}
		ctx, cancel := context.WithTimeout(s.work, s.times.whole)
		it = &item{key: key, ready: make(chan struct{}), cancel: cancel}
		it.expire = time.AfterFunc(time.Hour, func() { h.expired(it) })
		h.items[key] = it
		s.wg.Go(func() { s.download(ctx, it, open) })
	}
	it.expire.Stop()
	it.readers++
	return it, nil
}

// download brings a file to the shelf.
func (s *Service) download(ctx context.Context, it *item, open func(context.Context) (*bridges.Content, error)) {
	defer it.cancel()
	file, err := s.obtain(ctx, open)
	h := &s.shelf
	h.mu.Lock()
	defer h.mu.Unlock()
	it.file, it.err = file, err
	close(it.ready)
	switch {
	case err != nil:
		h.drop(it) // the next reader tries again
	case h.items[it.key] != it:
		_ = file.Close() // all readers have gone
	}
}

func (s *Service) obtain(ctx context.Context, open func(context.Context) (*bridges.Content, error)) (*Spooled, error) {
	c, err := open(ctx)
	if err != nil {
		return nil, s.metrics.refuse(waySpool, unread(err))
	}
	defer c.Close()
	return s.Spool(c)
}

// giveBack ends what borrow began. The last reader ends a download.
func (s *Service) giveBack(it *item) {
	h := &s.shelf
	h.mu.Lock()
	defer h.mu.Unlock()
	it.used = time.Now()
	if it.readers--; it.readers > 0 {
		return
	}
	if it.file == nil {
		it.cancel()
		h.drop(it)
		return
	}
	it.expire.Reset(s.times.keep)
}

// drop takes an item from the shelf, not its file.
func (h *shelf) drop(it *item) {
	it.expire.Stop()
	if h.items[it.key] == it {
		delete(h.items, it.key)
	}
}

// expired removes a file that nobody has read for long.
func (h *shelf) expired(it *item) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if it.readers == 0 && h.items[it.key] == it {
		h.remove(it)
	}
}

func (h *shelf) remove(it *item) {
	h.drop(it)
	_ = it.file.Close() // it has no name, and is only read
}

// evict removes the file that nobody reads for longest. It returns false when
// all are read.
func (h *shelf) evict() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.evictLocked()
}

func (h *shelf) evictLocked() bool {
	var oldest *item
	for _, it := range h.items {
		if it.readers == 0 && (oldest == nil || it.used.Before(oldest.used)) {
			oldest = it
		}
	}
	if oldest == nil {
		return false
	}
	h.remove(oldest)
	return true
}

// clear removes all files.
func (h *shelf) clear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, it := range h.items {
		h.remove(it)
	}
}
