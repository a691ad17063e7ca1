package smpp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Check connects, binds and unbinds, and says in words what is wrong. It blocks
// for ConnectTimeout and five seconds at most.
func Check(ctx context.Context, cfg Config) error {
	cfg.Keeper = nil // it leaves nothing behind
	c := New(cfg, nil)
	if err := c.cfg.check(); err != nil {
		return err
	}
	w, err := c.open(ctx)
	if err != nil {
		return c.explain(err)
	}
	defer c.close(w)
	w.conn.SetDeadline(time.Now().Add(unbindTime))
	// The bind has worked: whatever comes of the rest is no fault of the
	// configuration.
	_ = w.exchange(appendBare(nil, cmdUnbind, OK, w.sequence+1), cmdUnbind)
	return nil
}

const (
	maxName       = 64 // system_id and password; centres allow more than 15 and 8
	maxSystemType = 12
	maxWindow     = 10000
	minTime       = 100 * time.Millisecond
)

func (c *Config) check() error {
	if _, _, err := net.SplitHostPort(c.Address); err != nil {
		return fmt.Errorf("smpp: address: %w", err)
	}
	if c.SystemID == "" {
		return errors.New("smpp: system_id is missing")
	}
	if c.Window < 1 || c.Window > maxWindow {
		return fmt.Errorf("smpp: window must be 1 to %d", maxWindow)
	}
	if c.Rate < 0 {
		return errors.New("smpp: rate must not be negative")
	}
	if least := min(c.EnquireEvery, c.AnswerTimeout, c.ConnectTimeout); least < minTime {
		return fmt.Errorf("smpp: times must be at least %s", minTime)
	}
	return errors.Join(
		checkText("system_id", c.SystemID, maxName),
		checkText("password", string(c.Password), maxName),
		checkText("system_type", c.SystemType, maxSystemType),
	)
}
