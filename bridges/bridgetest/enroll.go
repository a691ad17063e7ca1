package bridgetest

import (
	"context"

	"causeway/bridges"
)

var (
	_ bridges.Enroller   = (*Bridge)(nil)
	_ bridges.Configurer = (*Bridge)(nil)
)

// OnEnroll sets what is asked before a registration is granted; nil: nothing.
// f returns a stage, or an error, or neither: then Enroll goes on as without it.
func (b *Bridge) OnEnroll(f func(r bridges.Registration) (*bridges.Ask, error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ask = f
}

// Enroll implements bridges.Enroller: a number that Choose picks of the pool.
func (b *Bridge) Enroll(_ context.Context, r bridges.Registration) (bridges.Enrollment, error) {
	b.mu.Lock()
	ask := b.ask
	b.mu.Unlock()
	if ask != nil {
		if a, err := ask(r); a != nil || err != nil {
			return bridges.Enrollment{Ask: a}, err
		}
	}
	if r.Fields["password"] == "wrong" {
		return bridges.Enrollment{}, &bridges.Error{Kind: bridges.Forbidden, Text: "The password is wrong."}
	}
	n, ok, err := r.Choose(b.pool)
	if err == nil && !ok {
		err = &bridges.Error{Kind: bridges.Quota, Text: "No number is free."}
	}
	if err != nil {
		return bridges.Enrollment{}, err
	}
	return bridges.Enrollment{Self: n, Welcome: "Welcome. Your number is " + string(n) + "."}, nil
}

// SetSettings sets what users can set; call it before the gateway is made.
// check may be nil.
func (b *Bridge) SetSettings(fields []bridges.Field, check func(values map[string]string) error) {
	b.settings, b.check = fields, check
}

// Settings implements bridges.Configurer.
func (b *Bridge) Settings() []bridges.Field { return b.settings }

// CheckSettings implements bridges.Configurer.
func (b *Bridge) CheckSettings(values map[string]string) error {
	if b.check == nil {
		return nil
	}
	return b.check(values)
}

// Opened has each account with which a session was opened, in order: the
// settings stand in it.
func (b *Bridge) Opened() []bridges.Account {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]bridges.Account(nil), b.opened...)
}
