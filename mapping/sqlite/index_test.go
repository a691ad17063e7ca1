package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

const bridge = "sms.example.org"

func indexedMessage(account bridges.AccountID, i int) mapping.Message {
	return mapping.Message{
		Bridge: bridge, ID: bridges.MessageID(fmt.Sprint(account, i)), Account: account, Chat: "+9",
		Stanza: fmt.Sprint("s", i/2), Part: uint8(i % 2), Parts: 2, At: time.Unix(2_000_000_000, 0),
	}
}

// put writes messages of two accounts, in pairs.
func (s *Store) put(t *testing.T, from, to int) {
	t.Helper()
	b := new(mapping.Batch)
	for i := from; i < to; i++ {
		b.PutMessages = append(b.PutMessages, indexedMessage("alice", i), indexedMessage("bob", i))
	}
	check(t, s.Commit(t.Context(), b))
}

// wantMessages checks that the messages of an account are all found, or none.
func (s *Store) wantMessages(t *testing.T, account bridges.AccountID, from, to int, there bool) {
	t.Helper()
	for i := from; i < to; i++ {
		want := indexedMessage(account, i)
		got, ok, err := s.MessageByID(t.Context(), bridge, want.ID)
		check(t, err)
		if ok != there || ok && got != want {
			t.Fatalf("message %d: %t, %+v", i, ok, got)
		}
		parts, err := s.Parts(t.Context(), bridge, account, "+9", want.Stanza)
		check(t, err)
		if (len(parts) == 2) != there || there && parts[i%2] != want {
			t.Fatalf("parts of message %d: %+v", i, parts)
		}
	}
}

// count returns how many rows the tables of messages and their index have.
func (s *Store) count(t *testing.T) (n [3]int64) {
	t.Helper()
	s.pauseWriter(t, func() {
		for i, table := range []string{"messages", "message_ids", "message_stanzas"} {
			var err error
			n[i], err = queryInt(s.conn, "SELECT count(*) FROM "+table)
			check(t, err)
		}
	})
	return n
}

// TestIndex: messages are found before, while and after their index is on
// disk, in this process and the next.
func TestIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "causeway.db")
	s := open(t, path)
	s.put(t, 0, 100)
	check(t, s.index(t.Context()))
	if n := s.count(t); n != [3]int64{200, 200, 200} {
		t.Fatal(n)
	}
	s.put(t, 100, 200)
	s.wantMessages(t, "alice", 0, 200, true)
	s.fresh.turn() // as if it was being written
	s.put(t, 200, 300)
	s.wantMessages(t, "bob", 0, 300, true)
	check(t, s.Close())

	s = open(t, path)
	s.wantMessages(t, "alice", 0, 300, true)
	s.put(t, 0, 300) // each again: rows are replaced, wherever they stand
	check(t, s.index(t.Context()))
	check(t, s.index(t.Context())) // nothing to do
	s.wantMessages(t, "alice", 0, 300, true)
	if n := s.count(t); n != [3]int64{600, 600, 600} {
		t.Error(n)
	}
	check(t, s.Close())
}

// TestIndexIsInterrupted: the next process writes it again.
func TestIndexIsInterrupted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "causeway.db")
	s := open(t, path)
	s.put(t, 0, 100)
	check(t, s.change(t.Context(), s.fresh.turn(), insertID))
	check(t, s.Close())
	s = open(t, path)
	s.wantMessages(t, "alice", 0, 100, true)
	check(t, s.index(t.Context()))
	s.wantMessages(t, "bob", 0, 100, true)
	if n := s.count(t); n != [3]int64{200, 200, 200} {
		t.Error(n)
	}
	check(t, s.Close())
}

// TestIndexForgets: nothing in the index outlives its message, whenever that
// is deleted.
func TestIndexForgets(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "causeway.db"))
	defer s.Close()
	s.put(t, 0, 100)
	check(t, s.index(t.Context()))
	s.put(t, 100, 200)
	entries := s.fresh.turn()
	check(t, s.change(t.Context(), entries, insertID))
	s.put(t, 200, 300)
	check(t, s.Commit(t.Context(), &mapping.Batch{DeleteAccounts: []mapping.Account{{Bridge: bridge, ID: "alice"}}}))
	s.wantMessages(t, "alice", 0, 300, false)
	s.wantMessages(t, "bob", 0, 300, true)
	check(t, s.change(t.Context(), entries, insertStanza)) // with those of alice, who is gone
	check(t, s.indexed(t.Context(), entries))
	check(t, s.index(t.Context()))
	s.wantMessages(t, "bob", 0, 300, true)
	if n := s.count(t); n != [3]int64{300, 300, 300} {
		t.Error(n)
	}
	s.put(t, 300, 400)
	check(t, s.sweepMessages(t.Context(), time.Unix(2_100_000_000, 0)))
	s.wantMessages(t, "bob", 0, 400, false)
	if n := s.count(t); n != [3]int64{} {
		t.Error(n)
	}
}

// TestMovedMessage: an id that comes again with another stanza is found by
// that one only.
func TestMovedMessage(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "causeway.db"))
	defer s.Close()
	for _, index := range []bool{false, true} {
		m := indexedMessage("alice", 0)
		check(t, s.Commit(t.Context(), &mapping.Batch{PutMessages: []mapping.Message{m}}))
		if index {
			check(t, s.index(t.Context()))
		}
		moved := m
		moved.Stanza = "other"
		check(t, s.Commit(t.Context(), &mapping.Batch{PutMessages: []mapping.Message{m, moved}}))
		got, ok, err := s.MessageByID(t.Context(), bridge, m.ID)
		if got != moved || !ok || err != nil {
			t.Errorf("%+v, %t, %v", got, ok, err)
		}
		for stanza, n := range map[string]int{m.Stanza: 0, "other": 1} {
			parts, err := s.Parts(t.Context(), bridge, "alice", "+9", stanza)
			if len(parts) != n || err != nil {
				t.Errorf("%s: %+v, %v", stanza, parts, err)
			}
		}
	}
}

// TestHashes are on disks and never change.
func TestHashes(t *testing.T) {
	e := newEntry(1, bridge, "id", "alice@example.org", "stanza")
	if want := (entry{1, 0x7bad1ba069c4270f, -0x10144b071c57cec9}); e != want {
		t.Errorf("%#x", e)
	}
	if e.stanza&^accountRange != accountHash("alice@example.org") {
		t.Error("the upper half is not the account's")
	}
}
