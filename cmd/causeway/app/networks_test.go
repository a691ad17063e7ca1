package app

import (
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"causeway/component/media"
	"causeway/mapping/sqlite"
)

// listening collects the names of listeners.
type listening struct {
	alone
	names []string
}

func (l *listening) Listen(name, address string) (net.Listener, error) {
	l.names = append(l.names, name)
	return l.alone.Listen(name, address)
}

// TestDepsAreOfOneBridge: two bridges that use the same names disturb each
// other neither in what they keep nor in where they listen.
func TestDepsAreOfOneBridge(t *testing.T) {
	dir := t.TempDir()
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(dir, "db")})
	if err != nil {
		t.Fatal(err)
	}
	files, err := media.New(media.Config{Dir: dir, MaxSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	k := &listening{}
	a := &App{keeper: k, store: store, media: files, metrics: prometheus.NewRegistry()}
	domains := []string{"a.example.org", "b.example.org"}
	for _, domain := range domains {
		d := a.deps(domain, slog.New(slog.DiscardHandler))
		if _, ok, err := d.Notes.Note(t.Context(), "key"); ok || err != nil {
			t.Errorf("%s: a note is there: %t, %v", domain, ok, err)
		}
		if err := d.Notes.Keep(t.Context(), map[string][]byte{"key": []byte(domain)}); err != nil {
			t.Fatal(err)
		}
		l, err := d.Listen("events", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, domain := range domains {
		v, _, err := a.deps(domain, slog.New(slog.DiscardHandler)).Notes.Note(t.Context(), "key")
		if string(v) != domain || err != nil {
			t.Errorf("%s: %q, %v", domain, v, err)
		}
	}
	if want := []string{"a.example.org/events", "b.example.org/events"}; !slices.Equal(k.names, want) {
		t.Errorf("listeners %q, want %q", k.names, want)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}
