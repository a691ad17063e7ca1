package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"causeway/cmd/causeway/app"
	"causeway/cmd/causeway/config"
	"causeway/mapping/sqlite"
)

type checkCmd struct {
	Local bool `help:"Only what is on this machine: the configuration and the store. Connects to nothing."`
}

// errCheck is the outcome of a check that found something.
var errCheck = errors.New("check: something is wrong, see above")

// Run tries everything that the configuration names.
func (l checkCmd) Run(e *env) error {
	cfg, err := e.load()
	if err != nil {
		return err
	}
	c := &checking{env: e}
	c.say("configuration "+e.file, nil)
	c.say("store "+cfg.Store, checkStore(e.ctx, strings.TrimPrefix(cfg.Store, "sqlite:")))
	if !l.Local {
		c.connections(cfg)
	}
	c.notes(cfg)
	if c.failed {
		return errCheck
	}
	return nil
}

// connections tries them, or asks the program that has them.
func (c *checking) connections(cfg *config.Config) {
	if s := c.running(cfg); s != nil {
		c.report(s)
	} else {
		c.try(cfg)
	}
}

// checking is one check.
type checking struct {
	*env
	failed bool
}

// say prints a line about one thing.
func (c *checking) say(what string, err error) {
	if err == nil {
		fmt.Fprintf(c.out, "ok      %s\n", what)
		return
	}
	c.failed = true
	fmt.Fprintf(c.out, "FAILED  %s: %v\n", what, err)
}

// running returns the status of a program that already serves this
// configuration: then its links must not be opened a second time.
func (c *checking) running(cfg *config.Config) *app.Status {
	if cfg.HTTP.Listen == "" {
		return nil
	}
	s, err := askRunning(c.ctx, cfg)
	if err != nil && !errors.Is(err, errNotRunning) {
		c.say("http.listen "+cfg.HTTP.Listen, fmt.Errorf("the address is in use: %w", err))
	}
	return s
}

// report says what the running program says.
func (c *checking) report(s *app.Status) {
	fmt.Fprintf(c.out, "note    causeway is running: its links are asked for, not opened a second time:\n        it has the addresses and secrets of its start, so a change of them is not tried\n")
	c.state("the store is written", s.ToStore)
	for _, b := range s.Bridges {
		c.state(b.Domain+": link to "+b.Server, b.Link)
		c.state(b.Domain+": "+b.Network, b.ToNetwork)
	}
}

func (c *checking) state(what string, s app.State) {
	if s.Up {
		c.say(what, nil)
		return
	}
	c.say(what, errors.New(s.Why))
}

// try opens each link and logs in to each network, and leaves again.
func (c *checking) try(cfg *config.Config) {
	for _, b := range cfg.Bridges {
		ctx, cancel := context.WithTimeout(c.ctx, 20*time.Second)
		c.say(b.Domain+": link to "+b.Server.Address, app.CheckLink(ctx, b))
		cancel()
		ctx, cancel = context.WithTimeout(c.ctx, 30*time.Second)
		c.say(b.Domain+": "+b.Network, app.CheckNetwork(ctx, b))
		cancel()
	}
}

// checkStore tells whether the store's directory can be written, and what is
// there is a store.
func checkStore(ctx context.Context, path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".causeway-check-*")
	if err != nil {
		return fmt.Errorf("no file can be made in its directory: %w", err)
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return err
	}
	return sqlite.Check(ctx, path)
}
