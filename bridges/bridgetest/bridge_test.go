package bridgetest

import (
	"context"
	"fmt"
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
	t.Run("can change", func(t *testing.T) { Suite(t, scripted(Changes)) })
}

// phones is a network of phones that are reached through scripted bridges.
type phones struct {
	*Line
	mu   sync.Mutex
	took map[string]bridges.MessageID // by Key
	read []bridges.Message
	wait []bridges.Delivery
	said map[bridges.UserID]map[string]bridges.MessageID // by bob, to an identity
	n    int
	eyes map[string][]string // emojis of bob, by the text
	news chan struct{}
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

func scripted(can bridges.Can) func(*testing.T) Adapter {
	return func(*testing.T) Adapter {
		p := &phones{Line: new(Line), took: map[string]bridges.MessageID{}, said: map[bridges.UserID]map[string]bridges.MessageID{}, eyes: map[string][]string{}, news: make(chan struct{}, 1)}
		return Adapter{
			Make: func(*testing.T, bridges.Notes) bridges.Bridge { return p.bridge(can) }, Network: p, Line: p.Line,
			Account: bridges.Account{ID: "alice@example.org", Self: alice},
			Second:  bridges.Account{ID: "carol@example.org", Self: carol},
			Chat:    bob, Nobody: "+12025550197",
			Good: []string{bob, bob[1:]}, Bad: []string{"nobody"},
		}
	}
}

func (p *phones) bridge(can bridges.Can) bridges.Bridge {
	info := SMS()
	info.Can |= can | bridges.CanReplies | bridges.CanThreads | bridges.CanPictures | bridges.CanIntroduce | bridges.CanPresence | bridges.CanFiles
	info.Unknown = bridges.Idempotent
	b := New(info, alice)
	b.SetContacts("alice@example.org", bridges.Person{ID: bob, Name: "Bob"})
	b.SetProfile(bob, bridges.Profile{Name: "Bob"})
	b.SetSettings([]bridges.Field{{Name: "sign", Label: "Signature", Default: "false", Kind: bridges.Bool}}, nil)
	b.OnSend(p.take)
	b.OnOpen(openFile)
	return onPhones{b, p}
}

// take takes a text.
func (p *phones) take(ctx context.Context, m bridges.Message) ([]bridges.MessageID, error) {
	bridges.Waits(ctx)
	if _, err := new(Bridge).Resolve(string(m.Chat)); err != nil {
		return nil, err
	}
	unknown := &bridges.Error{Kind: bridges.Unknown, Text: "It may have been sent."}
	done := make(chan bridges.MessageID, 1)
	go func() {
		defer close(done)
		if p.Pass(Asked) != Go {
			return
		}
		id := p.put(m)
		if p.Pass(Done) == Go {
			done <- id
		}
	}()
	select {
	case id, ok := <-done:
		if ok {
			return []bridges.MessageID{id}, nil
		}
	case <-ctx.Done():
	}
	return nil, unknown
}

// put is one text, once for each Key.
func (p *phones) put(m bridges.Message) bridges.MessageID {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, ok := p.took[m.Key]
	if !ok {
		id = bridges.MessageID("m" + strconv.Itoa(len(p.took)))
		p.took[m.Key] = id
		p.read = append(p.read, m)
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
