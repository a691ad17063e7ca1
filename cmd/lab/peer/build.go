package peer

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime/debug"
)

// Build compiles a command of this module, such as "causeway/cmd/causeway",
// into dir and returns the file. It has the race detector if this program does, and
// where this program has it. Flags are more ones for go build.
func Build(ctx context.Context, dir, command string, flags ...string) (string, error) {
	file := filepath.Join(dir, filepath.Base(command))
	args := append([]string{"build", "-o", file}, flags...)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "-race" || s.Key == "-gcflags" {
				args = append(args, s.Key+"="+s.Value)
			}
		}
	}
	if out, err := exec.CommandContext(ctx, "go", append(args, command)...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s", command, err, out)
	}
	return file, nil
}
