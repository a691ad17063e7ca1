// Package sms is the network of text messages: SMPP to SMS centres, the
// alphabets and parts of texts, delivery reports, and phone numbers.
package sms

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"causeway/bridges"
	"causeway/bridges/sms/smpp"
	"causeway/bridges/takeover"
)

// example is a number for help texts.
const example = "+12025550100"

// Bridge is the SMS network as one block of the configuration describes it.
type Bridge struct {
	cfg        Config
	plan       *plan
	connectors []*connector
	host       bridges.Host // set by Run, before anything comes
	metrics    *metrics
	log        *slog.Logger
	references references
	remembers  bool // what a predecessor with the same connectors has noted
}

var (
	_ bridges.Bridge    = (*Bridge)(nil)
	_ bridges.Runner    = (*Bridge)(nil)
	_ bridges.Checker   = (*Bridge)(nil)
	_ bridges.Reporter  = (*Bridge)(nil)
	_ bridges.Enroller  = (*Bridge)(nil)
	_ bridges.Resolver  = (*Bridge)(nil)
	_ bridges.Assembler = (*Bridge)(nil)
	_ bridges.Profiler  = (*Bridge)(nil)
	_ bridges.Searcher  = (*Bridge)(nil)

	_ bridges.Settler    = (*Bridge)(nil)
	_ bridges.Rememberer = (*Bridge)(nil)
)

// New returns a bridge that connects to nothing until Run. The configuration
// is one that was read and checked, or DefaultConfig with values as those. The
// keeper holds binds and what is noted of messages beyond this process, under
// names of its own; nil: nobody does. It does not block.
func New(cfg Config, log *slog.Logger, r prometheus.Registerer, keeper takeover.Keeper) (*Bridge, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("sms: %w", err)
	}
	b := &Bridge{
		cfg: cfg, plan: newPlan(cfg.Region), metrics: newMetrics(r), log: log,
		references: references{last: map[pair]byte{}},
	}
	names := connectorNames(cfg.Connectors)
	for i, c := range cfg.Connectors {
		var k takeover.Keeper
		if keeper != nil {
			k = takeover.Within(keeper, names[i])
		}
		b.connectors = append(b.connectors, newConnector(b, c.SMPP, k))
	}
	b.remembers = keeper != nil && b.recall(keeper, names)
	return b, nil
}

// Info implements bridges.Bridge.
func (b *Bridge) Info() bridges.Info {
	i := bridges.Info{
		Type: "sms", Client: "phone", Name: "SMS", Example: example,
		Instructions: "Register to get a phone number of your own, from which your texts are sent and at which you get the answers.",
	}
	if b.cfg.Receipts != receiptsNone {
		i.Can |= bridges.CanReceipts
	}
	if b.cfg.Unknown == unknownResend {
		i.Unknown = bridges.Resend
	}
	return i
}

// Run implements bridges.Runner. With takeover.ErrHandover as the cause of the
// end of ctx the binds that the keeper holds stay.
func (b *Bridge) Run(ctx context.Context, host bridges.Host) error {
	b.host = host
	errs := make([]error, len(b.connectors))
	var wg sync.WaitGroup
	for i, c := range b.connectors {
		wg.Go(func() {
			if errs[i] = c.client.Run(ctx); errs[i] != nil {
				b.log.Error("a connector can never work", "connector", c.name, "err", errs[i])
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Check implements bridges.Checker, for all connectors side by side.
func (b *Bridge) Check(ctx context.Context) error {
	errs := make([]error, len(b.connectors))
	var wg sync.WaitGroup
	for i, c := range b.connectors {
		wg.Go(func() {
			if err := smpp.Check(ctx, c.config); err != nil {
				errs[i] = fmt.Errorf("%s: %w", c.name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// State implements bridges.Reporter: the network takes messages while one
// connector is bound.
func (b *Bridge) State() (time.Time, error) {
	var since, down time.Time
	var errs []error
	for _, c := range b.connectors {
		t, err := c.client.State()
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.name, err))
			if t.After(down) {
				down = t
			}
			continue
		}
		if since.IsZero() || t.Before(since) {
			since = t
		}
	}
	if len(errs) < len(b.connectors) {
		return since, nil
	}
	return down, errors.Join(errs...)
}

// Resolve implements bridges.Resolver.
func (b *Bridge) Resolve(localpart string) (bridges.UserID, error) { return b.plan.resolve(localpart) }

// Enroll implements bridges.Enroller: a number of the pool, by the rule of
// bridges.Registration.Choose. It does not ask the network.
func (b *Bridge) Enroll(_ context.Context, r bridges.Registration) (bridges.Enrollment, error) {
	pool := make([]bridges.UserID, len(b.cfg.Numbers.Pool))
	for i, n := range b.cfg.Numbers.Pool {
		pool[i] = bridges.UserID(n)
	}
	n, ok, err := r.Choose(pool)
	if err == nil && !ok {
		err = &bridges.Error{
			Kind: bridges.Quota, Text: "All phone numbers of this gateway are taken. Please ask its operator for one.",
		}
	}
	if err != nil {
		return bridges.Enrollment{}, err
	}
	return bridges.Enrollment{Self: n, Welcome: "Welcome. Your number is " + string(n) + "."}, nil
}

// choose returns the first connector that is bound, or nil.
func (b *Bridge) choose() *connector {
	for _, c := range b.connectors {
		if c.up() {
			return c
		}
	}
	return nil
}
