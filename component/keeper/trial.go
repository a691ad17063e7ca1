//go:build linux

package keeper

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// trialTime bounds each trial.
const trialTime = 30 * time.Second

// Trials are command lines that a new binary must pass before it takes the
// place of this one. The last of them prints the formats of notes that it
// reads, one a line.
type Trials [][]string

// try runs a binary with each of them. It tells whether the binary reads notes
// of all these formats.
func (t Trials) try(path string, formats []string) (reads bool, err error) {
	var out []byte
	for _, args := range t {
		if out, err = try(path, args); err != nil {
			return false, fmt.Errorf("%s %s: %w: %s", path, strings.Join(args, " "), err, bytes.TrimSpace(out))
		}
	}
	return containsAll(strings.Fields(string(out)), formats), nil
}

func try(path string, args []string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), trialTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = time.Second
	return cmd.CombinedOutput()
}

func containsAll(set, all []string) bool {
	return !slices.ContainsFunc(all, func(s string) bool { return !slices.Contains(set, s) })
}

// binary is the path under which this program was started: where it leads may
// change, and that is what an upgrade takes.
func binary() (string, error) {
	path, err := exec.LookPath(os.Args[0])
	if err != nil {
		return os.Args[0], err
	}
	return filepath.Abs(path)
}
