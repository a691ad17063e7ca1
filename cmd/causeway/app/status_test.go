package app

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"causeway/cmd/causeway/config"
	"causeway/mapping"
)

// fullStore cannot be written, and its reads wait for that.
type fullStore struct{ mapping.Store }

func (fullStore) State() (time.Time, error) { return time.Now(), errors.New("disk full") }

func (fullStore) Quarantined(ctx context.Context, _ func(mapping.Quarantined) error) error {
	<-ctx.Done()
	return ctx.Err()
}

// While the store cannot be written the status says that, and soon.
func TestStatusWithoutStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &App{cfg: new(config.Config), keeper: &alone{}, metrics: prometheus.NewRegistry(), store: fullStore{}}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		s, err := a.Status(ctx)
		if err != nil || s.ToStore.Up || s.ToStore.Why != "disk full" || s.Quarantine != unknown {
			t.Errorf("%+v, %v", s, err)
		}
	})
}
