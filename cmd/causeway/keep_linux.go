package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"causeway/bridges/takeover"
	"causeway/cmd/causeway/app"
	"causeway/component/keeper"
)

// kept tells whether a keeper has started this process.
func kept() bool { return keeper.Kept() }

// keep runs this program as the keeper of another one of it.
func keep(e *env) error {
	config := []string{"--config", e.file}
	return exit(keeper.Run(keeper.Config{
		Log: slog.New(slog.NewTextHandler(e.err, nil)),
		Trials: keeper.Trials{
			{"version"},
			append([]string{"check", "--local"}, config...),
			append([]string{"note"}, config...),
		},
		Formats: app.NoteFormats(), Standby: true,
	}))
}

// orders returns a context that ends when this process is to stop. A process
// that has a keeper gets each order twice if all of its group or its service
// is told; the keeper sees to it that a second one ends all. Ctrl-C is for the
// keeper alone.
func orders() context.Context {
	signal.Ignore(syscall.SIGUSR2) // which is for the keeper, and would end this process
	if !kept() {
		return untilSignal()
	}
	signal.Ignore(os.Interrupt)
	ctx, cancel := context.WithCancel(context.Background())
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() {
		for range stop { // for the life of the process
			cancel()
		}
	}()
	return ctx
}

// attach takes what the keeper holds, if there is one, as soon as this process
// is to serve; errUnused: it is not, as the keeper has died or a signal came
// before. The context that it returns ends also when this process is to make
// room for a successor.
func attach(ctx context.Context) (context.Context, app.Keeper, error) {
	if !kept() {
		return ctx, nil, nil
	}
	w, err := keeper.Attach(ctx)
	if errors.Is(err, keeper.ErrGone) || errors.Is(err, context.Canceled) {
		return ctx, nil, errUnused
	} else if err != nil {
		return ctx, nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		if l := <-w.Leaving(); l.Closing {
			cancel(nil)
		} else {
			cancel(takeover.ErrHandover)
		}
	}()
	return ctx, w, nil
}
