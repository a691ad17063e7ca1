package media

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"causeway/bridges"
)

// Spooled is a file on disk that nobody else sees. Its owner closes it.
type Spooled struct {
	io.ReadSeeker
	Size int64
	Type string // as its Content says

	file *os.File
	free func()
}

// Close gives the disk back. What is read meanwhile fails.
func (f *Spooled) Close() error {
	f.free()
	return f.file.Close()
}

// Spool reads all of c to the disk, so that its size is known. It does not
// close c, and blocks as long as reading c does. The error is a *bridges.Error:
// TooLong beyond MaxSize, Temporary when there is no room, or what reading
// c returned.
func (s *Service) Spool(c *bridges.Content) (*Spooled, error) {
	f, err := s.spool(c)
	if err != nil {
		return nil, s.metrics.refuse(waySpool, err)
	}
	return f, nil
}

func (s *Service) spool(c *bridges.Content) (*Spooled, error) {
	room := s.cfg.MaxSize
	if c.Size > room {
		return nil, tooLarge(room)
	}
	if c.Size >= 0 {
		room = c.Size
	}
	if !s.room(room) {
		return nil, noRoom(errors.New("the files under way have all the room that they may have"))
	}
	file, err := s.disk.file()
	if err != nil {
		s.disk.free(room)
		return nil, noRoom(err)
	}
	n, err := s.fill(file, c, room)
	if err != nil {
		s.disk.free(room)
		return nil, errors.Join(err, file.Close())
	}
	s.disk.free(room - n)
	return &Spooled{
		ReadSeeker: io.NewSectionReader(file, 0, n), Size: n, Type: c.Type,
		file: file, free: sync.OnceFunc(func() { s.disk.free(n) }),
	}, nil
}

// fill copies c, of which at most room bytes may come.
func (s *Service) fill(file *os.File, c *bridges.Content, room int64) (n int64, err error) {
	bytes := s.metrics.begins(waySpool)
	to := &diskWriter{file: file}
	n, err = io.Copy(to, io.LimitReader(c, room+1))
	bytes.Add(float64(n))
	switch {
	case to.err != nil:
		return n, noRoom(to.err)
	case err != nil:
		return n, unread(err)
	case n > room && c.Size < 0:
		return n, tooLarge(room)
	case n > room || n < c.Size:
		return n, unread(fmt.Errorf("it is not of %d bytes, as was said", c.Size))
	}
	return n, nil
}

func noRoom(err error) *refusal {
	return fault(reasonDisk, bridges.Temporary, "There is no room for the file.", "%w", err)
}

// unread is an error of a network, whose kind and words stay.
func unread(err error) *refusal {
	var e *bridges.Error
	if errors.As(err, &e) {
		return &refusal{reasonSource, e}
	}
	return fault(reasonSource, bridges.Temporary, "The file could not be read.", "%w", err)
}

// diskWriter keeps errors of the disk apart from those of what is copied.
type diskWriter struct {
	file *os.File
	err  error
}

// Write implements io.Writer.
func (w *diskWriter) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	w.err = err
	return n, err
}

// disk is the room for files.
type disk struct {
	dir string

	mu   sync.Mutex
	left int64 // in bytes
}

// file makes one without a name: it is gone when it is closed, and when the
// process dies.
func (d *disk) file() (*os.File, error) {
	f, err := os.CreateTemp(d.dir, ".causeway-*.tmp")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (d *disk) take(n int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n > d.left {
		return false
	}
	d.left -= n
	return true
}

func (d *disk) free(n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left += n
}

// room takes room on the disk, which files that nobody reads make.
func (s *Service) room(n int64) bool {
	for !s.disk.take(n) {
		if !s.shelf.evict() {
			return false
		}
	}
	return true
}
