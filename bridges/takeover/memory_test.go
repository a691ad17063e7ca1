package takeover

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"
)

func area(n int) []byte {
	a, _ := new(Memory).Area("a", n)
	return a
}

func TestSlotKeepsTheLastValue(t *testing.T) {
	a := area(SlotSize(10))
	if v := NewSlot(a).Get(); v != nil {
		t.Errorf("a new slot has %q", v)
	}
	s := NewSlot(a)
	for i := range 5 {
		s.Set([]byte("value "), fmt.Append(nil, i))
		if got := NewSlot(a).Get(); string(got) != fmt.Sprint("value ", i) {
			t.Errorf("a successor sees %q after value %d", got, i)
		}
	}
	s.Set()
	if got := NewSlot(a).Get(); got == nil || len(got) != 0 {
		t.Errorf("an empty value is %v", got)
	}
	s.Clear()
	if got := NewSlot(a).Get(); got != nil {
		t.Errorf("a cleared slot has %q", got)
	}
}

// A death before the word is written leaves the old value.
func TestSlotIsReplacedAsAWhole(t *testing.T) {
	a := area(SlotSize(8))
	s := NewSlot(a)
	s.Set([]byte("old"))
	word := s.word.Load()
	s.Set([]byte("new"))
	s.word.Store(word)
	if got := NewSlot(a).Get(); string(got) != "old" {
		t.Errorf("got %q", got)
	}
}

func TestSlotsAreApart(t *testing.T) {
	a := area(3 * SlotSize(5))
	for i, s := range Slots(a, 5) {
		s.Set(bytes.Repeat([]byte{byte(i)}, 5))
	}
	for i, s := range Slots(a, 5) {
		if want := bytes.Repeat([]byte{byte(i)}, 5); !bytes.Equal(s.Get(), want) {
			t.Errorf("slot %d has %v", i, s.Get())
		}
	}
}

func TestFilled(t *testing.T) {
	a := area(9 * SlotSize(5))
	all := Slots(a, 5)
	for _, i := range []int{0, 4, 7, 8} {
		all[i].Set([]byte{byte(i)})
	}
	all[7].Clear()
	all[4].Set([]byte("again"))
	var got []int
	for i, s := range Filled(a, 5) {
		if !bytes.Equal(s.Get(), all[i].Get()) {
			t.Errorf("slot %d has %q", i, s.Get())
		}
		if got = append(got, i); i == 4 {
			s.Clear()
		}
	}
	for range Filled(a, 5) {
		break
	}
	if want := []int{0, 4, 8}; !slices.Equal(got, want) || all[4].Get() != nil {
		t.Errorf("filled are %v, want %v", got, want)
	}
}

func TestRing(t *testing.T) {
	a := area(RingSize(10))
	r := NewRing(a)
	r.Reset(7)
	var all []byte
	for i := range 50 {
		b := bytes.Repeat([]byte{byte(i)}, i%7)
		if len(b) > r.Room() {
			r.Release(r.Tail() - 2)
		}
		r.Write(b)
		all = append(all, b...)
		n := NewRing(a)
		if n.Head() != r.Head() || n.Tail() != uint64(7+len(all)) {
			t.Fatalf("a successor sees %d to %d", n.Head(), n.Tail())
		}
		if got := n.Content(); !bytes.Equal(got, all[n.Head()-7:]) {
			t.Fatalf("after %d: %v, want %v", i, got, all[n.Head()-7:])
		}
	}
	r.Release(math.MaxUint64)
	if r.Head() != r.Tail() || r.Room() != 10 {
		t.Errorf("released: %d to %d", r.Head(), r.Tail())
	}
}

func FuzzSlot(f *testing.F) {
	a := area(SlotSize(20))
	NewSlot(a).Set([]byte("some value"))
	f.Add(a)
	f.Add(bytes.Repeat([]byte{255}, SlotSize(20)))
	f.Fuzz(func(t *testing.T, data []byte) {
		a := area(SlotSize(20))
		copy(a, data)
		s := NewSlot(a)
		if v := s.Get(); len(v) > 24 {
			t.Errorf("%d bytes", len(v))
		}
		s.Set([]byte("x"))
		if string(s.Get()) != "x" {
			t.Error("the slot does not work")
		}
	})
}

func FuzzRing(f *testing.F) {
	a := area(RingSize(16))
	NewRing(a).Write([]byte("some bytes"))
	f.Add(a)
	f.Add(bytes.Repeat([]byte{255}, RingSize(16)))
	f.Fuzz(func(t *testing.T, data []byte) {
		a := area(RingSize(16))
		copy(a, data)
		r := NewRing(a)
		if n := len(r.Content()); n > 16 || n+r.Room() != 16 {
			t.Errorf("%d bytes, room for %d", n, r.Room())
		}
		r.Release(r.Tail())
		r.Write([]byte("0123456789abcdef"))
		if string(r.Content()) != "0123456789abcdef" {
			t.Errorf("%q", r.Content())
		}
	})
}
