package matrix

import (
	"encoding/binary"
	"errors"
	"strconv"

	"causeway/bridges/takeover"
)

// order keeps transactions in the order of the homeserver. Synapse may send the
// next one at once although one before it was not taken, and that again later: so
// what may have a gap before it is refused, and comes again behind what is older,
// since repetitions are sent in order. The zero value admits the first one. One
// call at a time.
type order struct {
	last    uint64         // the newest that was taken; 0: none was
	slot    *takeover.Slot // what last is for a successor; nil: there will be none
	refused uint64         // the newest that was refused: it comes again
	// doubt says that one may not have been taken, here or by a predecessor.
	doubt bool
	// shared says that gaps mean nothing: the numbers are not ours alone.
	shared bool
}

// goOn takes over from a predecessor, who may have died with a transaction in
// hand: its listener took the next one from a homeserver that had not noticed yet.
// Where nothing was held, nobody has listened meanwhile.
func (o *order) goOn(k takeover.Keeper) error {
	if k == nil {
		return nil
	}
	area, err := k.Area("transaction.v1", takeover.SlotSize(8))
	if err != nil {
		return err
	}
	o.slot = takeover.NewSlot(area)
	if was := o.slot.Get(); len(was) == 8 {
		o.last, o.doubt = binary.BigEndian.Uint64(was), true
	}
	return nil
}

// errGap is for a transaction that would overtake another.
var errGap = errors.New("matrix: perhaps an earlier transaction was not taken: this one has to come again behind it")

// repeated bounds how far behind the newest one comes what comes again.
const repeated = 16

// admit tells whether a transaction may be read now. Ids that are no numbers have
// no order. Fresh: it is the first over its connection. Synapse on SQLite begins
// with 1 again when it is started and has nothing to repeat.
func (o *order) admit(id string, fresh bool) bool {
	n, err := strconv.ParseUint(id, 10, 64)
	if err == nil && fresh && n+repeated < o.last {
		o.refused, o.doubt = 0, n > 1
		o.is(0)
	}
	switch {
	case err != nil, n <= o.refused, o.last != 0 && n <= o.last+1:
		return true
	case !o.doubt && (o.last == 0 || o.shared):
		return true
	}
	o.refused = n
	return false
}

// failed notes that a transaction was not taken: it comes again, and others behind
// it must wait for that.
func (o *order) failed(id string) {
	o.doubt = true
	if n, err := strconv.ParseUint(id, 10, 64); err == nil {
		o.refused = max(o.refused, n)
	}
}

// took notes that a transaction is safe.
func (o *order) took(id string) {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil || n <= o.last {
		return
	}
	if n == o.refused && o.last != 0 && n > o.last+1 {
		o.shared = true
	}
	if n >= o.refused {
		o.doubt = false
	}
	o.is(n)
}

// is notes the newest that was taken.
func (o *order) is(n uint64) {
	o.last = n
	if o.slot != nil {
		o.slot.Set(binary.BigEndian.AppendUint64(nil, n))
	}
}
