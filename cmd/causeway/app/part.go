package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"causeway/bridges"
	"causeway/bridges/takeover"
	"causeway/cmd/causeway/config"
	"causeway/component"
	"causeway/component/gateway"
	"causeway/component/xep/contact"
	"causeway/mapping"
)

// part is all that serves one bridge.
type part struct {
	cfg     config.Bridge
	app     *App
	bridge  bridges.Bridge
	gateway *gateway.Gateway
	link    *component.Link
	failed  atomic.Pointer[string] // why it can never work
}

func newPart(b config.Bridge, a *App, lm *component.Metrics, gm *gateway.Metrics) (*part, error) {
	p := &part{cfg: b, app: a}
	log := a.log.With("bridge", b.Domain)
	var err error
	if p.bridge, err = openBridge(b, a.deps(b.Domain, log)); err != nil {
		return nil, err
	}
	p.gateway = gateway.New(gateway.Config{
		Domain: b.Domain, Bridge: p.bridge, Store: a.store,
		Allow: b.Allow, Admins: a.cfg.Admins, Contact: contact.Addresses(a.cfg.Contact), Operator: &a.desk, Hold: b.Hold,
		AccountLimit: b.Limits.Account, BridgeLimit: b.Limits.Bridge,
		Version: a.version, Log: a.log, Metrics: gm, Keeper: a.keeper, Media: a.media,
	})
	lc, err := linkConfig(b)
	if err != nil {
		return nil, err
	}
	lc.Log, lc.Metrics, lc.Keeper = a.log, lm, a.keeper
	p.link = component.New(lc, p.gateway, p.gateway.Journal())
	return p, nil
}

// deps returns what the bridge with a domain gets.
func (a *App) deps(domain string, log *slog.Logger) deps {
	d := deps{
		Log: log, Metrics: prometheus.WrapRegistererWith(prometheus.Labels{"bridge": domain}, a.metrics),
		Notes: mapping.NotesOf(a.store, domain),
		Listen: func(name, address string) (net.Listener, error) {
			return a.keeper.Listen(domain+"/"+name, address)
		},
		Elsewhere: a.media.Guarded(),
	}
	if _, nobody := a.keeper.(*alone); !nobody {
		d.Keeper = takeover.Within(a.keeper, domain)
	}
	return d
}

// linkConfig says how the link of a bridge is made.
func linkConfig(b config.Bridge) (component.Config, error) {
	t, err := b.Server.ClientTLS()
	return component.Config{Domain: b.Domain, Address: b.Server.Address, Secret: b.Secret, TLS: t}, err
}

// run serves the bridge until ctx ends. It returns why it can never work, when
// that is so.
func (p *part) run(ctx context.Context) error {
	err := p.gateway.Run(ctx, p.link)
	if err == nil && ctx.Err() == nil {
		err = errors.New("it ended by itself")
	}
	if err != nil {
		text := err.Error()
		p.failed.Store(&text)
		p.app.log.Error("the bridge has ended", "bridge", p.cfg.Domain, "error", err)
	}
	return err
}
