package gateway

import (
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

const (
	// awaitTime is how long a report is waited for before a message gets a row:
	// at least once, at most twice that.
	awaitTime = parkAfter
	// awaitLimit bounds the messages that are waited for without rows.
	awaitLimit = 20_000
)

// awaiting are the messages of one part that the network has and has not
// reported on. Each is a record of the journal, which the report settles. Only
// one that waits longer gets a row of its own: what is delivered soon, as most
// is, costs the store no row at all. It forgets by halves.
type awaiting struct {
	mu       sync.Mutex
	new, old map[bridges.MessageID]awaited
	turned   time.Time
}

type awaited struct {
	record  mapping.Key
	message mapping.Message
}

func newAwaiting() *awaiting { return &awaiting{new: map[bridges.MessageID]awaited{}} }

// find returns a message that is waited for.
func (a *awaiting) find(id bridges.MessageID) (awaited, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.get(id)
}

func (a *awaiting) get(id bridges.MessageID) (awaited, bool) {
	w, ok := a.new[id]
	if !ok {
		w, ok = a.old[id]
	}
	return w, ok
}

// take returns the record of a message that a report is about; the caller
// settles it. Zero: the message is not waited for, or has a row.
func (a *awaiting) take(id bridges.MessageID) mapping.Key {
	a.mu.Lock()
	defer a.mu.Unlock()
	w, _ := a.get(id)
	delete(a.new, id)
	delete(a.old, id)
	return w.record
}

// forget gives up the messages of an account and returns their records.
func (a *awaiting) forget(id bridges.AccountID) (records []mapping.Key) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, half := range []map[bridges.MessageID]awaited{a.new, a.old} {
		for m, w := range half {
			if w.message.Account == id {
				records = append(records, w.record)
				delete(half, m)
			}
		}
	}
	return records
}

// await waits for the report on a message.
func (g *Gateway) await(record mapping.Key, m mapping.Message) {
	a := g.awaiting
	a.mu.Lock()
	defer a.mu.Unlock()
	a.new[m.ID] = awaited{record, m}
	if len(a.new) >= awaitLimit/2 {
		a.turn(g.store, m.At)
	}
}

// awaitLess gives rows to the messages that have waited for some time.
func (g *Gateway) awaitLess(now time.Time) {
	a := g.awaiting
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.turned) >= awaitTime {
		a.turn(g.store, now)
	}
}

// turn writes rows for the older half. The caller holds the lock, so that what
// a report changes is written after it.
func (a *awaiting) turn(s mapping.Journal, now time.Time) {
	b := new(mapping.Batch)
	for _, w := range a.old {
		b.Settle = append(b.Settle, w.record)
		b.PutMessages = append(b.PutMessages, w.message)
	}
	a.old, a.new, a.turned = a.new, map[bridges.MessageID]awaited{}, now
	if len(b.Settle) > 0 {
		s.Behind(b)
	}
}

// The record of a message: a byte with the version of the format, a byte that
// tells whether a receipt was asked for, the time, and each string behind its
// length. Numbers are varints.
const awaitedVersion = 1

var errAwaited = errors.New("gateway: the record of a sent message is damaged")

func encodeAwaited(m *mapping.Message) mapping.Record {
	b := make([]byte, 2, 160)
	b[0] = awaitedVersion
	if m.Receipt {
		b[1] = 1
	}
	b = binary.AppendVarint(b, m.At.UnixNano())
	for _, s := range [...]string{string(m.ID), string(m.Account), string(m.Chat), m.Stanza, m.Resource} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return mapping.Record{Kind: mapping.Awaited, Data: b}
}

func decodeAwaited(b []byte) (m mapping.Message, err error) {
	if len(b) < 2 || b[0] != awaitedVersion || b[1] > 1 {
		return m, errAwaited
	}
	m.Receipt, m.Parts = b[1] == 1, 1
	at, n := binary.Varint(b[2:])
	if n <= 0 {
		return m, errAwaited
	}
	m.At = time.Unix(0, at)
	b = b[2+n:]
	var texts [5]string
	for i := range texts {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return m, errAwaited
		}
		texts[i], b = string(b[n:n+int(size)]), b[n+int(size):]
	}
	if len(b) > 0 || texts[0] == "" {
		return m, errAwaited
	}
	m.ID, m.Account, m.Chat = bridges.MessageID(texts[0]), bridges.AccountID(texts[1]), bridges.ChatID(texts[2])
	m.Stanza, m.Resource = texts[3], texts[4]
	return m, nil
}
