package app

import (
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"causeway/bridges"
	"causeway/bridges/sms"
	"causeway/bridges/takeover"
	"causeway/cmd/causeway/config"
)

// networks is the one table of what can be bridged: a network is one line
// here and one folder in bridges.
var networks = map[string]network{
	"sms": of(sms.New),
}

// deps is what the program gives to a network.
type deps struct {
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Keeper  takeover.Keeper // nil: nobody holds anything
}

// network makes the configuration of a network, and a bridge from it.
type network struct {
	config func() any
	open   func(own any, d deps) (bridges.Bridge, error)
}

// of makes a network of its package's constructor.
func of[C any, B bridges.Bridge](
	construct func(C, *slog.Logger, prometheus.Registerer, takeover.Keeper) (B, error),
) network {
	return network{
		config: func() any { return new(C) },
		open: func(own any, d deps) (bridges.Bridge, error) {
			return construct(*own.(*C), d.Log, d.Metrics, d.Keeper)
		},
	}
}

// Networks returns how the configurations of all networks are made.
func Networks() config.Networks {
	n := config.Networks{}
	for name, w := range networks {
		n[name] = w.config
	}
	return n
}

// openBridge makes the adapter that a block of the configuration asks for.
func openBridge(b config.Bridge, d deps) (bridges.Bridge, error) {
	w, ok := networks[b.Network]
	if !ok {
		return nil, fmt.Errorf("no network %q", b.Network)
	}
	return w.open(b.Own, d)
}
