package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"causeway/bridges"
	"causeway/mapping"
)

// cutStep is how far apart the WAL is cut: the least that a disk writes whole.
const cutStep = 512

// TestPowerLoss copies the database after each commit, and cuts the WAL at
// every 512 bytes of its last transaction: by its length, and in a WAL that is
// overwritten by what stood there before. Everything committed before is
// there, the database is whole, and the store opens and replays.
func TestPowerLoss(t *testing.T) {
	dir := memoryDir(t)
	path := filepath.Join(dir, "causeway.db")
	s := open(t, path)
	defer s.Close()
	commits := powerLossCommits()
	cuts := 0
	state, wal := s.dump(t), readWAL(t, s)
	for i, b := range commits {
		if i == len(commits)/2 { // the WAL begins anew
			s.pauseOutside(t, func(c *sqlite.Conn) error { return exec(c, "PRAGMA wal_checkpoint(PASSIVE)") })
		}
		if err := s.Commit(t.Context(), b(i)); err != nil {
			t.Fatal(err)
		}
		nextState, nextWAL := s.dump(t), readWAL(t, s)
		database, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		first, last := difference(wal, nextWAL)
		for cut := first; cut <= last; cut += cutStep {
			for _, image := range tornWALs(wal, nextWAL, cut) {
				got := afterLoss(t, dir, database, image)
				if got != state && (got != nextState || cut+cutStep < last) {
					t.Fatalf("commit %d, cut at %d of %d to %d:\n%s\nbefore the commit:\n%s", i, cut, first, last, got, state)
				}
				cuts++
			}
		}
		if got := afterLoss(t, dir, database, nextWAL); got != nextState {
			t.Fatalf("commit %d, not cut:\n%s\nwant:\n%s", i, got, nextState)
		}
		state, wal = nextState, nextWAL
	}
	t.Logf("%d cuts", cuts)
}

// memoryDir is a directory in memory if there is one, since what is tried here
// needs no disk and opens a database a thousand times.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "store")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
	return dir
}

// tornWALs is what a WAL may be when the power went at a place: shorter, or
// with the rest as it was.
func tornWALs(before, after []byte, cut int) [][]byte {
	images := [][]byte{after[:cut]}
	if cut < len(before) {
		torn := append([]byte(nil), before...)
		copy(torn, after[:cut])
		images = append(images, torn)
	}
	return images
}

// powerLossCommits touch every table.
func powerLossCommits() []func(i int) *mapping.Batch {
	accept := func(i int) *mapping.Batch {
		return &mapping.Batch{Cycles: []*mapping.Cycle{{
			Bridge: "sms.example.org", Conn: 1, Last: uint64(i), Alone: true,
			Records: []mapping.Record{{Kind: 1, Data: []byte(fmt.Sprint("text ", i))}, {Kind: 1, Data: make([]byte, 6000)}},
		}}}
	}
	settle := func(i int) *mapping.Batch {
		return &mapping.Batch{
			Settle:      []mapping.Key{{Cycle: 1}, {Cycle: 2, Index: 1}},
			PutMessages: []mapping.Message{{Bridge: "sms.example.org", ID: bridges.MessageID(fmt.Sprint(i)), At: time.Now()}},
		}
	}
	park := func(i int) *mapping.Batch {
		return &mapping.Batch{Park: []mapping.Parked{{
			Key: mapping.Key{Cycle: 2}, Bridge: "sms.example.org", Account: "a", Conversation: "c",
			Record: mapping.Record{Kind: 1, Data: []byte("parked")}, Attempts: i,
		}}}
	}
	people := func(i int) *mapping.Batch {
		return &mapping.Batch{
			PutAccounts: []mapping.Account{{Bridge: "sms.example.org", ID: "a", Self: bridges.UserID(fmt.Sprint(i))}},
			PutContacts: []mapping.Contact{{Bridge: "sms.example.org", Account: "a", ID: bridges.ChatID(fmt.Sprint(i))}},
		}
	}
	return []func(int) *mapping.Batch{accept, accept, settle, people, park, accept, settle}
}

// dump shows all that a store holds.
func (s *Store) dump(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	ctx, bridge := context.Background(), "sms.example.org"
	err := s.Replay(ctx, bridge, func(k mapping.Key, r mapping.Record) error {
		fmt.Fprintf(&b, "%v %.20s\n", k, r.Data)
		return nil
	})
	check(t, err)
	rows, err := s.Waiting(ctx, bridge, "c", 10)
	check(t, err)
	for _, p := range rows {
		fmt.Fprintf(&b, "parked %v %d\n", p.Key, p.Attempts)
	}
	check(t, s.EachAccount(ctx, bridge, func(a mapping.Account) error {
		fmt.Fprintf(&b, "account %s\n", a.Self)
		return s.EachContact(ctx, bridge, a.ID, func(c mapping.Contact) error {
			fmt.Fprintf(&b, "contact %s\n", c.ID)
			return nil
		})
	}))
	for i := range 7 {
		_, ok, err := s.MessageByID(ctx, bridge, bridges.MessageID(fmt.Sprint(i)))
		check(t, err)
		fmt.Fprint(&b, ok, " ")
	}
	last, err := s.LastOffset(ctx, bridge, 1)
	check(t, err)
	fmt.Fprintf(&b, "offset %d\n", last)
	return b.String()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// afterLoss opens what a machine finds after its power came back, and shows
// what it holds.
func afterLoss(t *testing.T, dir string, database, wal []byte) string {
	t.Helper()
	dir, err := os.MkdirTemp(dir, "")
	check(t, err)
	path := filepath.Join(dir, "causeway.db")
	check(t, os.WriteFile(path, database, 0o600))
	check(t, os.WriteFile(path+"-wal", wal, 0o600))
	s := open(t, path)
	got := s.dump(t)
	if s.Clean() {
		t.Error("clean")
	}
	check(t, s.Close())
	checkIntegrity(t, path)
	check(t, os.RemoveAll(dir))
	return got
}

// checkIntegrity asks SQLite itself.
func checkIntegrity(t *testing.T, path string) {
	t.Helper()
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	check(t, err)
	defer c.Close()
	var lines []string
	check(t, sqlitex.ExecuteTransient(c, "PRAGMA integrity_check", &sqlitex.ExecOptions{
		ResultFunc: func(r *sqlite.Stmt) error {
			lines = append(lines, r.ColumnText(0))
			return nil
		},
	}))
	if len(lines) != 1 || lines[0] != "ok" {
		t.Errorf("%s: %q", path, lines)
	}
}

func readWAL(t *testing.T, s *Store) (b []byte) {
	t.Helper()
	s.pauseWriter(t, func() {
		var err error
		b, err = os.ReadFile(s.path + "-wal")
		if err != nil {
			t.Error(err)
		}
	})
	return b
}

// difference returns the first byte in which b differs from a, and the one
// behind the last.
func difference(a, b []byte) (first, last int) {
	for first < len(a) && first < len(b) && a[first] == b[first] {
		first++
	}
	last = len(b)
	for last > first && len(a) == len(b) && a[last-1] == b[last-1] {
		last--
	}
	return first, last
}

// pauseOutside runs f on a connection of its own while the writer is idle.
func (s *Store) pauseOutside(t *testing.T, f func(*sqlite.Conn) error) {
	t.Helper()
	c, err := sqlite.OpenConn(s.path, sqlite.OpenReadWrite)
	check(t, err)
	defer c.Close()
	check(t, f(c))
}
