package app

import (
	"context"
	"errors"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"causeway/mapping"
)

// openStore opens the store that the configuration names.
func openStore(ctx context.Context, store string, log *slog.Logger, m prometheus.Registerer) (mapping.Store, error) {
	return nil, errors.New("no store yet")
}
