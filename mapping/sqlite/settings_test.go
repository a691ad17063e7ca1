package sqlite

import (
	"path/filepath"
	"reflect"
	"testing"

	"causeway/mapping"
)

// TestNamesSinceFirstVersion: in a store of the first version nobody has
// settings or names, and can get them.
func TestNamesSinceFirstVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "causeway.db")
	firstVersion(t, path)
	s := open(t, path)
	defer s.Close()
	a, ok, err := s.Account(t.Context(), "sms.example.org", "alice@example.org")
	if !ok || err != nil || a.Settings != nil {
		t.Errorf("%+v, %t, %v", a, ok, err)
	}
	c, ok, err := s.Contact(t.Context(), a.Bridge, a.ID, "+12025550100")
	want := mapping.Contact{
		Bridge: a.Bridge, Account: a.ID, ID: "+12025550100", Subscription: mapping.SeesContact | mapping.SeenByUs,
	}
	if !ok || err != nil || c != want {
		t.Errorf("%+v, %t, %v", c, ok, err)
	}
	a.Settings = map[string]string{"name": "value"}
	commit(t, s, &mapping.Batch{PutAccounts: []mapping.Account{a}})
	if got, _, err := s.Account(t.Context(), a.Bridge, a.ID); err != nil || !reflect.DeepEqual(got.Settings, a.Settings) {
		t.Errorf("%v, %v", got.Settings, err)
	}
}

// TestForeignSettings: what another hand wrote costs what is no string only.
func TestForeignSettings(t *testing.T) {
	for text, want := range map[string]map[string]string{
		`{}`:                    nil,
		`[]`:                    nil,
		`{"a":"b","n":1}`:       {"a": "b"},
		`{"a":"b","n":{"x":1}}`: {"a": "b"},
	} {
		got := parseSettings(text)
		if delete(got, "n"); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
