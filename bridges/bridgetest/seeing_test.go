package bridgetest

import (
	"context"
	"regexp"
	"slices"

	"causeway/bridges"
)

var _ Seeing = (*phones)(nil)

// Sees implements Seeing.
func (p *phones) Sees(from bridges.UserID) []Act {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.sees[from])
}

func (p *phones) show(from bridges.UserID, all ...Act) { p.sees[from] = append(p.sees[from], all...) }

// bold is what XEP-0393 has between asterisks.
var bold = regexp.MustCompile(`\*(\w+)\*`)

// looks has bob see what there is to a text beside its words. It ends typing.
func (p *phones) looks(m bridges.Message, file string) {
	for _, x := range bold.FindAllStringSubmatch(m.Text, -1) {
		p.show(m.From, Act{Takes: bridges.CanStyling, Text: x[1]})
	}
	if m.ReplyTo != "" {
		p.show(m.From, Act{Takes: bridges.CanReplies, Of: p.was[m.ReplyTo], Text: m.Text})
	}
	if m.Thread != "" {
		p.show(m.From, Act{Takes: bridges.CanThreads, Of: p.was[m.Thread], Text: m.Text})
	}
	if m.File != nil {
		p.show(m.From, Act{Takes: bridges.CanFiles, Of: m.Text, Text: file})
	}
	p.show(m.From, Act{Takes: bridges.CanTyping, Ends: true})
}

// shown takes what is no text, once where it has a Key.
func (p *phones) shown(ctx context.Context, e bridges.Event) error {
	switch e := e.(type) {
	case bridges.Typing:
		return p.beyond(ctx, func() { p.show(e.From, Act{Takes: bridges.CanTyping, Ends: !e.Composing}) })
	case bridges.Displayed:
		return p.beyond(ctx, func() { p.show(e.From, Act{Takes: bridges.CanDisplayed, Of: p.was[e.UpTo]}) })
	case bridges.Edit:
		return p.once(ctx, e.Key, func() {
			p.show(e.From, Act{Takes: bridges.CanEdits, Of: p.was[e.Of], Text: e.Text})
			for _, of := range e.More {
				p.show(e.From, Act{Takes: bridges.CanRetractions, Of: p.was[of]})
			}
		})
	case bridges.Retraction:
		return p.once(ctx, e.Key, func() { p.show(e.From, Act{Takes: bridges.CanRetractions, Of: p.was[e.Of]}) })
	case bridges.Reaction:
		return p.once(ctx, e.Key, func() { p.reacted(e) })
	}
	return nil
}

func (p *phones) once(ctx context.Context, key string, do func()) error {
	return p.beyond(ctx, func() {
		if _, ok := p.took[key]; !ok {
			p.took[key] = ""
			do()
		}
	})
}

// reacted adds what is missing, and takes away what is too much.
func (p *phones) reacted(r bridges.Reaction) {
	key := bridges.MessageID(r.From) + r.Of
	show := func(all, but []string, ends bool) {
		for _, x := range all {
			if !slices.Contains(but, x) {
				p.show(r.From, Act{Takes: bridges.CanReactions, Of: p.was[r.Of], Text: x, Ends: ends})
			}
		}
	}
	show(r.Emojis, p.eyes[key], false)
	show(p.eyes[key], r.Emojis, true)
	p.eyes[key] = r.Emojis
}

// Present implements bridges.Presenter.
func (b onPhones) Present(ctx context.Context, a bridges.Account, show bridges.Show, status string) error {
	b.p.mu.Lock()
	b.p.show(a.Self, Act{Takes: bridges.CanPresence, Text: status, Ends: show != bridges.Available})
	b.p.mu.Unlock()
	return b.Bridge.Present(ctx, a, show, status)
}

// Introduce implements bridges.Introducer.
func (b onPhones) Introduce(ctx context.Context, a bridges.Account, me bridges.Profile) error {
	b.p.mu.Lock()
	b.p.show(a.Self, Act{Takes: bridges.CanIntroduce, Text: me.Name})
	b.p.mu.Unlock()
	return b.Bridge.Introduce(ctx, a, me)
}
