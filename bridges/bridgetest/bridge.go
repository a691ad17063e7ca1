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
	sign  func(ctx context.Context, e bridges.Event) error
	sent  []bridges.Message
	news  chan bridges.Message
	open  map[bridges.AccountID]int
	next  int
	host  bridges.Host
	ready chan struct{}

	events   chan bridges.Event
	opened   []bridges.Account
	ask      func(r bridges.Registration) (*bridges.Ask, error)
	settings []bridges.Field
	check    func(values map[string]string) error
	profiles map[bridges.UserID]bridges.Profile
	contacts map[bridges.AccountID][]bridges.Person
	oneWay   []bridges.UserID
	meet     func(ctx context.Context) error
	met      chan Introduced
	seen     chan Presented
	probe    func(person bridges.UserID) (bridges.Presence, error)
	leave    func(l Left) error
	left     chan Left
	edited   map[bridges.MessageID]bridges.Message
	files    map[bridges.MessageID]bool // what was sent with one
	recall   func(of bridges.MessageID) (bridges.Message, error)
	opens    func(ctx context.Context, f bridges.File) (*bridges.Content, error)
}

var (
	_ bridges.Bridge   = (*Bridge)(nil)
	_ bridges.Runner   = (*Bridge)(nil)
	_ bridges.Resolver = (*Bridge)(nil)
)

// New returns a bridge that takes every message and gives it one id, m1, m2 …
func New(info bridges.Info, pool ...bridges.UserID) *Bridge {
	return &Bridge{
		info: info, pool: pool, news: make(chan bridges.Message, 100_000),
		open: map[bridges.AccountID]int{}, ready: make(chan struct{}),
		events:   make(chan bridges.Event, 100_000),
		met:      make(chan Introduced, 1000),
		seen:     make(chan Presented, 1000),
		left:     make(chan Left, 1000),
		profiles: map[bridges.UserID]bridges.Profile{}, contacts: map[bridges.AccountID][]bridges.Person{},
		edited: map[bridges.MessageID]bridges.Message{}, files: map[bridges.MessageID]bool{},
	}
}

// SMS is the info of a network such as SMS.
func SMS() bridges.Info {
	return bridges.Info{Type: "sms", Client: "phone", Name: "SMS", Example: "+12025550100", Can: bridges.CanReceipts}
}

// Rich is the info of a network that can do all that a Session can implement.
func Rich() bridges.Info {
	return bridges.Info{
		Type: "xmpp", Client: "pc", Name: "Rich", Example: "+12025550100",
		Can: bridges.CanReceipts | bridges.CanTyping | bridges.CanDisplayed | bridges.CanContacts | bridges.CanOwnMessages |
			bridges.CanEdits | bridges.CanRetractions | bridges.CanReactions | bridges.CanReplies | bridges.CanThreads,
	}
}

// Info implements bridges.Bridge.
func (b *Bridge) Info() bridges.Info { return b.info }

// OnSend sets what becomes of the messages from now on; nil: they are taken.
func (b *Bridge) OnSend(f func(ctx context.Context, m bridges.Message) ([]bridges.MessageID, error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.send = f
}

// OnSign sets what becomes of what Events has from now on; nil: it is taken.
func (b *Bridge) OnSign(f func(ctx context.Context, e bridges.Event) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sign = f
}

// Sent has each message that was given to the network, in order.
func (b *Bridge) Sent() <-chan bridges.Message { return b.news }

// All returns what was given to the network so far.
func (b *Bridge) All() []bridges.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]bridges.Message(nil), b.sent...)
}

// Events has each bridges.Typing and bridges.Displayed that was given to the
// network, in order, by From, and each bridges.Edit,
// bridges.Retraction and bridges.Reaction.
func (b *Bridge) Events() <-chan bridges.Event { return b.events }

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
	b.opened = append(b.opened, a)
	return b.session(a), nil
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
