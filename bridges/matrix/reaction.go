package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"causeway/bridges"
	"causeway/bridges/matrix/client"
	"causeway/bridges/matrix/event"
)

// typeReaction is of an event that is one reaction; who takes it back redacts it.
const typeReaction = "m.reaction"

// relAnnotation is what it has to do with another (Client-Server API, Event
// annotations and reactions).
const relAnnotation = "m.annotation"

// reaction is the content of one.
type reaction struct {
	Relates   relation `json:"m.relates_to"`
	Shortcode string   `json:"shortcode,omitempty"` // of a picture of one's own
}

// maxEmoji bounds a reaction in bytes, and maxEmojis those of one person to one
// event.
const maxEmoji, maxEmojis = 100, 100

// emoji reads a reaction: a picture by its name (xeps.md 0444.6). Empty: it is none.
// What it is to may be anything that fits into an event, and is noted.
func emoji(e event.Event) (text, of string) {
	var c reaction
	if e.Type != typeReaction || json.Unmarshal(e.Content, &c) != nil || c.Relates.Type != relAnnotation || len(c.Relates.Event) > event.MaxID {
		return "", ""
	}
	text = c.Relates.Key
	if strings.HasPrefix(text, "mxc:") {
		if text = ""; c.Shortcode != "" {
			text = ":" + strings.Trim(c.Shortcode, ":") + ":"
		}
	}
	if len(text) > maxEmoji || !utf8.ValidString(text) || strings.TrimSpace(text) == "" || strings.ContainsFunc(text, notInXML) {
		return "", ""
	}
	return text, c.Relates.Event
}

func notInXML(r rune) bool { return !inXML(r) }

// same tells whether two texts are one emoji: whether it is shown as a picture may
// be said in it or not (0444.7).
func same(a, b string) bool { return plainEmoji(a) == plainEmoji(b) }

func plainEmoji(s string) string { return strings.ReplaceAll(s, "\uFE0F", "") }

// Where the notes of reactions begin: what an event was, and what a person's
// reactions to an event are. They are on disk.
const (
	reactionNotes  = "reaction/"  // and the event that is one
	reactionsNotes = "reactions/" // and the event NUL the person
)

// annotation is an event that is a reaction.
type annotation struct {
	Of   string         `json:"of"`
	From bridges.UserID `json:"from"`
	At   int64          `json:"at,omitempty"` // in seconds since 1970
}

func (a annotation) key() string { return reactionsNotes + a.Of + "\x00" + string(a.From) }

// annotations are a person's reactions to an event, in order.
type annotations struct {
	Now []emojiEvent `json:"now,omitempty"`
	// Gone was taken back last. What is known of it is kept as long: a homeserver
	// says it again that gets no answer.
	Gone string `json:"gone,omitempty"`
}

type emojiEvent struct{ Event, Emoji string }

// drop takes out the reaction that an event was.
func (a *annotations) drop(event string) {
	a.Now = slices.DeleteFunc(a.Now, func(x emojiEvent) bool { return x.Event == event })
}

// reacts reads an event that adds or takes back a reaction, and returns all that
// there are then; nil: it does neither.
func (p *page) reacts(e event.Event) (bridges.Event, error) {
	from := personOf(e.Sender)
	if text, of := emoji(e); of != "" {
		is := annotation{of, from, e.Time.Unix()}
		return p.changed(is, func(all *annotations) error {
			fits := len(all.Now) < maxEmojis && e.ID != all.Gone && !slices.ContainsFunc(all.Now, func(x emojiEvent) bool { return x.Event == e.ID })
			if !fits {
				return nil
			}
			all.Now = append(all.Now, emojiEvent{e.ID, text})
			return p.set(reactionNotes+e.ID, is)
		})
	}
	if e.Type != typeRedaction || e.Redacts == "" {
		return nil, nil
	}
	var was annotation
	if err := p.get(reactionNotes+e.Redacts, &was); err != nil || was.Of == "" {
		return nil, err
	}
	return p.changed(was, func(all *annotations) error {
		all.drop(e.Redacts)
		gone := all.Gone
		all.Gone = e.Redacts
		if gone == "" || gone == e.Redacts {
			return nil
		}
		return p.set(reactionNotes+gone, nil)
	})
}

// changed has f change a person's reactions to an event, and returns them.
func (p *page) changed(a annotation, f func(all *annotations) error) (bridges.Event, error) {
	var all annotations
	if err := p.get(a.key(), &all); err != nil {
		return nil, err
	}
	if err := f(&all); err != nil {
		return nil, err
	}
	r := bridges.Reaction{Chat: bridges.ChatID(a.From), From: a.From, Of: bridges.MessageID(a.Of)}
	for _, x := range all.Now {
		if !slices.Contains(r.Emojis, x.Emoji) {
			r.Emojis = append(r.Emojis, x.Emoji)
		}
	}
	return r, p.set(a.key(), all)
}

// React implements bridges.Reactor. The homeserver knows what is there already: so
// whoever is killed in between goes on where it was.
func (s *session) React(ctx context.Context, r bridges.Reaction) error {
	s.work.Add(1)
	defer s.work.Done()
	bridges.Waits(ctx)
	room, err := s.b.roomWith(ctx, pair{s.ghost, bridges.UserID(r.Chat)}, r.Of)
	if err == nil && room.Encrypted && len(r.Emojis) > 0 {
		err = because(errSecret, nil)
	}
	if err == nil {
		err = s.react(ctx, room.id, r)
	}
	var e *bridges.Error
	if errors.As(notHere(err), &e) && e.Text == errGone.text {
		err = because(errNoReact, err)
	}
	return s.b.failed(err, bridges.Temporary) // what was done is not done again
}

func (s *session) react(ctx context.Context, room string, r bridges.Reaction) error {
	u := s.b.as(s.ghost)
	all, err := u.Relations(ctx, room, string(r.Of), relAnnotation, typeReaction)
	if err != nil {
		return err
	}
	own := map[string]string{} // event by emoji
	for _, e := range all {
		if text, _ := emoji(e); text != "" && personOf(e.Sender) == s.ghost {
			own[text] = e.ID
		}
	}
	for _, text := range r.Emojis {
		if takes(own, text) {
			continue
		}
		c := reaction{Relates: relation{Type: relAnnotation, Event: string(r.Of), Key: text}}
		_, err := u.Send(ctx, room, typeReaction, transaction(s.ghost, r.Key+"\x00"+text), c)
		if err != nil && !client.Is(err, "M_DUPLICATE_ANNOTATION") {
			return err
		}
	}
	for _, id := range own {
		if _, err := u.Redact(ctx, room, id, transaction(s.ghost, r.Key+"\x01"+id), ""); err != nil {
			return err
		}
	}
	return nil
}

// takes takes an emoji out of those that are there.
func takes(own map[string]string, text string) bool {
	for x := range own {
		if same(x, text) {
			delete(own, x)
			return true
		}
	}
	return false
}
