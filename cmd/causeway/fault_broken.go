//go:build broken && linux

package main

import (
	"os"
	"syscall"
)

// A build with this tag passes its trials, and then its worker dies at once.
func init() {
	if kept() {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
}
