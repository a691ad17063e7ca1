package gateway

import (
	"strings"

	"causeway/bridges"
	"causeway/component/picture"
	"causeway/component/stanza"
	"causeway/component/xep/avatar"
	"causeway/mapping"
)

// face is what a badge is drawn of: there are few, for any number of contacts.
type face struct {
	text   string
	colour uint8
}

// badge returns the picture of who has a localpart and none of his own; "" is
// the gateway. Nil: there is none.
func (g *Gateway) badge(local string) *picture.Picture {
	f := face{text: strings.ToUpper(g.info.Name), colour: picture.Colour(g.domain)}
	if local != "" {
		p, ok := g.cfg.Bridge.(bridges.Profiler)
		id, err := mapping.ForeignID(local)
		if !ok || err != nil {
			return nil
		}
		f = face{p.Badge(bridges.UserID(id)), picture.Colour(id)}
	}
	b, ok := g.badges.Get(f)
	if !ok {
		b = picture.Badge(f.text, f.colour)
		g.badges.Set(f, b)
	}
	return b
}

// showPicture writes the hash of a picture into presence for an account (xeps.md
// 0084.5).
func (g *Gateway) showPicture(w *stanza.Writer, id bridges.AccountID, local string) {
	switch i, known := g.pictureInfo(id, local); {
	case i != nil:
		avatar.AppendUpdate(w, i.ID)
	case !known:
		avatar.AppendUpdate(w, "")
	}
}
