package bridgetest

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"causeway/bridges"
)

// session takes texts. What more it can do is added by Bridge.session.
type session struct {
	b    *Bridge
	a    bridges.Account
	work sync.WaitGroup
}

// Send implements bridges.Session.
func (s *session) Send(ctx context.Context, m bridges.Message) (ids []bridges.MessageID, err error) {
	b := s.b
	s.work.Add(1)
	defer s.work.Done()
	if b.NoReply(bridges.UserID(m.Chat)) {
		return nil, &bridges.Error{Kind: bridges.Unsupported, Text: "Nobody can answer this sender."}
	}
	if err := b.read(ctx, m.File); err != nil {
		return nil, err
	}
	b.mu.Lock()
	b.next++
	id := bridges.MessageID("m" + strconv.Itoa(b.next))
	b.sent = append(b.sent, m)
	f := b.send
	b.mu.Unlock()
	b.news <- m
	if ids = []bridges.MessageID{id}; f == nil {
		bridges.Waits(ctx)
	} else if ids, err = f(ctx, m); err != nil {
		return ids, err
	}
	b.keepFiles(m, ids)
	return ids, nil
}

// keepFiles notes what no edit takes away.
func (b *Bridge) keepFiles(m bridges.Message, ids []bridges.MessageID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range ids {
		b.files[id] = m.File != nil
	}
}

// Close implements bridges.Session.
func (s *session) Close() error {
	s.work.Wait()
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	s.b.open[s.a.ID]--
	return nil
}

// Changes is what the sessions of a scripted Bridge can do all together or not at
// all: each of the others, typing, read marks and contacts, they can do alone, too.
const Changes = bridges.CanTyping | bridges.CanDisplayed | bridges.CanContacts | bridges.CanEdits | bridges.CanRetractions | bridges.CanReactions

// session makes one that implements what Info.Can says, and nothing more.
func (b *Bridge) session(a bridges.Account) bridges.Session {
	s := &session{b: b, a: a}
	t, r, l := typist{s}, reader{s}, lister{s}
	if b.info.Can.Has(Changes) {
		return struct {
			*session
			bridges.Typist
			bridges.Reader
			bridges.Lister
			bridges.Editor
			bridges.Recaller
			bridges.Retractor
			bridges.Reactor
		}{s, t, r, l, editor{s}, editor{s}, retractor{s}, reactor{s}}
	}
	switch b.info.Can & (bridges.CanTyping | bridges.CanDisplayed | bridges.CanContacts) {
	case bridges.CanTyping:
		return struct {
			*session
			bridges.Typist
		}{s, t}
	case bridges.CanDisplayed:
		return struct {
			*session
			bridges.Reader
		}{s, r}
	case bridges.CanContacts:
		return struct {
			*session
			bridges.Lister
		}{s, l}
	case bridges.CanTyping | bridges.CanDisplayed:
		return struct {
			*session
			bridges.Typist
			bridges.Reader
		}{s, t, r}
	case bridges.CanTyping | bridges.CanContacts:
		return struct {
			*session
			bridges.Typist
			bridges.Lister
		}{s, t, l}
	case bridges.CanDisplayed | bridges.CanContacts:
		return struct {
			*session
			bridges.Reader
			bridges.Lister
		}{s, r, l}
	case bridges.CanTyping | bridges.CanDisplayed | bridges.CanContacts:
		return struct {
			*session
			bridges.Typist
			bridges.Reader
			bridges.Lister
		}{s, t, r, l}
	}
	return s
}

// shows gives a sign of the user to the network.
func (s *session) shows(ctx context.Context, e bridges.Event) error {
	s.b.mu.Lock()
	f := s.b.sign
	s.b.mu.Unlock()
	s.b.events <- e
	if f != nil {
		return f(ctx, e)
	}
	return nil
}

type typist struct{ s *session }

// Typing implements bridges.Typist.
func (t typist) Typing(ctx context.Context, chat bridges.ChatID, composing bool) error {
	return t.s.shows(ctx, bridges.Typing{Chat: chat, From: t.s.a.Self, Composing: composing})
}

type reader struct{ s *session }

// Displayed implements bridges.Reader.
func (r reader) Displayed(ctx context.Context, chat bridges.ChatID, upTo bridges.MessageID) error {
	return r.s.shows(ctx, bridges.Displayed{Chat: chat, From: r.s.a.Self, UpTo: upTo})
}

type lister struct{ s *session }

// Contacts implements bridges.Lister.
func (l lister) Contacts(context.Context) ([]bridges.Person, error) {
	l.s.b.mu.Lock()
	defer l.s.b.mu.Unlock()
	return l.s.b.contacts[l.s.a.ID], nil
}

type editor struct{ s *session }

// Edit implements bridges.Editor. What has become of the same Key before is told
// again.
func (e editor) Edit(ctx context.Context, x bridges.Edit) (ids []bridges.MessageID, err error) {
	bridges.Waits(ctx)
	if err := e.s.shows(ctx, x); err != nil {
		return nil, err
	}
	e.s.b.mu.Lock()
	defer e.s.b.mu.Unlock()
	e.s.b.edited[x.Of] = x.Message
	for i := range strings.Split(x.Text, seam) {
		ids = append(ids, bridges.MessageID("edit "+strconv.Itoa(i)+" "+x.Key))
	}
	for i, id := range x.More {
		if i+1 >= len(ids) && e.s.b.files[id] {
			ids = append(ids, "")
		}
	}
	return ids, nil
}

// seam is between the parts that a scripted Bridge makes of the text of an edit.
const seam = "|"

// OnRecall sets what messages are from now on; nil: what they were edited to.
func (b *Bridge) OnRecall(f func(of bridges.MessageID) (bridges.Message, error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.recall = f
}

// Recall implements bridges.Recaller.
func (e editor) Recall(_ context.Context, _ bridges.ChatID, of bridges.MessageID) (bridges.Message, error) {
	e.s.b.mu.Lock()
	f := e.s.b.recall
	m, ok := e.s.b.edited[of]
	e.s.b.mu.Unlock()
	switch {
	case f != nil:
		return f(of)
	case !ok:
		return m, &bridges.Error{Kind: bridges.NotFound, Text: "There is no such message."}
	}
	return m, nil
}

type retractor struct{ s *session }

// Retract implements bridges.Retractor.
func (r retractor) Retract(ctx context.Context, x bridges.Retraction) error {
	bridges.Waits(ctx)
	return r.s.shows(ctx, x)
}

type reactor struct{ s *session }

// React implements bridges.Reactor.
func (r reactor) React(ctx context.Context, x bridges.Reaction) error {
	bridges.Waits(ctx)
	return r.s.shows(ctx, x)
}
