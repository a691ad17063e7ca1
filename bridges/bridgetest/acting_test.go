package bridgetest

import (
	"context"
	"slices"
	"strconv"
	"testing"

	"causeway/bridges"
)

var (
	_ Acting = (*phones)(nil)
	_ Asking = (*phones)(nil)
)

// Say implements Network.
func (p *phones) Say(t *testing.T, to bridges.UserID, text string) { p.Act(t, to, Act{Text: text}) }

// Ask implements Asking.
func (p *phones) Ask(_ *testing.T, to bridges.UserID) {
	p.tells(to, func() bridges.Event { return bridges.ContactRequest{Person: bob} })
}

// Act implements Acting.
func (p *phones) Act(_ *testing.T, to bridges.UserID, a Act) {
	p.tells(to, func() bridges.Event { return p.event(to, a) })
}

// tells has an event come. What is not for an account is dropped.
func (p *phones) tells(to bridges.UserID, e func() bridges.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if account := accounts[to]; account != "" {
		p.wait = append(p.wait, bridges.Delivery{Account: account, Event: e()})
	}
	p.poke()
}

// event is what comes of an act.
func (p *phones) event(to bridges.UserID, a Act) bridges.Event {
	p.n++
	id, of, from := bridges.MessageID("n"+strconv.Itoa(p.n)), p.find(to, a.Of), bridges.UserID(bob)
	if a.Takes.Has(bridges.CanOwnMessages) {
		from = to
	}
	m := bridges.Message{ID: id, Chat: bob, From: from, Text: a.Text, Unstyled: a.Takes != bridges.CanStyling}
	switch a.Takes &^ bridges.CanOwnMessages {
	case bridges.CanEdits:
		return p.edits(to, m, a)
	case bridges.CanRetractions:
		return bridges.Retraction{ID: id, Chat: bob, From: from, Of: of}
	case bridges.CanReactions:
		return bridges.Reaction{Chat: bob, From: from, Of: of, Emojis: p.reacts(from, of, a)}
	case bridges.CanDisplayed:
		return bridges.Displayed{Chat: bob, From: from, UpTo: of}
	case bridges.CanReceipts:
		return bridges.Receipt{ID: of, Chat: bob, State: bridges.Delivered}
	case bridges.CanTyping:
		return bridges.Typing{Chat: bob, From: from, Composing: !a.Ends}
	case bridges.CanPresence:
		return bridges.Presence{Person: bob, Show: map[bool]bridges.Show{true: bridges.Away, false: bridges.Available}[a.Ends], Status: a.Text}
	case bridges.CanPictures:
		return bridges.ProfileChange{Person: bob}
	case bridges.CanContacts:
		return p.lists(accounts[to], a)
	case bridges.CanReplies:
		m.ReplyTo = of
	case bridges.CanThreads:
		m.Thread = of
	case bridges.CanFiles:
		m.Text, m.File = "", &bridges.File{ID: a.Text, Name: a.Text}
	}
	p.said[to][a.Text], p.was[id] = id, a.Text
	return m
}

// edits changes a text, or takes the change back.
func (p *phones) edits(to bridges.UserID, m bridges.Message, a Act) bridges.Event {
	of := p.find(to, a.Of)
	change := "edit to " + a.Text
	if a.Ends {
		p.now.OnRecall(p.before)
		return bridges.Retraction{ID: m.ID, Chat: bob, From: bob, Of: p.said[to][change]}
	}
	p.said[to][change] = m.ID
	p.edited[of] = append(p.edited[of], m)
	return bridges.Edit{Message: m, Of: of}
}

// before is what a text was before the edit that was taken back.
func (p *phones) before(of bridges.MessageID) (bridges.Message, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if all := p.edited[of]; len(all) > 1 {
		return all[len(all)-2], nil
	}
	return bridges.Message{}, &bridges.Error{Kind: bridges.NotFound, Text: "There is no such message."}
}

// lists has bob be in the list of an account, or no longer.
func (p *phones) lists(account bridges.AccountID, a Act) bridges.Event {
	person := bridges.Person{ID: bob, Name: a.Text}
	if p.list[account] = []bridges.Person{person}; a.Ends {
		p.list[account] = nil
	}
	p.now.SetContacts(account, p.list[account]...)
	return bridges.ContactChange{Person: person, Gone: a.Ends}
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

// reacts returns all emojis of whoever reacts that are there then.
func (p *phones) reacts(from bridges.UserID, of bridges.MessageID, a Act) []string {
	key := bridges.MessageID(from) + of
	all := slices.DeleteFunc(slices.Clone(p.eyes[key]), func(x string) bool { return x == a.Text })
	if !a.Ends {
		all = append(all, a.Text)
	}
	p.eyes[key] = all
	return all
}

// openFile is what the files of phones are.
func openFile(_ context.Context, f bridges.File) (*bridges.Content, error) {
	if f.Name == "" {
		return nil, &bridges.Error{Kind: bridges.NotFound, Text: "There is no such file."}
	}
	return ContentOf(f.Name, "", []byte(f.Name)), nil
}
