package gateway

import (
	"context"
	"encoding/binary"
	"log/slog"
	"sync"
	"sync/atomic"

	"causeway/bridges"
	"causeway/bridges/takeover"
	"causeway/mapping"
)

const (
	// maxTrials is how many records are handled at once, or were when a
	// predecessor died: what lanes and conversations allow. What is beyond is
	// handled without being watched.
	maxTrials = 1 << 15
	// maxDeaths is how often a record may kill the program.
	maxDeaths = 3

	areaTrials = "gateway/trials/1"
	trialSize  = 14
)

// flags are what a trial is at.
type flags uint8

// The flags. The values are in the note: a change needs another areaTrials.
const (
	// running: a death counts against the record.
	running flags = 1 << iota
	// sending: the bridge has been given the text, and what became of it is
	// not on disk.
	sending
	// doubted: an attempt before this one had an unknown outcome.
	doubted
)

// trials is the table of the records that are being handled. It is in the note,
// so that a successor learns which record has killed the program.
type trials struct {
	suspects chan struct{} // full while a record is handled that was there at a death
	crowd    crowd

	mu    sync.Mutex
	area  []byte
	fresh int              // slots from here on were never used
	free  []*takeover.Slot // others that are not in use
	left  map[mapping.Key]*trial

	handed *takeover.Slot // has a value when the program was handed over, and nobody died
	frozen atomic.Bool    // the same, of this program
}

// trial is one record that is being handled. It is the context of all that is
// done for it. Its methods are called by one goroutine, and on nil do nothing.
type trial struct {
	context.Context
	table  *trials
	slot   *takeover.Slot // nil: it is not watched
	key    mapping.Key
	deaths uint8
	flags  flags
	alone  func() // it holds the lock of the suspects, and this ends it
	seen   bool   // its record is in the journal
}

// newTrials takes over the table that a predecessor left in k.
func newTrials(k takeover.Keeper, log *slog.Logger) *trials {
	const head = 64
	size := head + maxTrials*takeover.SlotSize(trialSize)
	area, err := k.Area(areaTrials, size)
	if err != nil {
		log.Error("no note of what is being handled: a record that kills the program is not found", "err", err)
		area = make([]byte, size)
	}
	t := &trials{
		suspects: make(chan struct{}, 1), crowd: crowd{idle: make(chan struct{}, 1)}, area: area[head:], left: map[mapping.Key]*trial{},
		handed: takeover.NewSlot(area[:takeover.SlotSize(1)]),
	}
	if died := t.inherit(); died > 0 {
		log.Warn("records were being handled when the predecessor died", "records", died)
	}
	return t
}

// inherit counts a death against all that was running, unless nobody died.
func (t *trials) inherit() (died int) {
	nobody := t.handed.Get() != nil
	for i, s := range takeover.Filled(t.area, trialSize) {
		for ; t.fresh < i; t.fresh++ {
			t.free = append(t.free, t.slotAt(t.fresh))
		}
		t.fresh++
		x, ok := decodeTrial(s.Get())
		if ok && x.flags&running != 0 && !nobody {
			x.deaths++
			died++
		}
		x.flags &^= running
		if !ok || x.deaths == 0 && x.flags&sending == 0 || t.left[x.key] != nil {
			s.Clear()
			t.free = append(t.free, s)
			continue
		}
		x.table, x.slot = t, s
		x.write()
		t.left[x.key] = x
	}
	t.handed.Clear()
	return died
}

func (t *trials) slotAt(i int) *takeover.Slot {
	size := takeover.SlotSize(trialSize)
	return takeover.NewSlot(t.area[i*size : (i+1)*size])
}

// begin starts to handle a record. It waits while the record is suspect and
// another suspect is being handled. The zero key names nothing to be watched.
func (t *trials) begin(ctx context.Context, k mapping.Key) *trial {
	if k == (mapping.Key{}) {
		return &trial{Context: ctx, table: t}
	}
	x := t.take(k)
	x.Context = ctx
	x.enter()
	return x
}

func (t *trials) take(k mapping.Key) *trial {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.left) > 0 {
		if x := t.left[k]; x != nil {
			delete(t.left, k)
			return x
		}
	}
	x := &trial{table: t, key: k}
	switch n := len(t.free); {
	case n > 0:
		x.slot, t.free = t.free[n-1], t.free[:n-1]
	case t.fresh < maxTrials:
		x.slot = t.slotAt(t.fresh)
		t.fresh++
	}
	return x
}

