package component

import (
	"strings"
	"sync"
	"time"

	"causeway/component/stanza"
)

// timing is what tests make shorter.
type timing struct {
	settle    time.Duration // after the first unsettled stanza, or
	settleMax int           // that many of them, the next ping goes
	keepAlive time.Duration // without a stanza from us; Openfire wants < 3 min
	silence   time.Duration // of the server, then the stream is given up
	drain     time.Duration // for settling when the link closes
	closing   time.Duration // for all of closing
	journal   time.Duration // between two tries of a journal that fails
	stable    time.Duration // a stream that lived so long resets the back-off
	retry     [2]time.Duration
	slow      [2]time.Duration
}

var usualTiming = timing{
	settle: 250 * time.Millisecond, settleMax: 10,
	keepAlive: 2 * time.Minute, silence: 2 * time.Minute,
	drain: 2 * time.Second, closing: 5 * time.Second, journal: time.Second, stable: 30 * time.Second,
	retry: [2]time.Duration{250 * time.Millisecond, 30 * time.Second},
	slow:  [2]time.Duration{time.Minute, 10 * time.Minute},
}

// barrier makes the acknowledgement that XEP-0114 lacks: a ping (XEP-0199)
// through the same stream. A server processes a stream in order, so whatever
// comes back settles all that was written before. At most one is outstanding.
type barrier struct {
	mu     sync.Mutex
	t      timing
	domain string
	addr   string            // that answers; "" until it is learned
	ids    map[string]string // id to address of what is outstanding
	late   map[string]string // probes that another address overtook
	start  uint64            // offset that the answer settles
	at     time.Time         // when it was written
	count  int               // keyed stanzas written since
	since  time.Time         // when the first of them was written
	last   time.Time         // when anything was written
	force  bool              // do not wait for company
}

func newBarrier(domain string, t timing, now time.Time, written int) *barrier {
	return &barrier{
		domain: domain, t: t, last: now, since: now, count: written,
		ids: map[string]string{}, late: map[string]string{},
	}
}

// extend appends a ping to a batch that begins at offset, when one is due.
func (b *barrier) extend(data []byte, keyed int, offset uint64, now time.Time) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.count == 0 && keyed > 0 {
		b.since = now
	}
	b.count += keyed
	idle := now.Sub(b.last) >= b.t.keepAlive
	switch {
	case len(b.ids) == 0 && (b.addr == "" || b.due(now) || idle):
		b.start, b.at, b.count = offset+uint64(len(data)), now, 0
		data = b.ping(data)
	case idle && len(data) == 0:
		data = append(data, ' ') // a ping is outstanding; any byte holds Openfire
	}
	if len(data) > 0 {
		b.last = now
	}
	return data
}

func (b *barrier) due(now time.Time) bool {
	return b.count > 0 && (b.force || b.count >= b.t.settleMax || now.Sub(b.since) >= b.t.settle)
}

// ping asks the address that is known to answer. At the start these are our
// own domain, which the server gives back to us, and the domain above it,
// usually the server's own: the first that answers is kept.
func (b *barrier) ping(data []byte) []byte {
	addrs := []string{b.addr}
	if b.addr == "" {
		addrs = []string{b.domain}
		if _, parent, ok := strings.Cut(b.domain, "."); ok {
			addrs = append(addrs, parent)
		}
	}
	for _, to := range addrs {
		o := stanza.Out{Kind: stanza.IQ, Type: "get", ID: randomID(), From: b.domain, To: to}
		o.Payload.Leaf("ping", "urn:xmpp:ping", "")
		b.ids[o.ID] = to
		data = o.Append(data)
	}
	return data
}

// answer tells whether s is what came back of a ping, the offset that it
// settles (0 for one that is overtaken), and how long it took.
func (b *barrier) answer(s *stanza.Stanza, now time.Time) (offset uint64, took time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if to, ok := b.late[s.ID]; ok && strings.EqualFold(to, s.From) {
		delete(b.late, s.ID)
		return 0, now.Sub(b.at), true
	}
	to, ok := b.ids[s.ID]
	if !ok || !strings.EqualFold(to, s.From) {
		return 0, 0, false
	}
	delete(b.ids, s.ID)
	for id, a := range b.ids {
		b.late[id] = a
	}
	clear(b.ids)
	b.addr = to
	return b.start, now.Sub(b.at), true
}

// wait returns how long the writer may sleep, and for how long an answer is
// owed.
func (b *barrier) wait(now time.Time) (sleep, owed time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	sleep = b.last.Add(b.t.keepAlive).Sub(now)
	switch {
	case len(b.ids) > 0:
		owed = now.Sub(b.at)
		sleep = min(sleep, max(b.t.silence-owed, b.t.silence/8))
	case b.force && b.count > 0:
		sleep = 0
	case b.count > 0:
		sleep = min(sleep, b.since.Add(b.t.settle).Sub(now))
	}
	return max(sleep, 0), owed
}

// hurry makes the next ping go at once.
func (b *barrier) hurry() {
	b.mu.Lock()
	b.force = true
	b.mu.Unlock()
}
