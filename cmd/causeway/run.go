package main

import (
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"causeway/cmd/causeway/app"
)

// Garbage is collected when there is gcPercent of what is in use. That is some
// ten megabytes here, and collecting so often costs 6 µs a message at full load.
// So headroomSize counts as in use as well. It is never touched, so it takes no
// memory: it only puts the collection off, always by about 50 MiB.
const (
	headroomSize = 96 << 20
	gcPercent    = 50
)

// errUnused says that a process on standby ends without having been needed.
var errUnused = errors.New("the process was on standby")

type runCmd struct {
	NoKeeper bool `help:"Serve without the parent process that keeps connections beyond a crash (Linux)."`
}

// Run serves until the context ends: by a process of its own that this one
// keeps, or here.
func (c runCmd) Run(e *env) error {
	if c.NoKeeper || kept() {
		return serve(e)
	}
	return keep(e)
}

func serve(e *env) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP) // one that comes early shall not end the program
	defer signal.Stop(hup)
	debug.SetGCPercent(gcPercent)
	headroom := make([]byte, headroomSize)
	defer runtime.KeepAlive(headroom)
	ctx, keeper, err := attach(e.ctx) // all before this a worker on standby has done already
	if errors.Is(err, errUnused) {
		return nil
	} else if err != nil {
		return err
	}
	cfg, err := e.load()
	if err != nil {
		return err
	}
	var a *app.App
	a, err = app.New(ctx, cfg, app.Options{
		Log: e.err, Version: buildVersion(), Keeper: keeper, Reload: func() string { return e.reload(a) },
	})
	if err != nil {
		return err
	}
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-hup:
				e.reload(a)
			case <-done:
				return
			}
		}
	}()
	err = a.Run(ctx)
	close(done)
	<-ended
	return errors.Join(err, a.Close())
}

// reload reads the configuration again, and says what came of it. A bad one
// changes nothing.
func (e *env) reload(a *app.App) string {
	log := a.Logger()
	cfg, err := e.load()
	if err != nil {
		log.Error("the configuration is refused, the old one stays", "reason", err)
		return "The configuration is refused, the old one stays: " + err.Error()
	}
	restart := a.Reload(cfg)
	text, attrs := "The configuration is reloaded.", []any{slog.String("file", e.file)}
	if len(restart) > 0 {
		list := strings.Join(restart, ", ")
		text, attrs = text+" Needs a restart: "+list, append(attrs, slog.String("needs a restart", list))
	}
	log.Info("the configuration is reloaded", attrs...)
	return text
}
