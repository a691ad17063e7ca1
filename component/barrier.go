package component

import (
	"slices"
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
	quiet     time.Duration // of the server, then the stream may end
	calm      time.Duration // for such a moment
	closing   time.Duration // for all of closing
	journal   time.Duration // between two tries of a journal that fails
	stable    time.Duration // a stream that lived so long resets the back-off
	retry     [2]time.Duration
	slow      [2]time.Duration
}

var usualTiming = timing{
	settle: 250 * time.Millisecond, settleMax: 10,
	keepAlive: 2 * time.Minute, silence: 2 * time.Minute,
	drain: 8 * time.Second, quiet: 20 * time.Millisecond, calm: 500 * time.Millisecond, closing: 10 * time.Second, journal: time.Second, stable: 30 * time.Second,
	retry: [2]time.Duration{250 * time.Millisecond, 30 * time.Second},
	slow:  [2]time.Duration{time.Minute, 10 * time.Minute},
}

// maxAsked bounds the pings that an answer is owed for.
const maxAsked = 16

// barrier makes the acknowledgement that XEP-0114 lacks: a ping (XEP-0199)
// through the same stream. A server processes a stream in order, so whatever
// comes back settles all that was written before. One is outstanding, unless
// its answer is late: then another goes, for ejabberd gives what is for the
// domain to any of its connections, and one that was given up may still be
// among them for a while.
type barrier struct {
	mu     sync.Mutex
	t      timing
	domain string
	addr   string    // that answers; "" until it is learned
	asked  []probe   // in order; bounded, see ping
	over   int       // the first of them, which a later answer has overtaken
	count  int       // keyed stanzas written since the last ping
	since  time.Time // when the first of them was written
	last   time.Time // when anything was written
	force  bool      // do not wait for company
}

// probe is a ping that was written.
type probe struct {
	id, to string
	start  uint64 // offset that the answer settles
	at     time.Time
}

func newBarrier(domain string, t timing, now time.Time, written int) *barrier {
	return &barrier{domain: domain, t: t, last: now, since: now, count: written}
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
	open := b.asked[b.over:]
	switch {
	case len(open) == 0 && (b.addr == "" || b.due(now) || idle),
		len(open) > 0 && b.again(open, now) <= 0:
		data = b.ping(data, offset+uint64(len(data)), now)
	case idle && len(data) == 0:
		data = append(data, ' ') // a ping is outstanding; any byte holds Openfire
	}
	if len(data) > 0 {
		b.last = now
	}
	return data
}

// again returns how long the open pings, of which there are some, wait for
// another one.
func (b *barrier) again(open []probe, now time.Time) time.Duration {
	if len(open) >= maxAsked {
		return b.t.silence
	}
	return open[len(open)-1].at.Add(b.t.silence / 8).Sub(now)
}

func (b *barrier) due(now time.Time) bool {
	return b.count > 0 && (b.force || b.count >= b.t.settleMax || now.Sub(b.since) >= b.t.settle)
}

// ping asks the address that is known to answer. At the start these are our
// own domain, which the server gives back to us, and the domain above it,
// usually the server's own: the first that answers is kept. start is what the
// answer settles.
func (b *barrier) ping(data []byte, start uint64, now time.Time) []byte {
	addrs := []string{b.addr}
	if b.addr == "" {
		addrs = []string{b.domain}
		if _, parent, ok := strings.Cut(b.domain, "."); ok {
			addrs = append(addrs, parent)
		}
	}
	old := max(b.over-maxAsked, 0) // these answers went elsewhere
	b.asked, b.over = slices.Delete(b.asked, 0, old), b.over-old
	for _, to := range addrs {
		o := stanza.Out{Kind: stanza.IQ, Type: "get", ID: randomID(), From: b.domain, To: to}
		o.Payload.Leaf("ping", "urn:xmpp:ping", "") // XEP-0199
		b.asked = append(b.asked, probe{o.ID, to, start, now})
		data = o.Append(data)
	}
	b.count = 0
	return data
}

// answer tells whether s is what came back of a ping, the offset that it
// settles (0 for one that is overtaken), and how long it took. That offset is noted
// before the next ping goes, which says that the answer was heard.
func (b *barrier) answer(s *stanza.Stanza, now time.Time, note func(offset uint64)) (offset uint64, took time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.asked, func(p probe) bool { return p.id == s.ID && strings.EqualFold(p.to, s.From) })
	if i < 0 {
		return 0, 0, false
	}
	p := b.asked[i]
	b.asked = slices.Delete(b.asked, i, i+1)
	if i < b.over {
		b.over--
		return 0, now.Sub(p.at), true
	}
	note(p.start)
	b.addr, b.over = p.to, i
	for b.over < len(b.asked) && b.asked[b.over].start == p.start { // the other address
		b.over++
	}
	return p.start, now.Sub(p.at), true
}

// wait returns how long the writer may sleep, and for how long an answer is
// owed.
func (b *barrier) wait(now time.Time) (sleep, owed time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	sleep = b.last.Add(b.t.keepAlive).Sub(now)
	open := b.asked[b.over:]
	switch {
	case len(open) > 0:
		owed = now.Sub(open[0].at)
		sleep = min(sleep, b.again(open, now), max(b.t.silence-owed, b.t.silence/8))
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