// deaths tells how often a record has killed the program, or might have, and
// whether a predecessor had given it to the bridge.
func (t *trials) of(k mapping.Key) (deaths uint8, f flags) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if x := t.left[k]; x != nil {
		return x.deaths, x.flags
	}
	return 0, 0
}

// purge forgets what is left of records that are not there any more.
func (t *trials) purge(ctx context.Context, s mapping.Journal) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, x := range t.left {
		if x.seen {
			continue
		}
		parked, err := s.IsParked(ctx, k)
		if err != nil {
			return err
		}
		if !parked {
			delete(t.left, k)
			x.slot.Clear()
			t.free = append(t.free, x.slot)
		}
	}
	return nil
}

// handOver says that what runs now is cut off and has killed nobody.
func (t *trials) handOver() {
	t.frozen.Store(true)
	t.handed.Set([]byte{1})
}

// Value makes a trial known to what is done for it.
func (x *trial) Value(key any) any {
	if _, ok := key.(bridges.WaiterKey); ok {
		return x
	}
	return x.Context.Value(key)
}

// watched is a context of others that is used for one trial.
type watched struct {
	context.Context
	x *trial
}

// Value makes the trial known, as that of trial does.
func (w watched) Value(key any) any {
	if _, ok := key.(bridges.WaiterKey); ok {
		return w.x
	}
	return w.Context.Value(key)
}

// trialOf returns the trial that something is done for; nil: for none.
func trialOf(ctx context.Context) *trial {
	x, _ := ctx.Value(bridges.WaiterKey{}).(*trial)
	return x
}

// Waits implements bridges.Waiter.
func (x *trial) Waits() { x.leave() }

// enter begins or goes on: from now on a death counts. It waits as begin does.
func (x *trial) enter() {
	if x == nil || x.slot == nil || x.flags&running != 0 {
		return
	}
	if x.deaths == 0 {
		x.table.crowd.join()
	} else if x.alone == nil {
		x.table.suspects <- struct{}{}
		x.alone = x.table.crowd.shut()
	}
	x.flags |= running
	x.write()
}

// leave begins to wait: a death does not count meanwhile, and others may go on.
func (x *trial) leave() {
	if x == nil || x.slot == nil {
		return
	}
	if x.flags&running != 0 {
		x.flags &^= running
		x.write()
		x.part()
	}
}

// part lets others run.
func (x *trial) part() {
	if x.alone == nil {
		x.table.crowd.part()
		return
	}
	x.alone()
	x.alone = nil
	<-x.table.suspects
}

// sends says that the bridge is given the text, of which an earlier attempt may
// be in doubt.
func (x *trial) sends(doubt bool) {
	if x == nil || x.slot == nil {
		return
	}
	x.flags |= sending
	if doubt {
		x.flags |= doubted
	}
	x.write()
}

// end forgets the trial: the record has not killed the program.
func (x *trial) end() {
	if x.slot == nil {
		return
	}
	x.slot.Clear()
	if x.flags&running != 0 {
		x.flags &^= running
		x.part()
	}
	x.table.mu.Lock()
	defer x.table.mu.Unlock()
	x.table.free = append(x.table.free, x.slot)
}

// rest ends one step of several, or one that was cut off: what is known of the
// record stays in the table.
func (x *trial) rest() {
	if x.slot == nil {
		return
	}
	if x.deaths == 0 && x.flags&sending == 0 {
		x.end()
		return
	}
	x.leave()
	x.seen = true
	x.table.mu.Lock()
	defer x.table.mu.Unlock()
	x.table.left[x.key] = x
}

// write shows a successor what is known now: the key, the flags, the deaths.
func (x *trial) write() {
	var b [trialSize]byte
	binary.LittleEndian.PutUint64(b[:], x.key.Cycle)
	binary.LittleEndian.PutUint32(b[8:], x.key.Index)
	b[12], b[13] = byte(x.flags), x.deaths
	x.slot.Set(b[:])
}

// decodeTrial reads what write wrote.
func decodeTrial(b []byte) (x *trial, ok bool) {
	x = &trial{}
	if len(b) != trialSize || b[12] >= byte(doubted)<<1 {
		return x, false
	}
	x.key = mapping.Key{Cycle: binary.LittleEndian.Uint64(b), Index: binary.LittleEndian.Uint32(b[8:])}
	x.flags, x.deaths = flags(b[12]), min(b[13], maxDeaths)
	return x, x.key != (mapping.Key{})
}
