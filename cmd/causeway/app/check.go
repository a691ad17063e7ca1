package app

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"causeway/bridges"
	"causeway/cmd/causeway/config"
	"causeway/component"
)

// CheckLink opens the link of a bridge once and closes it. It returns nil, or
// in words what is wrong. It blocks until ctx ends at the latest.
func CheckLink(ctx context.Context, b config.Bridge) error {
	c, err := linkConfig(b)
	if err != nil {
		return err
	}
	return component.Check(ctx, c)
}

// CheckNetwork does the same with the bridge's network, as far as that can be
// tried.
func CheckNetwork(ctx context.Context, b config.Bridge) error {
	bridge, err := openBridge(b, deps{
		Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Listen: new(alone).Listen,
	})
	if err != nil {
		return err
	}
	if c, ok := bridge.(bridges.Checker); ok {
		return c.Check(ctx)
	}
	return nil
}
