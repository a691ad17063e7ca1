package bridgetest

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"sync"
	"testing"

	"causeway/bridges"
)

func TestScriptedBridge(t *testing.T) {
	const all = bridges.CanTyping | bridges.CanDisplayed | bridges.CanContacts
	for can := range all + 1 {
		if can&^all == 0 {
			t.Run(fmt.Sprintf("can %b", can), func(t *testing.T) { checkDays(t, scripted(can)) })
		}
	}
	t.Run("can all", func(t *testing.T) { Suite(t, scripted(Changes)) })
}

// phones is a network of phones that are reached through scripted bridges.
type phones struct {
	*Line
	mu     sync.Mutex
	took   map[string]bridges.MessageID   // by Key
	was    map[bridges.MessageID]string   // texts as they first were
	read   []bridges.Message              // by bob
	sees   map[bridges.UserID][]Act       // what bob saw of an identity
	eyes   map[bridges.MessageID][]string // emojis of whoever reacts
	list   map[bridges.AccountID][]bridges.Person
	edited map[bridges.MessageID][]bridges.Message // by bob
	now    *Bridge                                 // the newest
	wait   []bridges.Delivery
	said   map[bridges.UserID]map[string]bridges.MessageID // by bob, to an identity
	n      int
	news   chan struct{}
}

// onPhones is a scripted bridge to phones.
type onPhones struct {
	*Bridge
	p *phones
}

const (
	alice = "+12025550199"
	carol = "+12025550198"
	bob   = "+12025550100"
)

// accounts are those of identities.
var accounts = map[bridges.UserID]bridges.AccountID{alice: "alice@example.org", carol: "carol@example.org"}

func scripted(can bridges.Can) func(*testing.T) Adapter {
	return func(*testing.T) Adapter {
		p := &phones{
			Line: new(Line), took: map[string]bridges.MessageID{}, was: map[bridges.MessageID]string{}, sees: map[bridges.UserID][]Act{},
			eyes: map[bridges.MessageID][]string{}, said: map[bridges.UserID]map[string]bridges.MessageID{alice: {}, carol: {}}, news: make(chan struct{}, 1),
			edited: map[bridges.MessageID][]bridges.Message{},
			list:   map[bridges.AccountID][]bridges.Person{accounts[alice]: {{ID: bob, Name: "Bob"}}},
		}
		return Adapter{
			Make: func(*testing.T, bridges.Notes) bridges.Bridge { return p.bridge(can) }, Network: p, Line: p.Line,
			Account: bridges.Account{ID: accounts[alice], Self: alice},
			Second:  bridges.Account{ID: accounts[carol], Self: carol},
			Chat:    bob, Nobody: "+12025550197",
			Good: []string{bob, bob[1:]}, Bad: []string{"nobody"},
		}
	}
}

func (p *phones) bridge(can bridges.Can) bridges.Bridge {
	info := SMS()
	info.Can |= can | bridges.CanReplies | bridges.CanThreads | bridges.CanStyling | bridges.CanPictures | bridges.CanIntroduce | bridges.CanPresence | bridges.CanFiles | bridges.CanOwnMessages
	info.Unknown = bridges.Idempotent
	b := New(info, alice)
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, list := range p.list {
		b.SetContacts(id, list...)
	}
	p.now = b
	b.SetProfile(bob, bridges.Profile{Name: "Bob"})
	b.SetSettings([]bridges.Field{{Name: "sign", Label: "Signature", Default: "false", Kind: bridges.Bool}}, nil)
	b.OnSend(p.take)
	b.OnSign(p.shown)
	b.OnOpen(openFile)
	return onPhones{b, p}
}

// beyond has something done on the other side of the line.
func (p *phones) beyond(ctx context.Context, do func()) error {
	done := make(chan bool, 1)
	go func() {
		ok := p.Pass(Asked) == Go
		if ok {
			p.mu.Lock()
			do()
			p.mu.Unlock()
			ok = p.Pass(Done) == Go
		}
		done <- ok
	}()
	select {
	case ok := <-done:
		if ok {
			return nil
		}
	case <-ctx.Done():
	}
	return &bridges.Error{Kind: bridges.Unknown, Text: "It may have been sent."}
}

// take takes a text.
func (p *phones) take(ctx context.Context, m bridges.Message) (ids []bridges.MessageID, err error) {
	bridges.Waits(ctx)
	if _, err := new(Bridge).Resolve(string(m.Chat)); err != nil {
		return nil, err
	}
	file := ""
	if m.File != nil {
		c, err := m.File.Open(ctx)
		if err != nil {
			return nil, err
		}
		data, _ := io.ReadAll(c)
		file = m.File.Name + " " + m.File.Type + " " + string(data)
	}
	var id bridges.MessageID
	if err := p.beyond(ctx, func() { id = p.put(m, file) }); err != nil {
		return nil, err
	}
	return []bridges.MessageID{id}, nil
}

// put is one text, once for each Key.
func (p *phones) put(m bridges.Message, file string) bridges.MessageID {
	id, ok := p.took[m.Key]
	if !ok {
		id = bridges.MessageID("m" + strconv.Itoa(len(p.took)))
		p.took[m.Key], p.was[id] = id, m.Text
		p.read = append(p.read, m)
		p.looks(m, file)
	}
	return id
}

// Texts implements Network.
func (p *phones) Texts(from bridges.UserID) (texts []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.read {
		if m.From == from {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

func (p *phones) poke() {
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// Run implements bridges.Runner: what waits is delivered one by one, each until it
// is taken.
func (b onPhones) Run(ctx context.Context, h bridges.Host) error {
	h.Ready()
	for ctx.Err() == nil {
		b.p.mu.Lock()
		wait := b.p.wait
		b.p.mu.Unlock()
		if len(wait) == 0 {
			select {
			case <-b.p.news:
			case <-ctx.Done():
				b.p.poke() // for who follows
			}
			continue
		}
		if b.p.Pass(Telling) == Go && give(ctx, h, wait[0]) == nil && b.p.Pass(Told) == Go {
			b.p.mu.Lock()
			b.p.wait = b.p.wait[1:]
			b.p.mu.Unlock()
		}
	}
	return nil
}

// give delivers what must not get lost.
func give(ctx context.Context, h bridges.Host, d bridges.Delivery) error {
	switch d.Event.(type) {
	case bridges.Typing, bridges.Presence, bridges.ProfileChange:
		h.Hint(d)
		return nil
	}
	return h.Deliver(ctx, []bridges.Delivery{d})
}
