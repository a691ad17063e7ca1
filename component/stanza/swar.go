package stanza

import (
	"encoding/binary"
	"math/bits"
)

// Eight bytes are looked at as one word: a byte of the word's result has its
// high bit set where the byte asks for a closer look.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// plainText returns the offset of the first byte at or behind i that stops the
// scan of character data: len(s) if there is none.
func plainText(s string, i int) int {
	for i+8 <= len(s) {
		x := binary.LittleEndian.Uint64([]byte(s[i : i+8]))
		angle := (x | 0x02*ones) ^ '>'*ones // both '<' and '>'
		amp := x ^ '&'*ones
		m := (x | (x - ' '*ones) | (angle - ones) | (amp - ones)) & highs
		if m == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(m) / 8
		if class[s[i]]&inText != 0 {
			return i
		}
		i++
	}
	for i < len(s) && class[s[i]]&inText == 0 {
		i++
	}
	return i
}

// plainValue is plainText for an attribute value.
func plainValue(s string, i int) int {
	for i+8 <= len(s) {
		x := binary.LittleEndian.Uint64([]byte(s[i : i+8]))
		quote := (x | 0x04*ones) ^ '&'*ones // both '"' and '&'
		apos := x ^ '\''*ones
		angle := x ^ '<'*ones
		m := (x | (x - ' '*ones) | (quote - ones) | (apos - ones) | (angle - ones)) & highs
		if m == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(m) / 8
		if class[s[i]]&inValue != 0 {
			return i
		}
		i++
	}
	for i < len(s) && class[s[i]]&inValue == 0 {
		i++
	}
	return i
}

// plainOut returns the offset of the first byte at or behind i that may have to
// be escaped: len(s) if there is none.
func plainOut(s string, i int) int {
	for i+8 <= len(s) {
		x := binary.LittleEndian.Uint64([]byte(s[i : i+8]))
		quote := (x | 0x04*ones) ^ '&'*ones // both '"' and '&'
		angle := (x | 0x02*ones) ^ '>'*ones // both '<' and '>'
		apos := x ^ '\''*ones
		m := (x | (x - ' '*ones) | (quote - ones) | (apos - ones) | (angle - ones)) & highs
		if m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
		i += 8
	}
	for i < len(s) && class[s[i]]&escape == 0 && s[i] >= ' ' {
		i++
	}
	return i
}
