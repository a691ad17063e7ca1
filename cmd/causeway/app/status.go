package app

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"causeway/bridges"
	"causeway/component/gateway"
	"causeway/component/keeper"
	"causeway/mapping"
)

// Status is what the running program knows about itself.
type Status struct {
	Version string         `json:"version"`
	PID     int            `json:"pid"`
	Keeper  keeper.Report  `json:"keeper"`           // PID 0: none
	Orphan  bool           `json:"orphan,omitempty"` // the keeper has died
	Started time.Time      `json:"started"`
	Store   string         `json:"store"`
	ToStore State          `json:"to_store"` // whether it can be written
	Bridges []BridgeStatus `json:"bridges"`
	// Quarantine counts the records that could not be handled, Quarantined are
	// the newest of them, the newest first.
	Quarantine  int           `json:"quarantine"`
	Quarantined []Quarantined `json:"quarantined,omitempty"`
}

// Quarantined is one record that could not be handled, without what is in it.
type Quarantined struct {
	At     time.Time    `json:"at"`
	Bridge string       `json:"bridge"`
	From   string       `json:"from,omitempty"`
	To     string       `json:"to,omitempty"`
	Kind   mapping.Kind `json:"kind"` // 0: a damaged cycle
	Reason string       `json:"reason"`
}

// shownQuarantined bounds Status.Quarantined.
const shownQuarantined = 20

// unknown is what Accounts, Parked and Quarantine are when the store does not
// tell, as it cannot be written.
const unknown = -1

// BridgeStatus is the state of one bridge.
type BridgeStatus struct {
	Domain    string `json:"domain"`
	Network   string `json:"network"`
	Server    string `json:"server"`
	Link      State  `json:"link"`       // to the XMPP server
	ToNetwork State  `json:"to_network"` // e.g. the bind to the SMS centre
	Accounts  int    `json:"accounts"`
	Unsettled int    `json:"unsettled"` // accepted from users, under way or waiting
	Parked    int    `json:"parked"`    // of all: waiting for a retry or a user, on disk only
	// Off is what users are told while an administrator has turned it off.
	Off string `json:"off,omitempty"`
}

// State tells whether a connection, or the store, is up.
type State struct {
	Up    bool      `json:"up"`
	Since time.Time `json:"since,omitzero"`
	Why   string    `json:"why,omitempty"` // it is not up
}

// lookTime is how long a store that cannot be written is asked: its reads may
// wait for its writes.
const lookTime = 2 * time.Second

// Status collects the state of all bridges. It reads the store, until ctx
// ends.
func (a *App) Status(ctx context.Context) (Status, error) {
	s := Status{Version: a.version, PID: os.Getpid(), Keeper: a.keeper.Report(), Started: a.started, Store: a.cfg.Store, ToStore: a.storeState(), Orphan: a.orphan()}
	unsettled, err := a.gauge("causeway_gateway_unsettled")
	if err != nil {
		return s, err
	}
	if !s.ToStore.Up {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, lookTime)
		defer cancel()
	}
	for _, p := range a.parts {
		b := BridgeStatus{
			Domain: p.cfg.Domain, Network: p.cfg.Network, Server: p.cfg.Server.Address,
			Link: p.linkState(), ToNetwork: p.networkState(), Unsettled: unsettled[p.cfg.Domain],
			Off: p.gateway.Off(),
		}
		switch err := count(ctx, a.store, &b); {
		case err != nil && s.ToStore.Up:
			return s, fmt.Errorf("status of %s: %w", b.Domain, err)
		case err != nil:
			b.Accounts, b.Parked = unknown, unknown
		}
		s.Bridges = append(s.Bridges, b)
	}
	err = a.store.Quarantined(ctx, func(q mapping.Quarantined) error { s.add(q); return nil })
	slices.Reverse(s.Quarantined)
	if err != nil && !s.ToStore.Up {
		s.Quarantine, err = unknown, nil
	}
	return s, err
}

// orphan tells whether the keeper has died.
func (a *App) orphan() bool {
	select {
	case <-a.keeper.Gone():
		return true
	default:
		return false
	}
}

// add counts a record, which is newer than those before it.
func (s *Status) add(q mapping.Quarantined) {
	s.Quarantine++
	if len(s.Quarantined) == shownQuarantined {
		s.Quarantined = slices.Delete(s.Quarantined, 0, 1)
	}
	from, to := gateway.Parties(q)
	s.Quarantined = append(s.Quarantined, Quarantined{q.At, q.Bridge, from, to, q.Record.Kind, q.Reason})
}

// count reads from the store how much there is of a bridge.
func count(ctx context.Context, s mapping.Store, b *BridgeStatus) error {
	err := s.EachAccount(ctx, b.Domain, func(mapping.Account) error { b.Accounts++; return nil })
	if err != nil {
		return err
	}
	return s.Backlogs(ctx, b.Domain, func(_ bridges.AccountID, _ string, n int) error {
		b.Parked += n
		return nil
	})
}

// gauge returns the values of a metric by bridge.
func (a *App) gauge(name string) (map[string]int, error) {
	families, err := a.metrics.Gather()
	values := map[string]int{}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "bridge" {
					values[l.GetValue()] = int(m.GetGauge().GetValue())
				}
			}
		}
	}
	return values, err
}

func (a *App) storeState() State {
	r, ok := a.store.(mapping.Reporter)
	if !ok {
		return State{Up: true}
	}
	since, err := r.State()
	return newState(err == nil, since, err)
}

func (p *part) linkState() State {
	up, since, why := p.link.State()
	return newState(up, since, why)
}

func (p *part) networkState() State {
	r, ok := p.bridge.(bridges.Reporter)
	if !ok {
		return State{Up: true}
	}
	since, err := r.State()
	return newState(err == nil, since, err)
}

func newState(up bool, since time.Time, why error) State {
	s := State{Up: up, Since: since}
	if !up {
		s.Why = "no attempt has ended yet"
		if why != nil {
			s.Why = why.Error()
		}
	}
	return s
}

// trouble says why the bridge does not work now; "" when it does.
func (p *part) trouble() string {
	if why := p.failed.Load(); why != nil {
		return *why
	}
	if s := p.linkState(); !s.Up {
		return "no link to the XMPP server: " + s.Why
	}
	if s := p.networkState(); !s.Up {
		return "no connection to the network: " + s.Why
	}
	return ""
}
