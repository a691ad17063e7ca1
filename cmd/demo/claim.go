package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// maxRuns is how many demos may run at once in one tree.
const maxRuns = 10

// claim returns an empty directory below runs, as an absolute path, that is
// this process's until it ends or calls release. The logs of a run stay until
// its directory is claimed again.
func claim(runs string) (dir string, release func() error, err error) {
	if runs, err = filepath.Abs(runs); err == nil {
		err = os.MkdirAll(runs, 0o700)
	}
	for n := 1; err == nil && n <= maxRuns; n++ {
		dir = filepath.Join(runs, strconv.Itoa(n))
		lock, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return "", nil, err
		}
		switch err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
		case errors.Is(err, syscall.EWOULDBLOCK):
			lock.Close()
		case err != nil:
			return "", nil, errors.Join(err, lock.Close())
		default:
			return dir, lock.Close, errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700))
		}
	}
	if err == nil {
		err = fmt.Errorf("%d demos run already in %s", maxRuns, runs)
	}
	return "", nil, err
}
