package gateway

import (
	"context"
	"time"

	"causeway/bridges"
	"causeway/bridges/cache"
	"causeway/component/stanza"
	"causeway/component/xep/avatar"
	"causeway/component/xep/caps"
	"causeway/component/xep/disco"
	"causeway/component/xep/nick"
	"causeway/component/xep/pubsub"
	"causeway/component/xep/rosterx"
)

const (
	// clientTime bounds the answer of a client, and clientQueue the users that
	// have one to ask. Of one user there is only one question at a time, so that
	// nobody's clients keep those of others from being asked.
	clientTime  = 10 * time.Second
	clientQueue = 4096
	// clientAskers is how many are asked at once.
	clientAskers = 16
	// clientKinds bounds the hashes that are known: there are some dozens of
	// clients, each in a few versions.
	clientKinds = 4096
)

// clientFeature is a set of what we want to know of clients.
type clientFeature uint8

const (
	takesContacts clientFeature = 1 << iota // suggestions of contacts
	wantsPictures                           // events about pictures
	wantsNames                              // and about names
)

// clientFeatures are the features that mean something to us, as clients say them.
var clientFeatures = map[string]clientFeature{
	rosterx.NS:                        takesContacts,
	avatar.NSMetadata + pubsub.Notify: wantsPictures,
	nick.NS + pubsub.Notify:           wantsNames,
}

// clientCaps is what is known of clients by what they say in presence
// (XEP-0115).
type clientCaps struct {
	// byVer is what clients can that say a hash. An answer gets in only if it
	// has the hash: nobody can say it for others (xeps.md 0115.2).
	byVer                      *cache.Cache[string, clientFeature]
	*lineup[bridges.AccountID] // users with a client to ask
}

func newClientCaps() *clientCaps {
	return &clientCaps{
		byVer:  cache.New[string, clientFeature](clientKinds),
		lineup: newLineup[bridges.AccountID](clientQueue),
	}
}

// find returns what clients can that say this.
func (k *clientCaps) find(c client) (can clientFeature, known bool) {
	if !c.hashed {
		return 0, false
	}
	return k.byVer.Get(c.caps.Ver)
}

// hearCaps takes what a client says of itself in available presence. One that
// is not known by its hash will be asked. It does not block.
func (g *Gateway) hearCaps(s *stanza.Stanza, id bridges.AccountID) {
	var said client
	var ok, known bool
	if said.caps, said.hashed, ok = caps.Find(s); !ok {
		return
	}
	said.can, known = g.clients.find(said)
	news, ask := g.people.says(id, resourceOf(s.From), said, known)
	switch {
	case ask:
		g.askClientLater(clone(id))
	case news && known:
		if said.can&takesContacts != 0 {
			g.placeList(id)
		}
		g.showPictures(id, resourceOf(s.From), said.can)
	}
}

func (g *Gateway) askClientLater(id bridges.AccountID) {
	if !g.clients.add(id) {
		g.countDropped("too many clients")
		g.people.asksNone(id)
		g.placeList(id)
	}
}

// askOneOf asks one client of a user, whose others wait behind the clients of
// other users.
func (g *Gateway) askOneOf(ctx context.Context, id bridges.AccountID) {
	resource, c, ok := g.people.nextOpen(id)
	if !ok {
		return
	}
	can, known := g.clients.find(c)
	if !known {
		can = g.askClient(ctx, string(id)+"/"+resource, c)
	}
	if g.people.learns(id, resource, c.caps, can) {
		g.placeList(id)
		g.showPictures(id, resource, can)
	}
	g.askClientLater(id)
}

// askClient asks a client what it can. Of one that does not answer nothing is
// known until it says something else.
func (g *Gateway) askClient(ctx context.Context, jid string, c client) (can clientFeature) {
	ctx, cancel := context.WithTimeout(ctx, clientTime)
	defer cancel()
	o := &stanza.Out{Kind: stanza.IQ, Type: "get", From: g.domain, To: jid}
	disco.AppendQuery(&o.Payload, c.caps.Query())
	s, err := g.link.Request(ctx, o)
	if err != nil {
		return 0
	}
	q, _ := s.Child(disco.NSInfo, "query")
	features, ver := caps.Read(q)
	for _, f := range features {
		can |= clientFeatures[f]
	}
	if c.hashed && ver == c.caps.Ver {
		g.clients.byVer.Set(ver, can)
	}
	return can
}
