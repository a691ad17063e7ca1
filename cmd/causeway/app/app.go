// Package app is the whole program, built from its configuration: the store,
// and for each bridge its network's adapter, its gateway and its link, and the
// web server. It wires, and only wires.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"causeway/bridges/takeover"
	"causeway/cmd/causeway/config"
	"causeway/component"
	"causeway/component/gateway"
	"causeway/component/media"
	"causeway/mapping"
)

// App is the program. Make it with New, serve it with Run, end it with Close.
type App struct {
	cfg     *config.Config
	version string
	started time.Time
	level   slog.LevelVar
	log     *slog.Logger
	metrics *prometheus.Registry
	store   mapping.Store
	media   *media.Service
	parts   []*part
	web     *web
	keeper  Keeper
	desk    desk
	asked   io.Closer // where a successor asks
	cut     bool      // something did not end in order; see Close

	reload sync.Mutex // of cfg
}

// Options are what is not in the configuration.
type Options struct {
	Log     io.Writer // where log lines go
	Version string    // of the program
	Keeper  Keeper    // nil: none
	// Reload reads the configuration again, gives it to App.Reload and says in
	// words what came of it. Nil: administrators cannot do that by XMPP.
	Reload func() string
}

// handoverTime bounds how long the links may take to stop for a successor.
const handoverTime = 2 * time.Second

// New opens the store, makes the bridges and listens for HTTP. It connects to
// nothing yet. It blocks on the disk only.
func New(ctx context.Context, cfg *config.Config, o Options) (a *App, err error) {
	a = &App{cfg: cfg, version: o.Version, started: time.Now(), metrics: prometheus.NewRegistry(), keeper: o.Keeper}
	if a.keeper == nil {
		a.keeper = &alone{}
	}
	a.desk = desk{newRing(newLogger(cfg.Log, &a.level, o.Log).Handler()), o.Reload}
	a.log = slog.New(a.desk.ring)
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	a.metrics.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err = a.openStore(ctx); err != nil {
		return a, err
	}
	if err = a.openMedia(); err != nil {
		return a, err
	}
	links, gateways := component.NewMetrics(a.metrics), gateway.NewMetrics(a.metrics)
	for _, b := range cfg.Bridges {
		p, err := newPart(b, a, links, gateways)
		if err != nil {
			return a, fmt.Errorf("bridge %s: %w", b.Domain, err)
		}
		a.parts = append(a.parts, p)
	}
	if cfg.HTTP.Listen != "" {
		if a.web, err = listen(cfg.HTTP.Listen, a); err != nil {
			return a, err
		}
	}
	return a, nil
}

// Addr returns the address of the web server, or "" if there is none.
func (a *App) Addr() string {
	if a.web == nil {
		return ""
	}
	return a.web.listener.Addr().String()
}

// Run serves until ctx ends, stops in order and returns nil: first the
// bridges, each with its network and link, then the web server. That takes at
// most 12 s; what does not end until then is an error. With the cause
// takeover.ErrHandover it takes 2 s at most and leaves open what a successor
// goes on with. One bridge that can never work is logged and harms no other;
// when none is left Run returns why. It may be called once; Close comes after
// it.
func (a *App) Run(ctx context.Context) error {
	a.log.Info("causeway starts", "version", a.version, "bridges", len(a.parts), "http", a.Addr())
	if a.web != nil {
		go a.web.serve()
	}
	ended := make(chan error, 1)
	go func() { ended <- a.runParts(ctx) }()
	a.keeper.Ready()
	go a.watchKeeper(ctx)
	var err error
	select {
	case err = <-ended:
	case <-handedOver(ctx):
	}
	over := errors.Is(context.Cause(ctx), takeover.ErrHandover)
	if a.web != nil && !over { // its successor has the listener, and shall not wait
		a.web.stop()
	}
	a.log.Info("causeway has stopped", "successor", over)
	stuck := errors.Is(err, gateway.ErrStuck)
	a.cut = over || stuck
	if over || !stuck && ctx.Err() != nil {
		return nil
	}
	return err
}

// watchKeeper says when the keeper dies. It ends with ctx.
func (a *App) watchKeeper(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-a.keeper.Gone():
		a.log.Error("the keeper has died: this process serves on, but nothing outlives it; " +
			"start causeway once more, and it takes over without a gap")
	}
}

// runParts serves all bridges.
func (a *App) runParts(ctx context.Context) error {
	var wg sync.WaitGroup
	failed := make([]error, len(a.parts))
	for i, p := range a.parts {
		wg.Go(func() { failed[i] = p.run(ctx) })
	}
	wg.Wait()
	return errors.Join(failed...)
}

// handedOver is closed when ctx has ended for a successor and the parts have
// had their time: what still runs is cut off, as by a kill.
func handedOver(ctx context.Context) <-chan struct{} {
	c := make(chan struct{})
	context.AfterFunc(ctx, func() {
		if errors.Is(context.Cause(ctx), takeover.ErrHandover) {
			time.AfterFunc(handoverTime, func() { close(c) })
		}
	})
	return c
}

// Close gives up the store and the web server's address. It waits for the
// store's last commit, at most 3 s. When a gateway did not end in order, the
// store stays open until the process ends: closed in order it would say that
// nothing is in doubt.
func (a *App) Close() error {
	if a == nil {
		return nil
	}
	var errs []error
	if a.web != nil {
		errs = append(errs, a.web.close())
	}
	if a.media != nil {
		errs = append(errs, a.media.Close())
	}
	if a.asked != nil && !a.cut {
		errs = append(errs, a.asked.Close())
	}
	if a.store != nil && !a.cut {
		errs = append(errs, a.store.Close())
	}
	return errors.Join(errs...)
}

// newLogger returns the logger that the configuration asks for.
func newLogger(c config.Log, level *slog.LevelVar, w io.Writer) *slog.Logger {
	if l, err := c.Slog(); err == nil {
		level.Set(l)
	}
	o := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// Logger returns the program's log.
func (a *App) Logger() *slog.Logger { return a.log }
