package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"zombiezen.com/go/sqlite"
)

// Backup writes a copy of the store at path, which another process may have
// open, to a new file that only its owner can read. The copy is of one moment,
// and is on disk when Backup returns; the store itself is only read. A file
// that exists is an error and stays as it is. Backup blocks on the disk until
// ctx ends; meanwhile the WAL of a running store grows.
//
// The copy is not clean (mapping.Journal): what waited in it may have been
// sent since.
func Backup(ctx context.Context, path, file string) error {
	if _, err := os.Lstat(file); err == nil {
		return errExists(file)
	}
	return look(ctx, path, func(c *sqlite.Conn) error { return copyTo(c, file) })
}

func errExists(file string) error {
	return fmt.Errorf("%s exists already, and stays as it is: choose another name", file)
}

// copyTo makes the copy under another name, so that a file of that name is a
// whole one.
func copyTo(c *sqlite.Conn, file string) error {
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".part-*")
	if err != nil {
		return inWords(file, err)
	}
	part := f.Name()
	defer os.Remove(part)
	if err = exec(c, "VACUUM INTO ?", part); err == nil {
		err = errors.Join(unclean(part), f.Sync())
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("copy to %s: %w", file, err)
	}
	if err := os.Link(part, file); errors.Is(err, fs.ErrExist) {
		return errExists(file)
	} else if err != nil {
		return err
	}
	return syncDir(filepath.Dir(file))
}

// unclean makes whoever opens a copy doubt what was under way, and give keys that neither
// the original nor another life of the copy gives: networks know by them what was sent.
func unclean(path string) error {
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	far := rand.Int64N(1<<20) + 1
	return errors.Join(exec(c, "UPDATE state SET value = 0 WHERE name = 'clean'"),
		exec(c, "INSERT INTO state (name, value) VALUES ('keys', ?1) ON CONFLICT (name) DO UPDATE SET value = value + ?1", far<<32), c.Close())
}

// syncDir has the names in a directory on disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
