package sqlite

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"

	"causeway/mapping"
	"causeway/mapping/storetest"
)

// syncBuffer is a log.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func openLogged(t *testing.T, path string) (*Store, *syncBuffer) {
	t.Helper()
	log := new(syncBuffer)
	s, err := Open(t.Context(), Options{Path: path, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return s, log
}

// awaitFailure yields until the store says that it cannot write.
func (s *Store) awaitFailure() {
	for testutil.ToFloat64(s.health.writable) == 1 {
		runtime.Gosched()
	}
}

// outage is a store that cannot write, until end is called.
type outage struct {
	begin, end func()
}

// testOutage: while the store cannot write nothing is confirmed, reads and
// those who wait only so long go on, and afterwards all is written by itself.
func testOutage(t *testing.T, s *Store, log *syncBuffer, o outage) {
	t.Helper()
	if err := s.Commit(t.Context(), oneCycle()); err != nil {
		t.Fatal(err)
	}
	o.begin()
	const callers = 10
	done := make(chan error, callers)
	for range callers {
		go func() { done <- s.Commit(t.Context(), oneCycle()) }()
	}
	s.Behind(oneCycle())
	s.awaitFailure()
	since, err := s.State()
	if err == nil || since.IsZero() || !strings.Contains(err.Error(), s.path+" cannot be written: ") {
		t.Errorf("state: %v since %v", err, since)
	}
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { left <- s.Commit(ctx, oneCycle()) }()
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left: %v", err)
	}
	if _, ok, err := s.Account(t.Context(), "sms.example.org", "alice@example.org"); ok || err != nil {
		t.Errorf("read: %t, %v", ok, err)
	}
	select {
	case err := <-done:
		t.Fatalf("confirmed while the store cannot write: %v", err)
	default:
	}
	o.end()
	for range callers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := s.records(t); n != callers+2 {
		t.Errorf("%d records", n)
	}
	if again, err := s.State(); err != nil || again.Before(since) {
		t.Errorf("state: %v since %v", err, again)
	}
	if testutil.ToFloat64(s.health.writable) != 1 {
		t.Error("the gauge still says that the store cannot write")
	}
	if lines := strings.Count(log.String(), "\n"); lines != 2 ||
		!strings.Contains(log.String(), "store cannot write") || !strings.Contains(log.String(), "store writes again") {
		t.Errorf("%d lines:\n%s", lines, log)
	}
}

func TestDiskFull(t *testing.T) {
	disk := storetest.NewDisk(t, 4)
	s, log := openLogged(t, filepath.Join(disk.Dir, "causeway.db"))
	testOutage(t, s, log, outage{disk.Fill, disk.Free})
	closeAndCheck(t, s)
}

// TestReadOnlyDisk: a store on a read-only file system does not open, and says
// why.
func TestReadOnlyDisk(t *testing.T) {
	dir := storetest.NewDisk(t, 4).Dir
	path := filepath.Join(dir, "causeway.db")
	check(t, open(t, path).Close())
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Skipf("no file system can be remounted here: %v", err)
	}
	wantWords(t, refusal(t, path), dir, "read-only")
	check(t, unix.Mount("", dir, "", unix.MS_REMOUNT, ""))
	closeAndCheck(t, open(t, path))
}

// TestReadOnlyFiles: the files turn read-only under the open store. A file
// system cannot be made so while they are open for writing, files can.
func TestReadOnlyFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "causeway.db")
	s, log := openLogged(t, path)
	if err := immutable(path, true); err != nil {
		check(t, s.Close())
		t.Skipf("no file can be made immutable here: %v", err)
	}
	set := func(on bool) func() {
		return func() {
			check(t, errors.Join(immutable(path, on), immutable(path+"-wal", on)))
		}
	}
	set(false)()
	t.Cleanup(func() { _ = immutable(path, false) }) // or it cannot be removed
	testOutage(t, s, log, outage{set(true), set(false)})
	closeAndCheck(t, s)
}

// immutableFlag is FS_IMMUTABLE_FL of linux/fs.h.
const immutableFlag = 0x10

// immutable makes the kernel refuse all writes to a file, or not.
func immutable(path string, on bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	flags, err := unix.IoctlGetInt(int(f.Fd()), unix.FS_IOC_GETFLAGS)
	if err != nil {
		return err
	}
	flags &^= immutableFlag
	if on {
		flags |= immutableFlag
	}
	return unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, flags)
}

// TestHeldByAnother: some other program, a backup or a shell, holds the
// database for long.
func TestHeldByAnother(t *testing.T) {
	s, log := openLogged(t, filepath.Join(t.TempDir(), "causeway.db"))
	c, err := sqlite.OpenConn(s.path, sqlite.OpenReadWrite)
	check(t, err)
	defer c.Close()
	run := func(text string) func() { return func() { check(t, exec(c, text)) } }
	testOutage(t, s, log, outage{run("BEGIN IMMEDIATE"), run("ROLLBACK")})
	closeAndCheck(t, s)
}

// closeAndCheck closes a store and checks that it is whole and clean.
func closeAndCheck(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	checkIntegrity(t, s.path)
	again := open(t, s.path)
	defer again.Close()
	if !again.Clean() {
		t.Error("not clean")
	}
}

// TestNobodyWaits: the store finds out by itself that it can write again, when
// all who waited have left.
func TestNobodyWaits(t *testing.T) {
	s, _ := openLogged(t, filepath.Join(t.TempDir(), "causeway.db"))
	c, err := sqlite.OpenConn(s.path, sqlite.OpenReadWrite)
	check(t, err)
	defer c.Close()
	check(t, exec(c, "BEGIN IMMEDIATE"))
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { left <- s.Commit(ctx, oneCycle()) }()
	s.awaitFailure()
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left: %v", err)
	}
	check(t, exec(c, "ROLLBACK"))
	for testutil.ToFloat64(s.health.writable) == 0 {
		runtime.Gosched()
	}
	if n := s.records(t); n != 0 {
		t.Errorf("%d records", n)
	}
	closeAndCheck(t, s)
}

// TestCloseWithoutDisk: what cannot be written in time is lost, and said so.
func TestCloseWithoutDisk(t *testing.T) {
	disk := storetest.NewDisk(t, 4)
	s, log := openLogged(t, filepath.Join(disk.Dir, "causeway.db"))
	s.closeTime = 0
	disk.Fill()
	s.Behind(oneCycle())
	s.Behind(&mapping.Batch{Settle: []mapping.Key{{Cycle: 1}}})
	err := s.Close()
	if err == nil {
		t.Fatal("closed as if all was written")
	}
	wantWords(t, err.Error(), "2 changes", "full")
	disk.Free()
	again := open(t, s.path)
	defer again.Close()
	if again.Clean() || again.records(t) != 0 {
		t.Errorf("clean %t, %d records\n%s", again.Clean(), again.records(t), log)
	}
}
