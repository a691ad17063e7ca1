package smpp

import (
	"encoding/binary"
	"slices"

	"causeway/bridges/takeover"
)

const (
	// maxDeaths is at how many deaths with a PDU in hand it is skipped.
	maxDeaths = 3
	maxPoison = 16 // PDUs that are remembered as such
)

// trial notes what is in hand, so that a successor knows what its predecessor
// died of. After a death the PDUs that were in hand are suspects: they are
// handled one at a time, and the culprit costs maxDeaths in all.
type trial struct {
	slot    *takeover.Slot
	stream  uint64
	suspect trialRecord
}

// trialRecord is a range of places with how many died with it in hand.
type trialRecord struct {
	stream   uint64
	from, to uint64
	deaths   uint32
	running  bool // it is in hand
}

const trialSize = 3*8 + 4 + 1

func (r *trialRecord) set(s *takeover.Slot) {
	var space [trialSize]byte
	b := words(space[:0], r.stream, r.from, r.to)
	b = binary.LittleEndian.AppendUint32(b, r.deaths)
	s.Set(append(b, flag(r.running)))
}

func decodeTrial(b []byte) (r trialRecord, ok bool) {
	if len(b) != trialSize {
		return r, false
	}
	r.stream, r.from, r.to = takeWord(&b), takeWord(&b), takeWord(&b)
	r.deaths, r.running = binary.LittleEndian.Uint32(b), b[4] != 0
	return r, r.from < r.to
}

// adopt counts the death of the predecessor. It returns the place of the PDU
// that has killed often enough.
func (t *trial) adopt() (culprit uint64, found bool) {
	r, ok := decodeTrial(t.slot.Get())
	if !ok || r.stream != t.stream {
		return 0, false
	}
	if r.running {
		r.deaths, r.running = min(r.deaths, maxDeaths)+1, false
		r.set(t.slot)
	}
	t.suspect = r
	return r.from, r.deaths >= maxDeaths
}

// suspects tells whether the PDU at a place is to be handled alone.
func (t *trial) suspects(place uint64) bool { return place >= t.suspect.from && place < t.suspect.to }

// enter takes a PDU in hand that ends at to, together with all up to end if
// it is no suspect. It returns up to where.
func (t *trial) enter(from, to, end uint64) uint64 {
	r := trialRecord{stream: t.stream, from: from, to: end, running: true}
	if t.suspects(from) {
		r.to, r.deaths = to, t.suspect.deaths
	}
	r.set(t.slot)
	return r.to
}

// leave says that it went well.
func (t *trial) leave() { t.slot.Clear() }

// poisonRecord is where the PDUs begin that are skipped.
type poisonRecord struct {
	stream uint64
	places []uint64
}

const maxPoisonSize = 8 + 8*maxPoison

func (r *poisonRecord) encode() []byte { return words(words(nil, r.stream), r.places...) }

// decodePoison reads those of a stream.
func decodePoison(b []byte, stream uint64) poisonRecord {
	r := poisonRecord{stream: stream}
	if len(b) == 0 || len(b)%8 != 0 || len(b) > maxPoisonSize || takeWord(&b) != stream {
		return r
	}
	for len(b) > 0 {
		r.places = append(r.places, takeWord(&b))
	}
	return r
}

func (r *poisonRecord) has(place uint64) bool { return slices.Contains(r.places, place) }

// add notes one more. The oldest is forgotten.
func (r *poisonRecord) add(place uint64, s *takeover.Slot) {
	if r.has(place) {
		return
	}
	r.places = append(r.places, place)
	r.places = r.places[max(0, len(r.places)-maxPoison):]
	s.Set(r.encode())
}
