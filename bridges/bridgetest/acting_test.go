package bridgetest

import (
	"context"
	"slices"
	"strconv"
	"testing"

	"causeway/bridges"
)

var _ Acting = (*phones)(nil)

// Say implements Network.
func (p *phones) Say(t *testing.T, to bridges.UserID, text string) { p.Act(t, to, Act{Text: text}) }

// Act implements Acting. What is not for an account is dropped.
func (p *phones) Act(_ *testing.T, to bridges.UserID, a Act) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if account := map[bridges.UserID]bridges.AccountID{alice: "alice@example.org", carol: "carol@example.org"}[to]; account != "" {
		p.wait = append(p.wait, bridges.Delivery{Account: account, Event: p.event(to, a)})
	}
	p.poke()
}

// event is what comes of an act.
func (p *phones) event(to bridges.UserID, a Act) bridges.Event {
	p.n++
	id, of := bridges.MessageID("n"+strconv.Itoa(p.n)), p.find(to, a.Of)
	m := bridges.Message{ID: id, Chat: bob, From: bob, Text: a.Text}
	switch a.Takes {
	case bridges.CanEdits:
		return bridges.Edit{Message: m, Of: of}
	case bridges.CanRetractions:
		return bridges.Retraction{ID: id, Chat: bob, From: bob, Of: of}
	case bridges.CanReactions:
		return bridges.Reaction{Chat: bob, From: bob, Of: of, Emojis: p.reacts(a)}
	case bridges.CanDisplayed:
		return bridges.Displayed{Chat: bob, From: bob, UpTo: of}
	case bridges.CanReceipts:
		return bridges.Receipt{ID: of, Chat: bob, State: bridges.Delivered}
	case bridges.CanTyping:
		return bridges.Typing{Chat: bob, From: bob, Composing: !a.Ends}
	case bridges.CanPresence:
		return bridges.Presence{Person: bob, Show: map[bool]bridges.Show{true: bridges.Away, false: bridges.Available}[a.Ends], Status: a.Text}
	case bridges.CanPictures:
		return bridges.ProfileChange{Person: bob}
	case bridges.CanReplies:
		m.ReplyTo = of
	case bridges.CanThreads:
		m.Thread = of
	case bridges.CanFiles:
		m.Text, m.File = "", &bridges.File{ID: a.Text, Name: a.Text}
	}
	if p.said[to] == nil {
		p.said[to] = map[string]bridges.MessageID{}
	}
	p.said[to][a.Text] = id
	return m
}

// find returns the id of a text between bob and an identity.
func (p *phones) find(to bridges.UserID, text string) bridges.MessageID {
	if id, ok := p.said[to][text]; ok {
		return id
	}
	for _, m := range p.read {
		if m.From == to && m.Text == text {
			return p.took[m.Key]
		}
	}
	return ""
}

// reacts returns all emojis of bob that are there then.
func (p *phones) reacts(a Act) []string {
	all := slices.DeleteFunc(slices.Clone(p.eyes[a.Of]), func(x string) bool { return x == a.Text })
	if !a.Ends {
		all = append(all, a.Text)
	}
	p.eyes[a.Of] = all
	return all
}

// openFile is what the files of phones are.
func openFile(_ context.Context, f bridges.File) (*bridges.Content, error) {
	if f.Name == "" {
		return nil, &bridges.Error{Kind: bridges.NotFound, Text: "There is no such file."}
	}
	return ContentOf(f.Name, "", []byte(f.Name)), nil
}
