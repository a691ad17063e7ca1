package takeover

import (
	"encoding/binary"
	"iter"
	"sync/atomic"
	"unsafe"
)

// Slot is one value in an area that is replaced as a whole: whoever looks
// after a death at any instruction finds the old value or the new one. It has
// two halves, and a word that says which of them counts. One goroutine writes.
type Slot struct {
	word   *atomic.Uint64
	halves [2][]byte
}

const (
	wordSize   = 8
	lengthSize = 4

	filled = 2 // in the word of a slot; its lowest bit says which half counts
)

// SlotSize returns how much memory a Slot for values of up to max bytes needs.
func SlotSize(max int) int { return wordSize + 2*align(lengthSize+max) }

func align(n int) int { return (n + wordSize - 1) &^ (wordSize - 1) }

// NewSlot returns the slot in an area of SlotSize bytes. It has the value that
// is there.
func NewSlot(area []byte) *Slot {
	half := (len(area) - wordSize) / 2
	return &Slot{
		word:   word(area),
		halves: [2][]byte{area[wordSize : wordSize+half], area[wordSize+half : wordSize+2*half]},
	}
}

// Slots cuts an area into slots for values of up to max bytes each.
func Slots(area []byte, max int) []*Slot {
	size := SlotSize(max)
	all := make([]*Slot, len(area)/size)
	for i := range all {
		all[i] = NewSlot(area[i*size : (i+1)*size])
	}
	return all
}

// Filled yields those of Slots that have a value, with their places. It costs
// next to nothing for the others.
func Filled(area []byte, max int) iter.Seq2[int, *Slot] {
	return func(yield func(int, *Slot) bool) {
		size := SlotSize(max)
		for i := range len(area) / size {
			a := area[i*size : (i+1)*size]
			if word(a).Load() != 0 && !yield(i, NewSlot(a)) {
				return
			}
		}
	}
}

// word is the 64-bit word at the start of an area.
func word(area []byte) *atomic.Uint64 {
	p := unsafe.Pointer(unsafe.SliceData(area[:wordSize]))
	if uintptr(p)%wordSize != 0 {
		panic("takeover: an area is not aligned to 8 bytes")
	}
	return (*atomic.Uint64)(p)
}

// Set replaces the value by the parts, one behind the other. It panics when
// they are longer than the slot: that is a mistake of the program.
func (s *Slot) Set(parts ...[]byte) {
	w := s.word.Load()
	next := (w & 1) ^ 1
	half := s.halves[next]
	n := lengthSize
	for _, p := range parts {
		if len(p) > len(half)-n {
			panic("takeover: a value is longer than its slot")
		}
		n += copy(half[n:], p)
	}
	binary.LittleEndian.PutUint32(half, uint32(n-lengthSize))
	s.word.Store(filled | next)
}

// Clear takes the value away.
func (s *Slot) Clear() { s.word.Store(0) }

// Get returns a copy of the value; nil when there is none.
func (s *Slot) Get() []byte {
	w := s.word.Load()
	if w == 0 {
		return nil
	}
	half := s.halves[w&1]
	n := binary.LittleEndian.Uint32(half)
	if int64(n) > int64(len(half)-lengthSize) {
		return nil // not written by a Slot
	}
	return append([]byte{}, half[lengthSize:lengthSize+int(n)]...)
}
