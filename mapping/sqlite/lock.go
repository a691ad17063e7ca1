package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// lock is an exclusive lock on a database, held through a file beside it that
// names the holder. The kernel gives it up when the process dies; the file
// stays.
type lock struct{ file *os.File }

// ErrInUse is wrapped by the error of Open when another process has the store.
var ErrInUse = errors.New("is in use by")

// acquire takes the lock of the database at path. When another process has it
// the error names that one and says what to do.
func acquire(path string, now time.Time) (*lock, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, inWords(path, err)
	}
	l := &lock{f}
	err = take(f)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("sqlite: %s %w %s: stop that first, or configure another store", path, ErrInUse, l.holder())
	} else if err == nil {
		err = l.sign(now)
	} else {
		err = fmt.Errorf("sqlite: lock of %s: %w", path, err)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return l, nil
}

// take takes the lock, or fails with EWOULDBLOCK. Those who only look at it
// share it for an instant (isHeld) and keep nobody from taking it: while it is
// theirs it is tried again, for a second at most.
func take(f *os.File) (err error) {
	for range 1000 {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || isHeld(f) {
			return err
		}
		time.Sleep(time.Millisecond)
	}
	return err
}

// isHeld tells whether another has the lock for itself.
func isHeld(f *os.File) bool {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if err == nil {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
	}
	return errors.Is(err, syscall.EWOULDBLOCK)
}

// holder returns who holds the lock of the database at path; "" when nobody
// does.
func holder(path string) (string, error) {
	f, err := os.Open(path + ".lock")
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("sqlite: lock: %w", err)
	}
	defer f.Close()
	if !isHeld(f) {
		return "", nil
	}
	l := &lock{f}
	return l.holder(), nil
}

// sign writes who holds the lock.
func (l *lock) sign(now time.Time) error {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	s := fmt.Sprintf("process %d on %s, since %s\n", os.Getpid(), host, now.UTC().Format(time.RFC3339))
	if err := l.file.Truncate(0); err != nil {
		return fmt.Errorf("sqlite: lock: %w", err)
	}
	if _, err := l.file.WriteAt([]byte(s), 0); err != nil {
		return fmt.Errorf("sqlite: lock: %w", err)
	}
	return nil
}

// holder returns what the holder wrote.
func (l *lock) holder() string {
	var b [256]byte
	n, _ := l.file.ReadAt(b[:], 0)
	if s := strings.TrimSpace(string(b[:n])); s != "" {
		return s
	}
	return "another process"
}

func (l *lock) release() error { return l.file.Close() }

// inWords says what to do about an error of the directory or the file.
func inWords(path string, err error) error {
	dir := filepath.Dir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("sqlite: the directory %s does not exist: make it, and give it to the user that runs causeway", dir)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("sqlite: no permission to write %s: the directory and the files in it must belong to the user that runs causeway (%w)", path, err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("sqlite: %s is on a file system that is mounted read-only: mount it writable, or configure another place", path)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("sqlite: the disk of %s is full: free some space", path)
	}
	return fmt.Errorf("sqlite: %s: %w", path, err)
}
