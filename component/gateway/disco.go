package gateway

import (
	"context"
	"slices"

	"causeway/bridges"
	"causeway/component"
	"causeway/component/stanza"
	"causeway/component/xep/caps"
	"causeway/component/xep/chatstates"
	"causeway/component/xep/commands"
	"causeway/component/xep/contact"
	"causeway/component/xep/correct"
	"causeway/component/xep/disco"
	"causeway/component/xep/form"
	"causeway/component/xep/markers"
	"causeway/component/xep/noreply"
	"causeway/component/xep/oob"
	"causeway/component/xep/pubsub"
	"causeway/component/xep/reactions"
	"causeway/component/xep/receipts"
	"causeway/component/xep/reply"
	"causeway/component/xep/retract"
	"causeway/component/xep/sfs"
)

// capsNode names this program in capabilities.
const capsNode = "urn:causeway:gateway"

// discoInfo is what the gateway, its contacts, and the resource from which
// contacts speak are. It never changes while the program runs.
type discoInfo struct {
	domain          entity
	anybody, oneWay puppet // see bridges.OneWay
}

// puppet is a contact, and the resource from which it speaks.
type puppet struct{ contact, speaker entity }

type entity struct {
	disco.Info
	caps caps.Caps
}

// shownFeatures are those that contacts have where the network can do something, as they
// are shown to clients.
var shownFeatures = []struct {
	can      bridges.Can
	features []string
}{
	{bridges.CanReceipts, []string{receipts.NS}},
	{bridges.CanTyping, []string{chatstates.NS}}, // else clients do not tell (xeps.md 0085.6)
	{bridges.CanDisplayed, []string{markers.NS}},
	{bridges.CanEdits, []string{correct.NS}},
	{bridges.CanRetractions, []string{retract.NS}},
	{bridges.CanReactions, []string{reactions.NS}},
	{bridges.CanReplies, []string{reply.NS}},
	{bridges.CanFiles, []string{oob.NS, sfs.NS}},
}

// newDiscoInfo announces what is registered with the mux, and what the bridge
// can do (xeps.md section 2).
func newDiscoInfo(g *Gateway) *discoInfo {
	person := g.features(component.ToContact)
	for _, x := range shownFeatures {
		if g.info.Can.Has(x.can) {
			person = append(person, x.features...)
		}
	}
	domain := append(g.features(component.ToDomain), `jid\20escaping`)
	if g.info.Can.Has(bridges.CanIntroduce) {
		for _, n := range profileNodes {
			domain = append(domain, n+pubsub.Notify)
		}
	}
	limits := g.limits()
	ours := limits
	if f := contact.Form(g.cfg.Admins, g.cfg.Contact); f != nil {
		ours = append(slices.Clone(limits), *f)
	}
	return &discoInfo{
		anybody: newPuppet(person, limits, g.info.Client),
		oneWay:  newPuppet(append(slices.Clone(person), noreply.NS), limits, g.info.Client),
		domain: newEntity(domain, ours,
			disco.Identity{Category: "gateway", Type: g.info.Type, Name: g.info.Name},
			disco.Identity{Category: "account", Type: "registered", Name: g.info.Name}),
	}
}

// limits are the forms with the bounds of what the network is given. Clients look for
// them at the contact, or at its domain (xeps.md 0444.4).
func (g *Gateway) limits() []form.Form {
	if !g.info.Can.Has(bridges.CanReactions) {
		return nil
	}
	return []form.Form{reactions.Limit(maxReactions)}
}

func newPuppet(features []string, limits []form.Form, client string) puppet {
	p := puppet{
		contact: newEntity(features, limits, disco.Identity{Category: "account", Type: "registered"}),
		speaker: newEntity(features, limits, disco.Identity{Category: "client", Type: client}),
	}
	p.contact.caps = p.speaker.caps // presence comes from the resource only
	return p
}

func newEntity(features []string, more []form.Form, ids ...disco.Identity) entity {
	slices.Sort(features)
	e := entity{Info: disco.Info{Identities: ids, Features: slices.Compact(features), Extensions: more}}
	e.caps = caps.Of(capsNode, e.Info)
	return e
}

// features are the namespaces that are answered at a kind of address. PubSub
// is not announced: there are a few nodes to read and no service.
func (g *Gateway) features(to component.Address) []string {
	fs := slices.DeleteFunc(slices.Clone(g.mux.Features(to)), func(f string) bool { return f == pubsub.NS })
	return append(fs, caps.NS)
}

func (g *Gateway) serveDisco() {
	const all = component.ToDomain | component.ToContact | component.ToFull
	g.mux.Get(disco.NSInfo, "query", all, g.answerInfo)
	g.mux.Get(disco.NSItems, "query", all, g.answerItems)
}

// entityAt finds what an address is.
func (g *Gateway) entityAt(to string) *entity {
	local := localOf(to)
	if local == "" {
		return &g.disco.domain
	}
	p := g.puppet(local)
	if resourceOf(to) == "" {
		return &p.contact
	}
	return &p.speaker
}

// puppet returns what a contact is. All contacts of a kind are the same, so that
// clients ask once (xeps.md 0115.4, 0506.3).
func (g *Gateway) puppet(local string) *puppet {
	if g.noReply(local) {
		return &g.disco.oneWay
	}
	return &g.disco.anybody
}

// answerInfo answers for any contact: an error would keep users from adding a
// number that nobody has talked to yet (xeps.md F5, 0030.5).
func (g *Gateway) answerInfo(_ context.Context, t *tx, iq *stanza.Stanza, q stanza.Element) (w stanza.Writer, err error) {
	e, node := g.entityAt(iq.To), q.Attr("node")
	if node == e.caps.Query() && localOf(iq.To) != "" {
		e = &g.puppet(localOf(iq.To)).speaker // the hash is of the resource that sends presence
	}
	switch {
	case node == "" || node == e.caps.Query():
		e.Append(&w, node)
	case localOf(iq.To) != "":
		return w, errNoNode
	case node == commands.NS:
		info := disco.Info{Identities: []disco.Identity{{Category: "automation", Type: "command-list"}}, Features: []string{disco.NSInfo, disco.NSItems}}
		info.Append(&w, node)
	default:
		return g.answerCommandInfo(t, node)
	}
	return w, nil
}

var errNoNode = &stanza.Error{Type: "cancel", Condition: "item-not-found", Text: "There is no such node."}

func (g *Gateway) answerItems(ctx context.Context, t *tx, iq *stanza.Stanza, q stanza.Element) (w stanza.Writer, err error) {
	node := q.Attr("node")
	var items []disco.Item
	switch {
	case node == commands.NS && localOf(iq.To) == "":
		items = g.commandItems(ctx, t)
	case node != "" && node != commands.NS:
		return w, errNoNode
	}
	disco.AppendItems(&w, node, items)
	return w, nil
}
