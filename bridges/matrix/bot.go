package matrix

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"causeway/bridges"
	"causeway/bridges/matrix/event"
)

// askNotes begins the note of what the bot is asked, before the id of the event.
const askNotes = "ask/"

// ask is what somebody has written to the bot, and where.
type ask struct {
	Room   string         `json:"room"`
	Person bridges.UserID `json:"person"`
	Text   string         `json:"text"`
	// Number says what was asked before what; 0: before all that have another.
	Number int64 `json:"number,omitempty"`
}

// longestAsk bounds what is read of it, in bytes.
const longestAsk = 1024

// What the bot says.
const (
	botName    = "XMPP"
	botHelp    = "I connect you with people on XMPP. Write: chat " + exampleJID + "\nThat person then invites you to a chat, if it uses this gateway and you may write to it."
	botUnclear = "I did not understand that. "
	botAddress = "That is no address of XMPP. Write it as in: chat " + exampleJID
	// botNobody is said whatever the reason: who is registered is nobody's business.
	botNobody  = "Nobody with this address can be written to by you from here."
	botInvited = " has invited you to a chat."
	botAlready = "You have a chat already with "
	botFailed  = "That did not work: "
)

// isBot tells whether id is the bot's, and ours whether it is a ghost's or the bot's.
func (b *Bridge) isBot(id bridges.UserID) bool { return id == b.ghosts.bot }
func (b *Bridge) ours(id bridges.UserID) bool  { return b.ghosts.owns(id) || b.isBot(id) }

// appearBot makes the bot, and gives it its name, unless that was done.
func (b *Bridge) appearBot(ctx context.Context) error {
	id := b.ghosts.bot
	defer b.dressing.of(id)()
	g, err := b.book.look(ctx).ghost(id)
	if err != nil || g.Name == botName {
		return err
	}
	u := b.as(id)
	if err := u.Register(ctx); err != nil {
		return err
	}
	if err := u.SetName(ctx, botName); err != nil {
		return err
	}
	return b.noteGhost(ctx, id, func(g *ghost) { g.Name = botName })
}

// asks notes what the bot is asked by an event. What is too much is dropped; who
// begins to ask too much gets no answer until it pauses.
func (b *Bridge) asks(p *page, e event.Event, x room) (string, error) {
	from := personOf(e.Sender)
	c, of, ok := contentOf(e)
	switch {
	case from != x.Person:
		return inOther, nil
	case e.Type == typeEncrypted:
		return inOther, b.shun(p, e.Room, x)
	case !ok, of != "", c.MsgType != "m.text": // bots talk in notices, also to each other
		return inOther, nil
	case !b.limit.takes(from, time.Now()):
		return inLimited, nil
	}
	return inAsked, b.noteAsk(p, e.ID, ask{Room: e.Room, Person: from, Text: c.Body})
}

func (b *Bridge) noteAsk(p *page, id string, a ask) error {
	a.Number = p.book.number()
	if len(a.Text) > longestAsk {
		a.Text = strings.ToValidUTF8(a.Text[:longestAsk], "")
	}
	b.answers.expect()
	return p.set(askNotes+id, a)
}

// asked notes what was said to the bot before it was there.
func (b *Bridge) asked(ctx context.Context, i invitation, said []event.Event) error {
	defer b.answers.wake()
	return b.book.change(ctx, func(p *page) error {
		x, err := p.room(i.room)
		if err != nil || x.Ghost != i.ghost {
			return err
		}
		for _, e := range said {
			if _, err := b.asks(p, e, x); err != nil {
				return err
			}
		}
		return nil
	})
}

// greet has the bot say what it is to a person who has said nothing.
func (b *Bridge) greet(ctx context.Context, i invitation, invite string) error {
	defer b.answers.wake()
	return b.book.change(ctx, func(p *page) error {
		x, err := p.room(i.room)
		if err != nil || x.Ghost != i.ghost || x.Encrypted {
			return err
		}
		return b.noteAsk(p, invite, ask{Room: i.room, Person: x.Person, Text: "help"})
	})
}

