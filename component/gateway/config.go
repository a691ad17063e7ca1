package gateway

import (
	"context"
	"log/slog"
	"time"

	"causeway/bridges"
	"causeway/bridges/takeover"
	"causeway/component"
	"causeway/component/stanza"
	"causeway/component/xep/contact"
	"causeway/mapping"
)

// Link is what a Gateway needs of a *component.Link.
type Link interface {
	Send(ctx context.Context, o *stanza.Out, key component.Key) error
	// Request may wait for a minute: never in a lane of a user.
	Request(ctx context.Context, o *stanza.Out) (*stanza.Stanza, error)
	Run(ctx context.Context) error
}

// Config says how a gateway is made. Domain, Bridge and Store are required.
type Config struct {
	Domain string
	Bridge bridges.Bridge
	Store  mapping.Store
	// Allow lists the bare JIDs and domains that may register and use the
	// gateway. Nobody else gets more than an error.
	Allow []string
	// Admins are the bare JIDs that users see as the gateway's contact
	// addresses (XEP-0157), and whose commands can change it (XEP-0133).
	Admins []string
	// Contact has other addresses that everybody sees (XEP-0157).
	Contact contact.Addresses
	// Operator does some of these commands. Nil: they are not offered.
	Operator Operator
	// Hold is how long a message waits for a network that does not take it.
	// 0: 24 hours.
	Hold time.Duration
	// AccountLimit and BridgeLimit bound the messages of an account and of
	// all accounts that are accepted and not settled. 0: 1000 and 100000.
	AccountLimit, BridgeLimit int
	// Version is what jabber:iq:version tells.
	Version string
	Log     *slog.Logger
	Metrics *Metrics // nil: not counted
	// Keeper has the note of what is being handled, by names that begin with
	// Domain, so that a successor finds what has killed this process. Nil:
	// there is no successor.
	Keeper takeover.Keeper
	// Media moves files. Nil: they stay links.
	Media Media
}

func withDefaults(cfg Config) Config {
	if cfg.Hold == 0 {
		cfg.Hold = 24 * time.Hour
	}
	if cfg.AccountLimit == 0 {
		cfg.AccountLimit = 1000
	}
	if cfg.BridgeLimit == 0 {
		cfg.BridgeLimit = 100_000
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Keeper == nil {
		cfg.Keeper = new(takeover.Memory)
	}
	if cfg.Metrics == nil {
		cfg.Metrics = NewMetrics(nil)
	}
	return cfg
}
