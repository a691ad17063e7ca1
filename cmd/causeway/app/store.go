package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"causeway/mapping/sqlite"
)

// openStore opens the store that the configuration names. A process whose
// keeper has died and that has it open hands over and ends. openStore blocks
// on the disk, and on that process.
func (a *App) openStore(ctx context.Context) error {
	path, ok := strings.CutPrefix(a.cfg.Store, "sqlite:")
	if !ok {
		return fmt.Errorf("store: %q is of no kind that this program knows", a.cfg.Store)
	}
	o := sqlite.Options{Path: path, Log: a.log, Metrics: a.metrics}
	s, err := sqlite.Open(ctx, o)
	if errors.Is(err, sqlite.ErrInUse) {
		if kept := a.keeper.TakeOver(ctx, socketOf(path), NoteFormats()); kept != nil {
			a.log.Debug("the store is in use", "asked", kept)
			return err
		}
		a.log.Info("a process without a keeper has handed over")
		s, err = sqlite.Open(ctx, o)
	}
	if err != nil {
		return err
	}
	a.store = s
	if a.asked, err = a.keeper.Serve(socketOf(path), NoteFormats()); err != nil {
		a.log.Warn("if the keeper dies, this process cannot hand over to another", "reason", err)
	}
	return nil
}

// socketOf is where the process that has a store open may be asked for it.
func socketOf(store string) string { return store + ".sock" }
