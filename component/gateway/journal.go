package gateway

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strconv"

	"causeway/component"
	"causeway/component/stanza"
	"causeway/mapping"
)

// Journal returns the journal of the gateway's link, in which stanzas are
// kept as the server wrote them.
func (g *Gateway) Journal() component.Journal {
	return journal{g.cfg.Store, g.domain}
}

type journal struct {
	store  mapping.Journal
	bridge string
}

// Append implements component.Journal.
func (j journal) Append(ctx context.Context, c *component.Cycle) (uint64, error) {
	cycle := &mapping.Cycle{
		Bridge: j.bridge, Conn: c.Conn, First: c.First, Last: c.Last, Alone: true,
		Records: make([]mapping.Record, len(c.Stanzas)),
	}
	for i, s := range c.Stanzas {
		cycle.Records[i] = mapping.Record{Kind: mapping.FromXMPP, Data: []byte(s.Raw())}
	}
	err := j.store.Commit(ctx, &mapping.Batch{Cycles: []*mapping.Cycle{cycle}})
	return cycle.ID, err
}

// Last implements component.Journal.
func (j journal) Last(ctx context.Context, conn uint64) (uint64, error) {
	return j.store.LastOffset(ctx, j.bridge, conn)
}

// toXMPP is the record of a stanza of ours. The stanza gets an id first, so
// that it has the same one when it is sent again.
func toXMPP(o *stanza.Out) mapping.Record {
	if o.ID == "" {
		o.ID = newID()
	}
	return mapping.Record{Kind: mapping.ToXMPP, Data: o.Append(nil)}
}

// fromRecord makes a stanza of ours again from its record.
func fromRecord(data []byte) (*stanza.Out, error) {
	s, err := stanza.Parse(data)
	if err != nil {
		return nil, err
	}
	o := &stanza.Out{Kind: s.Kind, From: s.From, To: s.To, ID: s.ID, Type: s.Type, Lang: s.Lang}
	for e := range s.Children() {
		o.Payload.Copy(e)
	}
	return o, nil
}

// newID returns a random UUID: clients drop a repetition by its id only when
// that looks like one (xeps.md 5.1.3).
func newID() string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // never fails
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	var b [36]byte
	hex.Encode(b[:8], u[:4])
	hex.Encode(b[9:13], u[4:6])
	hex.Encode(b[14:18], u[6:8])
	hex.Encode(b[19:23], u[8:10])
	hex.Encode(b[24:], u[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// trace is the name of a record in logs and on the network: it follows a
// message from its stanza to its receipt.
func trace(k mapping.Key) string {
	return strconv.FormatUint(k.Cycle, 36) + "." + strconv.FormatUint(uint64(k.Index), 36)
}
