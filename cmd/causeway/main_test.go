// Package main_test tests the whole program, built and started as an admin
// does it, on XMPP servers, a client and SMS centres that nobody here wrote.
// What differs between tests is a settings struct; gateway_test.go runs the
// program, rig_test.go sets everything up around it.
package main_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"causeway/cmd/lab/peer"
)

const buildTime = 10 * time.Minute

// program is the built command.
var program string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "causeway-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(context.Background(), buildTime)
	defer cancel()
	if program, err = peer.Build(ctx, dir, "causeway/cmd/causeway"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
