package gateway

import (
	"context"
	"encoding/binary"

	"causeway/bridges"
	"causeway/bridges/takeover"
	"causeway/mapping"
)

const (
	// maxDeaths is how often a record may kill the program.
	maxDeaths = 3

	trialSize = 14
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
