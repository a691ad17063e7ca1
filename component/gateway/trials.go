package gateway

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"causeway/bridges/takeover"
	"causeway/mapping"
)

const (
	// maxTrials is how many records are handled at once, or were when a
	// predecessor died: what lanes and conversations allow. What is beyond is
	// handled without being watched.
	maxTrials = 1 << 15

	areaTrials = "gateway/trials/1"
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
		suspects: make(chan struct{}, 1), crowd: crowd{idle: newBell()}, area: area[head:], left: map[mapping.Key]*trial{},
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
