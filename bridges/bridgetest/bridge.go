// Package bridgetest has a scripted bridge for tests of the gateway, and the
// suite that every adapter runs on itself.
package bridgetest

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"causeway/bridges"
)

// Bridge is a network of phone numbers that does what a test says. The zero
// value is not ready: use New.
type Bridge struct {
	mu    sync.Mutex
	info  bridges.Info
	pool  []bridges.UserID
	send  func(ctx context.Context, m bridges.Message) ([]bridges.MessageID, error)
	sent  []bridges.Message
	news  chan bridges.Message
	open  map[bridges.AccountID]int
	next  int
	host  bridges.Host
	ready chan struct{}
}

var (
	_ bridges.Bridge   = (*Bridge)(nil)
	_ bridges.Runner   = (*Bridge)(nil)
	_ bridges.Enroller = (*Bridge)(nil)
	_ bridges.Resolver = (*Bridge)(nil)
)

// New returns a bridge that takes every message and gives it one id, m1, m2 …
func New(info bridges.Info, pool ...bridges.UserID) *Bridge {
	return &Bridge{
		info: info, pool: pool, news: make(chan bridges.Message, 100_000),
		open: map[bridges.AccountID]int{}, ready: make(chan struct{}),
	}
}

// SMS is the info of a network such as SMS.
func SMS() bridges.Info {
	return bridges.Info{Type: "sms", Name: "SMS", Example: "+12025550100", Receipts: true}
}

// Info implements bridges.Bridge.
func (b *Bridge) Info() bridges.Info { return b.info }

// OnSend sets what becomes of the messages from now on; nil: they are taken.
func (b *Bridge) OnSend(f func(ctx context.Context, m bridges.Message) ([]bridges.MessageID, error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.send = f
}

// Sent has each message that was given to the network, in order.
func (b *Bridge) Sent() <-chan bridges.Message { return b.news }

// All returns what was given to the network so far.
func (b *Bridge) All() []bridges.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]bridges.Message(nil), b.sent...)
}

// OpenSessions counts the sessions of an account.
func (b *Bridge) OpenSessions(id bridges.AccountID) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open[id]
}

// Host waits until the bridge runs, and returns what it was given.
func (b *Bridge) Host() bridges.Host {
	<-b.ready
	return b.host
}

// Run implements bridges.Runner.
func (b *Bridge) Run(ctx context.Context, h bridges.Host) error {
	b.host = h
	close(b.ready)
	<-ctx.Done()
	return nil
}

// Open implements bridges.Bridge.
func (b *Bridge) Open(_ context.Context, a bridges.Account) (bridges.Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open[a.ID]++
	return &session{b, a}, nil
}

type session struct {
	b *Bridge
	a bridges.Account
}

// Send implements bridges.Session.
func (s *session) Send(ctx context.Context, m bridges.Message) ([]bridges.MessageID, error) {
	b := s.b
	b.mu.Lock()
	b.next++
	id := bridges.MessageID("m" + strconv.Itoa(b.next))
	b.sent = append(b.sent, m)
	f := b.send
	b.mu.Unlock()
	b.news <- m
	if f != nil {
		return f(ctx, m)
	}
	bridges.Waits(ctx)
	return []bridges.MessageID{id}, nil
}

// Close implements bridges.Session.
func (s *session) Close() error {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	s.b.open[s.a.ID]--
	return nil
}

// Enroll implements bridges.Enroller: a number that Choose picks of the pool.
func (b *Bridge) Enroll(_ context.Context, r bridges.Registration) (bridges.Enrollment, error) {
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

// Resolve implements bridges.Resolver: E.164, else a hint.
func (b *Bridge) Resolve(local string) (bridges.UserID, error) {
	digits, plus := strings.CutPrefix(local, "+")
	_, err := strconv.ParseUint(digits, 10, 64)
	switch {
	case err != nil || len(digits) < 8 || len(digits) > 15:
		return "", &bridges.Error{Kind: bridges.Malformed, Text: "Write a number such as +12025550100."}
	case !plus:
		return "", &bridges.Error{Kind: bridges.Gone, Text: "Write the number with +.", Instead: bridges.UserID("+" + digits)}
	}
	return bridges.UserID(local), nil
}
