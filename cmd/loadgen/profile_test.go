package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
	"testing"

	"causeway/cmd/causeway/app"
	"causeway/cmd/causeway/config"
)

// With these the test binary is the gateway, and writes a profile: the program
// itself has no door for one.
const (
	profileVariable = "LOADGEN_PROFILE"
	configVariable  = "LOADGEN_CONFIG"
)

func TestMain(m *testing.M) {
	file := os.Getenv(profileVariable)
	if file == "" {
		os.Exit(m.Run())
	}
	if err := profiled(file, os.Getenv(configVariable)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// profiled serves until SIGTERM.
func profiled(file, configuration string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	cfg, err := config.Load(configuration, os.LookupEnv, app.Networks())
	if err != nil {
		return err
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	a, err := app.New(ctx, cfg, app.Options{Log: os.Stderr, Version: "profiled"})
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	err = a.Run(ctx)
	pprof.StopCPUProfile()
	return errors.Join(err, a.Close(), out.Close())
}
