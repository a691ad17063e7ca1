package main_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"causeway/cmd/lab/peer"
)

// builds are programs that differ from the usual one, by name.
var builds struct {
	sync.Mutex
	files map[string]string
}

// built builds the program with flags of go build, once for each name.
func built(t *testing.T, name string, flags ...string) string {
	t.Helper()
	builds.Lock()
	defer builds.Unlock()
	if file := builds.files[name]; file != "" {
		return file
	}
	dir := filepath.Join(filepath.Dir(program), name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), buildTime)
	defer cancel()
	file, err := peer.Build(ctx, dir, "causeway/cmd/causeway", flags...)
	if err != nil {
		t.Fatal(err)
	}
	if builds.files == nil {
		builds.files = map[string]string{}
	}
	builds.files[name] = file
	return file
}

// faulty builds the program that can be killed between steps (takeover.Step).
func faulty(t *testing.T) string { t.Helper(); return built(t, "faulty", "-tags", "faults") }
