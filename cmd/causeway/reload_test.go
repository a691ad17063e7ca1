package main_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestHangUpAtStart: a SIGHUP that comes while the program starts does not end
// it. It reads its configuration from a pipe, so it is known where it is.
func TestHangUpAtStart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(within(t), program, "run", "--config", file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pipe, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Error(err)
	}
	_, err = pipe.WriteString("none: 1\n")
	if err := errors.Join(err, pipe.Close()); err != nil {
		t.Error(err)
	}
	var e *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &e) || e.ExitCode() != 2 {
		t.Errorf("%v, want exit status 2", err)
	}
}
