package app

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"causeway/bridges"
	"causeway/bridges/matrix"
	"causeway/bridges/sms"
	"causeway/bridges/takeover"
	"causeway/cmd/causeway/config"
)

// networks is the one table of what can be bridged: a network is one line
// here and one folder in bridges.
var networks = map[string]network{
	"matrix": of(func(c matrix.Config, d deps) (*matrix.Bridge, error) {
		return matrix.New(c, matrix.Deps{
			Log: d.Log, Metrics: d.Metrics, Notes: d.Notes, Listen: d.Listen, Elsewhere: d.Elsewhere, Keeper: d.Keeper,
		})
	}),
	"sms": of(func(c sms.Config, d deps) (*sms.Bridge, error) { return sms.New(c, d.Log, d.Metrics, d.Keeper) }),
}

// deps is what the program gives to a network.
type deps struct {
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Keeper  takeover.Keeper // nil: nobody holds anything
	// Notes are the bridge's own. Nil for a bridge that is only checked.
	Notes bridges.Notes
	// Listen listens at a TCP address. With a keeper a successor of this process
	// gets the same listener under the same name, which is the bridge's own.
	Listen func(name, address string) (net.Listener, error)
	// Elsewhere carries requests for files to addresses that others have chosen. Nil for
	// a bridge that is only checked.
	Elsewhere http.RoundTripper
}

// network makes the configuration of a network, and a bridge from it.
type network struct {
	config func() any
	open   func(own any, d deps) (bridges.Bridge, error)
}

// of makes a network of what gives its package's constructor what it needs.
func of[C any, B bridges.Bridge](construct func(C, deps) (B, error)) network {
	return network{
		config: func() any { return new(C) },
		open: func(own any, d deps) (bridges.Bridge, error) {
			return construct(*own.(*C), d)
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
