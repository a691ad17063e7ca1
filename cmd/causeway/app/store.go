package app

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"causeway/mapping"
	"causeway/mapping/sqlite"
)

// openStore opens the store that the configuration names. It blocks on the
// disk.
func openStore(ctx context.Context, store string, log *slog.Logger, m prometheus.Registerer) (mapping.Store, error) {
	path, ok := strings.CutPrefix(store, "sqlite:")
	if !ok {
		return nil, fmt.Errorf("store: %q is of no kind that this program knows", store)
	}
	s, err := sqlite.Open(ctx, sqlite.Options{Path: path, Log: log, Metrics: m})
	if err != nil {
		return nil, err // and no Store that holds a nil
	}
	return s, nil
}
