package sqlite

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"zombiezen.com/go/sqlite"

	"causeway/mapping"
)

// firstVersion makes a database as the first migration left it.
func firstVersion(t *testing.T, path string) {
	t.Helper()
	all, err := allMigrations()
	if err != nil {
		t.Fatal(err)
	}
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := apply(c, all[0]); err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{
		"accounts VALUES ('sms.example.org', 'alice@example.org', '+12025550199', 1)",
		"contacts VALUES ('sms.example.org', 'alice@example.org', '+12025550100', 3)",
	} {
		if err := exec(c, "INSERT INTO "+row); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReleasedSinceFirstVersion: a store of the first version is migrated, and
// keeps neither the account nor its identity in words when it is deleted.
func TestReleasedSinceFirstVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "causeway.db")
	firstVersion(t, path)
	s := open(t, path)
	a, ok, err := s.Account(t.Context(), "sms.example.org", "alice@example.org")
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	commit(t, s, &mapping.Batch{DeleteAccounts: []mapping.Account{a}})
	at, own, err := s.Released(t.Context(), a.Bridge, a.Self, a.ID)
	if at.IsZero() || !own || err != nil {
		t.Errorf("%v, %t, %v", at, own, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	script(t, path, "VACUUM") // drops the bytes of deleted rows
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{string(a.ID), string(a.Self)} {
		if bytes.Contains(b, []byte(name)) {
			t.Errorf("%s is still in the file", name)
		}
	}
}
