package sms

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"sync"

	"causeway/bridges"
	"causeway/bridges/takeover"
)

// maxReferences bounds memory.
const maxReferences = 8192

// references counts long messages for each pair of numbers: a phone puts parts
// with one reference together, and 256 messages lie between two with the same.
type references struct {
	mu   sync.Mutex
	last map[pair]byte
}

type pair struct{ from, to string }

func (r *references) next(from, to string) byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := pair{from, to}
	n, ok := r.last[p]
	if !ok {
		n = byte(rand.Uint32())
		if len(r.last) >= maxReferences {
			clear(r.last)
		}
	}
	r.last[p] = n + 1
	return n + 1
}

// progress is how a message goes on.
type progress struct {
	by  *connector // for the parts that nobody has; nil: none is up
	ref byte
	ids []bridges.MessageID // of the parts that a centre has
}

// resume returns how a message goes on: by the connector that has parts of it
// while that is up, else by the first that is, which must cut it the same way.
// Where one part is of unknown outcome it stays with its connector.
func (b *Bridge) resume(key string) (p progress, begun bool) {
	p.by = b.choose()
	for _, c := range b.connectors {
		ref, doubt, ok := c.client.Progress(key)
		switch {
		case !ok:
			continue
		case c.up() || p.by == nil || doubt:
			return progress{by: c, ref: ref}, true
		case c.standard == p.by.standard:
			p.ref, begun = ref, true
			return p, begun
		}
		c.client.Settled(key)
	}
	return p, false
}

// holder returns the connector that has a part of a message, with preference
// for one that knows its id; else p's.
func (b *Bridge) holder(p progress, key string, part int) *connector {
	by := p.by
	for _, c := range b.connectors {
		certain, ok := c.client.Knows(key, byte(part))
		if certain {
			return c
		}
		if ok {
			by = c
		}
	}
	return by
}

// Settled implements bridges.Settler.
func (b *Bridge) Settled(key string) {
	for _, c := range b.connectors {
		c.client.Settled(key)
	}
}

// Remembers implements bridges.Rememberer.
func (b *Bridge) Remembers() bool { return b.remembers }

// recall tells whether a predecessor had the same connectors, all with a note:
// only then is every submit of it known. It notes the connectors.
func (b *Bridge) recall(k takeover.Keeper, names []string) bool {
	area, err := k.Area("connectors/1", takeover.SlotSize(sha256.Size))
	if err != nil {
		b.log.Error("nothing is noted for a successor", "err", err)
		return false
	}
	slot, now := takeover.NewSlot(area), sha256.Sum256(fmt.Append(nil, names))
	same := bytes.Equal(slot.Get(), now[:])
	slot.Set(now[:])
	for _, c := range b.connectors {
		same = same && c.client.Remembers()
	}
	return same
}

// connectorNames returns names for the keeper, which stay when the order of the
// connectors changes.
func connectorNames(all []Connector) []string {
	names := make([]string, len(all))
	count := map[string]int{}
	for i, c := range all {
		sum := sha256.Sum256([]byte(c.SMPP.Address + "\x00" + c.SMPP.SystemID))
		name := hex.EncodeToString(sum[:6])
		count[name]++
		names[i] = fmt.Sprintf("smpp/%s-%d", name, count[name])
	}
	return names
}