// reply answers what somebody asked, by its note, and tells whether that is done with.
func (b *Bridge) reply(ctx context.Context, key string) bool {
	var a ask
	err := b.book.look(ctx).get(key, &a)
	switch {
	case err != nil:
	case a.Room == "": // it was answered meanwhile, or is no note of ours
		err = b.book.forget(ctx, key)
	default:
		err = b.replyAll(ctx, a.Person)
	}
	if err != nil && ctx.Err() == nil {
		b.log.Warn("what the bot was asked will be answered later", "person", a.Person, "err", err)
	}
	return err == nil
}

// replyAll answers all that a person has asked, in the order in which it was. What cannot
// be answered now keeps what was asked behind it waiting.
func (b *Bridge) replyAll(ctx context.Context, person bridges.UserID) error {
	defer b.answering.of(person)()
	asked := map[string]ask{}
	err := b.book.notes.EachNote(ctx, askNotes, func(key string, value []byte) error {
		var a ask
		if json.Unmarshal(value, &a) == nil && a.Person == person {
			asked[key] = a
		}
		return nil
	})
	byNumber := func(x, y string) int { return cmp.Compare(asked[x].Number, asked[y].Number) }
	for _, key := range slices.SortedFunc(maps.Keys(asked), byNumber) {
		if err == nil {
			err = b.replyTo(ctx, asked[key], strings.TrimPrefix(key, askNotes))
		}
		if err == nil {
			err = b.book.forget(ctx, key)
		}
	}
	return err
}

// replyTo does what is asked, and says what came of it. Only what may work later is
// an error.
func (b *Bridge) replyTo(ctx context.Context, a ask, id string) error {
	if x, err := b.book.look(ctx).room(a.Room); err != nil || x.Encrypted || !b.isBot(x.Ghost) {
		return err // it is about to leave, or has
	}
	text, err := b.carryOut(ctx, a)
	if err != nil {
		return err
	}
	bot := &session{b: b, ghost: b.ghosts.bot}
	if err = bot.unlocked(ctx, a.Room, pair{bot.ghost, a.Person}); err == nil {
		_, err = b.as(bot.ghost).Send(ctx, a.Room, typeMessage, transaction(bot.ghost, id), content{MsgType: "m.notice", Body: text})
	}
	if shut(err) {
		return nil // nobody is there any more
	}
	return err
}

// carryOut does what is asked, and says what came of it.
func (b *Bridge) carryOut(ctx context.Context, a ask) (text string, err error) {
	verb, rest, _ := strings.Cut(strings.TrimSpace(a.Text), " ")
	switch strings.ToLower(verb) {
	case "help":
		return botHelp, nil
	case "chat":
		return b.introduceTo(ctx, a.Person, rest)
	}
	return botUnclear + botHelp, nil
}

// introduceTo has the ghost of an account invite a person to a chat, and the owner
// asked whether it wants that contact.
func (b *Bridge) introduceTo(ctx context.Context, person bridges.UserID, typed string) (text string, err error) {
	account, ok := accountIn(typed)
	if !ok {
		return botAddress, nil
	}
	ghost := b.ghosts.of(account)
	account, ok, err = b.host.Owner(ctx, ghost)
	if err != nil || !ok || !b.cfg.mayAsk(person) {
		return botNobody, err
	}
	who := pair{ghost, person}
	if err := b.book.forget(ctx, banKey(who)); err != nil { // it wants to be written to again
		return "", err
	}
	at, err := (&session{b: b, account: account, ghost: ghost}).open(ctx, who)
	if err = b.failed(err, bridges.Temporary); bridges.KindOf(err) == bridges.Temporary {
		return "", err
	} else if err != nil {
		b.log.Info("nobody can be invited", "ghost", ghost, "person", person, "err", err)
		return botFailed + textOf(err), nil
	}
	r, err := b.book.look(ctx).room(at.room)
	if err != nil {
		return "", err
	}
	if err := b.joins.asks(ctx, account, person); err != nil {
		return "", err
	}
	if r.PersonIs == joined {
		return botAlready + string(account) + ".", nil
	}
	return string(account) + botInvited, nil
}

// textOf returns the words for the user in an error that has some.
func textOf(err error) string {
	var e *bridges.Error
	if errors.As(err, &e) {
		return e.Text
	}
	return errFaulty.text
}
