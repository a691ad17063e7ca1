package gateway

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/bridges/cache"
	"causeway/component/picture"
)

const (
	// faceLimit bounds the people of whose picture we know, as accounts see them,
	// and photoLimit the pictures that are at hand: they have 64 KiB at most.
	faceLimit, photoLimit = 1 << 16, 128
	// faceQueue bounds the people whose picture is to be looked at.
	faceQueue = 4096
	// faceAge is after how long a picture is looked at again.
	faceAge = 24 * time.Hour
	// faceLookers is how many are looked at at once.
	faceLookers = 4
)

// faces are the pictures of a network that has some of its own (CanPictures).
// Presence is sent before it is known what somebody looks like, and again when
// it is.
type faces struct {
	known          *cache.Cache[whose, look]
	photos         *cache.Cache[[sha256.Size]byte, *picture.Picture] // by the hash of what the network has
	*lineup[whose]                                                   // of whom it is to be looked at
	converting     sync.Mutex                                        // one at a time: see picture.Convert
}

// look is what somebody looks like. Without a source it is a badge.
type look struct {
	picture.Info
	source [sha256.Size]byte // the hash of what the network has
	at     time.Time
}

func newFaces() *faces {
	return &faces{
		known: cache.New[whose, look](faceLimit), photos: cache.New[[sha256.Size]byte, *picture.Picture](photoLimit),
		lineup: newLineup[whose](faceQueue),
	}
}

// pictureInfo tells of the picture of who has a localpart, as an account sees
// it; "" is the gateway. Nil and known: there is none. What is not known, or was
// for long, is looked at later. It does not block.
func (g *Gateway) pictureInfo(id bridges.AccountID, local string) (i *picture.Info, known bool) {
	b := g.badge(local)
	if b == nil {
		return nil, true
	}
	if local == "" || !g.info.Can.Has(bridges.CanPictures) {
		return &b.Info, true
	}
	w := whose{id, local}
	l, known := g.faces.known.Get(w)
	if !known || time.Since(l.at) >= faceAge {
		g.lookLater(w)
	}
	if !known {
		return nil, false
	}
	return &l.Info, true
}

// picture returns the picture itself; nil: there is none. It blocks on the
// network for profileTime when the picture is not at hand.
func (g *Gateway) picture(ctx context.Context, id bridges.AccountID, local string) (*picture.Picture, error) {
	b := g.badge(local)
	if b == nil || local == "" || !g.info.Can.Has(bridges.CanPictures) {
		return b, nil
	}
	l, known := g.faces.known.Get(whose{id, local})
	if known && l.source == ([sha256.Size]byte{}) {
		return b, nil
	}
	if p, ok := g.faces.photos.Get(l.source); known && ok {
		return p, nil
	}
	_, p, err := g.profile(ctx, id, local)
	if errors.Is(err, errNoProfile) {
		return b, nil
	}
	return p, err
}

// learn notes what somebody looks like by what the network has, and returns the
// picture that is shown of it: of what cannot be read it is a badge.
func (g *Gateway) learn(w whose, data []byte) *picture.Picture {
	l := look{at: time.Now()}
	p := g.badge(w.local)
	if own := g.convert(data); own != nil {
		p, l.source = own, sha256.Sum256(data)
	}
	l.Info = p.Info
	w = w.clone()
	old, known := g.faces.known.Get(w)
	g.faces.known.Set(w, l)
	if !known || old.ID != l.ID {
		g.looksOther(w)
	}
	return p
}

// convert makes a picture of what the network has; nil: it has none, or
// something else.
func (g *Gateway) convert(data []byte) *picture.Picture {
	if len(data) == 0 {
		return nil
	}
	g.faces.converting.Lock()
	defer g.faces.converting.Unlock()
	hash := sha256.Sum256(data)
	p, ok := g.faces.photos.Get(hash)
	if ok {
		return p
	}
	p, err := picture.Convert(data)
	if err != nil {
		g.log.Debug("a picture of the network is not shown", "err", err)
		return nil
	}
	g.faces.photos.Set(hash, p)
	return p
}

// looksOther shows a user who sees the contact another picture of it (xeps.md
// 0084.1, .5).
func (g *Gateway) looksOther(w whose) {
	g.enqueueControl(w.account, false, step{run: func(ctx context.Context) {
		if !g.sees(ctx, w) {
			return
		}
		g.send(ctx, g.contactPresence(w.local+"@"+g.domain, string(w.account)))
		for _, o := range g.pictureNews(w.account, w.local) {
			g.send(ctx, o)
		}
	}})
}

// lookLater has a picture looked at. It does not block; when too many wait, the
// next presence does it.
func (g *Gateway) lookLater(w whose) {
	if !g.faces.add(w.clone()) {
		g.countDropped("too many pictures")
	}
}

// lookAt asks the network what somebody looks like and is called. Of whom it cannot tell now
// the next presence asks again.
func (g *Gateway) lookAt(ctx context.Context, w whose) {
	if !g.member(ctx, w.account) {
		return
	}
	p, _, err := g.profile(ctx, w.account, w.local)
	if errors.Is(err, errNoProfile) {
		g.learn(w, nil)
	}
	if name := cleanName(p.Name); err == nil && name != "" {
		g.calledLater(w, name)
	}
}
