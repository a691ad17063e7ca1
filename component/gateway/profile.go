package gateway

import (
	"context"
	"strings"
	"time"

	"causeway/bridges"
	"causeway/component"
	"causeway/component/picture"
	"causeway/component/stanza"
	"causeway/component/xep/avatar"
	"causeway/component/xep/pubsub"
	"causeway/component/xep/vcard"
	"causeway/mapping"
)

// profileTime bounds how long the network may take to tell of a person: until
// then other requests of the same user wait.
const profileTime = 10 * time.Second

var (
	errNoProfile = &stanza.Error{Type: "cancel", Condition: "service-unavailable", Text: "Nothing is known of this address."}
	errNoItem    = &stanza.Error{Type: "cancel", Condition: "item-not-found", Text: "There is no such item."}
	errReadOnly  = &stanza.Error{Type: "auth", Condition: "forbidden", Text: "Nobody can change this."}
)

// serveProfile registers vCards, and the PubSub nodes that can be read. The
// others are refused at once: clients that look for encryption keys must not
// wait for them (xeps.md 0384.1).
func (g *Gateway) serveProfile() {
	const contact = component.ToContact | component.ToFull
	g.mux.Get(pubsub.NS, "pubsub", component.ToDomain|contact, g.answerNode)
	g.mux.Set(pubsub.NS, "pubsub", component.ToDomain|contact, refuse(errReadOnly))
	at := component.Address(component.ToDomain)
	if _, ok := g.cfg.Bridge.(bridges.Profiler); ok {
		at |= contact
	}
	g.mux.Get(vcard.NS, "vCard", at, g.answerCard)
	g.mux.Set(vcard.NS, "vCard", at, refuse(errReadOnly))
}

func (g *Gateway) answerCard(ctx context.Context, t *tx, iq *stanza.Stanza, _ stanza.Element) (w stanza.Writer, err error) {
	c, err := g.card(ctx, t, localOf(iq.To))
	if err == nil {
		c.Append(&w)
	}
	return w, err
}

// A node has one item. It is written by append and has an id.
type node func(g *Gateway, ctx context.Context, t *tx, local string) (id string, append func(*stanza.Writer), err error)

// nodes are what can be read by PubSub (xeps.md 0084.2-4, .11, .13).
var nodes = map[string]node{
	avatar.NSMetadata: readPicture(func(w *stanza.Writer, p *picture.Picture) { avatar.AppendMetadata(w, p.Info) }),
	avatar.NSData:     readPicture(avatar.AppendData),
	vcard.Node: func(g *Gateway, ctx context.Context, t *tx, local string) (string, func(*stanza.Writer), error) {
		c, err := g.card(ctx, t, local)
		return "current", c.Append4, err
	},
}

func readPicture(append func(*stanza.Writer, *picture.Picture)) node {
	return func(g *Gateway, ctx context.Context, t *tx, local string) (string, func(*stanza.Writer), error) {
		if err := g.mayKnow(ctx, t, local); err != nil {
			return "", nil, err
		}
		p, err := g.picture(ctx, t.account, local)
		switch {
		case err != nil:
			return "", nil, err
		case p == nil:
			return "", nil, errNoItem
		}
		return p.ID, func(w *stanza.Writer) { append(w, p) }, nil
	}
}

func (g *Gateway) answerNode(ctx context.Context, t *tx, iq *stanza.Stanza, p stanza.Element) (w stanza.Writer, err error) {
	name, wanted, _ := pubsub.Wanted(p)
	read := nodes[name]
	if read == nil {
		return w, errNoNode
	}
	id, append, err := read(g, ctx, t, localOf(iq.To))
	switch {
	case err != nil:
		return w, err
	case wanted != "" && wanted != id:
		return w, errNoItem
	}
	pubsub.AppendItem(&w, name, id, append)
	return w, nil
}

// mayKnow tells whether the account of t may know of who has a localpart; "" is the
// gateway, of which everybody may. Of the others only who is registered may.
func (g *Gateway) mayKnow(ctx context.Context, t *tx, local string) error {
	if local == "" {
		return nil
	}
	if err := g.mustBeRegistered(ctx, t); err != nil {
		return err
	}
	if _, err := g.resolve(local); err != nil {
		return errNoProfile
	}
	return nil
}

// mustBeRegistered returns an error for who is not, or is not allowed.
func (g *Gateway) mustBeRegistered(ctx context.Context, t *tx) error {
	if !g.admits(t.account) {
		return errNotAllowed
	}
	_, ok, err := g.accounts.find(ctx, t.account)
	if err == nil && !ok {
		err = errNotRegistered
	}
	return err
}

// card returns what is known of who has a localpart. It is never nil.
func (g *Gateway) card(ctx context.Context, t *tx, local string) (*vcard.Card, error) {
	c := &vcard.Card{Name: g.info.Name, Nick: g.info.Name, Note: "This is a gateway. Write help to it.", Photo: g.badge(local)}
	if err := g.mayKnow(ctx, t, local); err != nil || local == "" {
		return c, err
	}
	p, photo, err := g.profile(ctx, t.account, local)
	if err != nil {
		return c, err
	}
	c.Name, c.Nick, c.Tel, c.URI, c.Country, c.Note, c.Photo = p.Name, p.Nick, p.Tel, p.URI, p.Region, g.noteOf(local, p), photo
	if c.Nick == "" {
		c.Nick = p.Name
	}
	return c, nil
}

// profile asks the network for what an account may know of a person, and for the
// picture. The error is a *stanza.Error.
func (g *Gateway) profile(ctx context.Context, account bridges.AccountID, local string) (p bridges.Profile, photo *picture.Picture, err error) {
	profiler, ok := g.cfg.Bridge.(bridges.Profiler)
	id, unread := mapping.ForeignID(local)
	if !ok || unread != nil {
		return p, nil, errNoProfile
	}
	ctx, cancel := context.WithTimeout(ctx, profileTime)
	defer cancel()
	p, err = profiler.Profile(ctx, account, bridges.UserID(id))
	switch kind := bridges.KindOf(err); {
	case err == nil:
	case kind == bridges.NotFound, kind == bridges.Malformed:
		return p, nil, errNoProfile
	default:
		return p, nil, g.stanzaError(err)
	}
	if !g.info.Can.Has(bridges.CanPictures) {
		return p, g.badge(local), nil
	}
	return p, g.learn(whose{account, local}, p.Picture), nil
}

// noReply tells whether nobody can write to a contact.
func (g *Gateway) noReply(local string) bool {
	b, ok := g.cfg.Bridge.(bridges.OneWay)
	id, err := mapping.ForeignID(local)
	return ok && err == nil && b.NoReply(bridges.UserID(id))
}

// noteOf says the rest of a profile in words.
func (g *Gateway) noteOf(local string, p bridges.Profile) string {
	var said []string
	if p.Kind != "" {
		said = append(said, p.Kind+".")
	}
	if g.noReply(local) {
		said = append(said, "Nobody reads what is sent there.")
	}
	return strings.Join(said, " ")
}
