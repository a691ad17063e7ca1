package matrix

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"causeway/bridges/takeover"
)

const (
	// anchorsKept bounds the rooms that have an anchor. anchorSize is of one in the area of a
	// successor: hashes of the room and of the event, and when that was taken.
	anchorsKept, anchorSize = 4096, 24
	// lookedAt bounds the rooms that are looked at when the homeserver may have died:
	// those in which something was taken in the time lively before that.
	lookedAt, lively = 64, 10 * time.Minute
)

// anchors are how far rooms were read. What a homeserver has accepted and not yet pushed
// it may forget when it dies: so each time that it may have, a room is read back to its
// anchor before anything else of it is taken. It is safe for concurrent use.
type anchors struct {
	due   chan struct{} // there is a look to be had at the rooms of lately
	later chan struct{} // and one a while after now

	mu     sync.Mutex
	life   uint64 // of the homeserver: how often it may have died
	of     map[uint64]*anchor
	free   []*takeover.Slot // for anchors to come; empty: a successor finds none
	since  int64            // rooms in which something was taken then or later are looked at
	looks  bool             // that is still to be done
	failed time.Time        // when the homeserver failed to push something, as it may have before we came
}

// anchor is the last event of others that was taken in a room. Our own are none: of two
// who speak at once what was said is pushed in another order than it is read in.
type anchor struct {
	room   string // empty: only a predecessor knew it
	set    bool
	event  uint64 // the hash of its id; 0: all of the room is ours to read
	at     int64  // in milliseconds since 1970
	life   uint64 // in which the room was read last
	failed int    // how often it could not be
	slot   *takeover.Slot
}

func newAnchors() *anchors {
	return &anchors{due: make(chan struct{}, 1), later: make(chan struct{}, 1), of: map[uint64]*anchor{}, failed: time.Now()}
}

// hash is what is kept of an id: it is the same in a successor, and never 0.
func hash(id string) uint64 {
	sum := sha256.Sum256([]byte(id))
	return max(binary.BigEndian.Uint64(sum[:]), 1)
}

// goOn takes over from a predecessor.
func (a *anchors) goOn(k takeover.Keeper) error {
	if k == nil {
		return nil
	}
	area, err := k.Area("anchors.v1", anchorsKept*takeover.SlotSize(anchorSize))
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, slot := range takeover.Slots(area, anchorSize) {
		was := slot.Get()
		if len(was) != anchorSize {
			a.free = append(a.free, slot)
			continue
		}
		a.of[binary.BigEndian.Uint64(was)] = &anchor{
			set: true, event: binary.BigEndian.Uint64(was[8:]), at: int64(binary.BigEndian.Uint64(was[16:])), slot: slot,
		}
	}
	return nil
}

// doubt says that the homeserver may have died, and forgotten what it had to push.
func (a *anchors) doubt() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.life++
	if !a.looks {
		a.looks, a.since = true, a.newest()-lively.Milliseconds()
	}
	nudge(a.due)
}

// failing says that the homeserver has failed to push something.
func (a *anchors) failing() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failed = time.Now()
	nudge(a.later)
}

// now tells in which life of the homeserver we are, as far as we know.
func (a *anchors) now() (life uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.life
}

// calm tells whether the homeserver has not failed to push something for so long.
func (a *anchors) calm(d time.Duration) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return time.Since(a.failed) > d
}

// newest is when something was taken last. The caller holds the lock.
func (a *anchors) newest() (at int64) {
	for _, x := range a.of {
		at = max(at, x.at)
	}
	return at
}

// unread returns those rooms that were not read in this life of the homeserver, or all,
// and which life that is.
func (a *anchors) unread(rooms []string, all bool) (these []string, life uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.life == 0 && !all {
		return nil, 0
	}
	for _, room := range rooms {
		if x := a.of[hash(room)]; all || x == nil || x.life != a.life {
			these = append(these, room)
		}
	}
	return these, a.life
}

// anchor returns that of a room.
func (a *anchors) anchor(room string) anchor {
	a.mu.Lock()
	defer a.mu.Unlock()
	if x := a.of[hash(room)]; x != nil {
		return *x
	}
	return anchor{}
}

// begin says from where on a room is ours to read, and that it was read up to there:
// behind an event; empty: from its beginning, unless something of it was taken already.
func (a *anchors) begin(room, event string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := hash(room)
	x := a.get(key, room)
	if x.life = a.life; event != "" || !x.set {
		a.put(key, x, event)
	}
}

// took says that an event of others was taken.
func (a *anchors) took(room, event string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := hash(room)
	a.put(key, a.get(key, room), event)
}

// read says that a room was read in a life of the homeserver.
func (a *anchors) read(room string, life uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.get(hash(room), room)
	x.life, x.failed = life, 0
}

// fails says that a room could not be read, and returns how often in a row.
func (a *anchors) fails(room string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.get(hash(room), room)
	x.failed++
	return x.failed
}

// get returns what is kept of a room, if need be in the place of the one that was quiet
// for longest. The caller holds the lock, as of put.
func (a *anchors) get(key uint64, room string) *anchor {
	x := a.of[key]
	if x == nil {
		if len(a.of) >= anchorsKept {
			a.evict()
		}
		x = &anchor{}
		if n := len(a.free); n > 0 {
			x.slot, a.free = a.free[n-1], a.free[:n-1]
		}
		a.of[key] = x
	}
	x.room = room
	return x
}

func (a *anchors) evict() {
	var oldest uint64
	for key, x := range a.of {
		if was := a.of[oldest]; was == nil || x.at < was.at {
			oldest = key
		}
	}
	if slot := a.of[oldest].slot; slot != nil {
		slot.Clear()
		a.free = append(a.free, slot)
	}
	delete(a.of, oldest)
}

func (a *anchors) put(key uint64, x *anchor, event string) {
	x.set, x.event, x.at = true, 0, time.Now().UnixMilli()
	if event != "" {
		x.event = hash(event)
	}
	if x.slot != nil {
		b := binary.BigEndian.AppendUint64(make([]byte, 0, anchorSize), key)
		b = binary.BigEndian.AppendUint64(b, x.event)
		x.slot.Set(binary.BigEndian.AppendUint64(b, uint64(x.at)))
	}
}

// nameless tells whether there are rooms that only a predecessor knew by name.
func (a *anchors) nameless() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, x := range a.of {
		if x.room == "" {
			return true
		}
	}
	return false
}

// name tells of a room.
func (a *anchors) name(room string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if x := a.of[hash(room)]; x != nil {
		x.room = room
	}
}

// lately returns the rooms that are to be looked at, the liveliest first, and in which
// life of the homeserver.
func (a *anchors) lately() (rooms []string, life uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []*anchor
	for _, x := range a.of {
		if a.looks && x.room != "" && x.set && x.at >= a.since && x.life != a.life {
			all = append(all, x)
		}
	}
	slices.SortFunc(all, func(x, y *anchor) int { return cmp.Compare(y.at, x.at) })
	for _, x := range all[:min(len(all), lookedAt)] {
		rooms = append(rooms, x.room)
	}
	return rooms, a.life
}

// looked says that the rooms of lately were looked at in a life of the homeserver.
func (a *anchors) looked(life uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.looks = a.looks && life != a.life
}
