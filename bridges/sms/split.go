package sms

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"causeway/bridges"
)

// Limits of a message, and of each part of a longer one beside its header of 6
// octets: of the GSM alphabet in septets, else in octets (3GPP TS 23.040,
// section 9.2.3.24.1).
const (
	oneSeptets, partSeptets = 160, 153
	oneOctets, partOctets   = 140, 134
)

// cut is a text as it goes over the network.
type cut struct {
	coding byte
	parts  [][]byte
}

// encode writes a text in the centre's standard alphabet if all of its letters
// are in that and in the GSM alphabet, to which the centre will convert it,
// else in UTF-16. No part ends within a letter. More than limit parts are an
// error of kind TooLong.
func encode(text string, standard script, limit int) (cut, error) {
	text = tidy(text)
	c := cut{coding: codingDefault}
	var ok bool
	if c.parts, ok = split(text, oneSeptets, partSeptets, writer(standard)); !ok {
		c.coding = codingUCS2
		c.parts, _ = split(text, oneOctets, partOctets, appendUTF16)
	}
	if len(c.parts) > limit {
		return cut{}, tooLong(text, c, limit)
	}
	return c, nil
}

// tooLong says by how much.
func tooLong(text string, c cut, limit int) error {
	part, one := partSeptets, oneSeptets
	why := ""
	if c.coding == codingUCS2 {
		part, one = partOctets/2, oneOctets/2
		why = ", as it has letters that are not in the alphabet of SMS"
	}
	if limit > 1 {
		one = limit * part
	}
	return &bridges.Error{Kind: bridges.TooLong, Text: fmt.Sprintf(
		"The message is too long: it has %d characters, at most %d are possible%s.", utf8.RuneCountInString(text), one, why)}
}

// write appends a letter and returns what it costs. False: it cannot.
type write func(b []byte, r rune) (_ []byte, cost int, ok bool)

// split cuts a text into parts of a cost of at most part, unless all of it
// costs no more than one.
func split(text string, one, part int, w write) (parts [][]byte, ok bool) {
	whole := make([]byte, 0, len(text))
	start, cost, total := 0, 0, 0
	for _, r := range text {
		before := len(whole)
		b, n, ok := w(whole, r)
		if !ok {
			return nil, false
		}
		if cost+n > part {
			parts = append(parts, b[start:before:before])
			start, cost = before, 0
		}
		whole = b
		cost += n
		total += n
	}
	if total <= one {
		return [][]byte{whole}, true
	}
	return append(parts, whole[start:]), true
}

// writer returns how letters of the GSM alphabet are written in a centre's
// standard alphabet. They cost what they do in septets, or more if they take
// more octets.
func writer(standard script) write {
	return func(b []byte, r rune) ([]byte, int, bool) {
		s := gsmOf(r)
		switch {
		case s.n == 0:
			return b, 0, false
		case standard == scriptGSM:
			return append(b, s.bytes[:s.n]...), s.n, true
		case standard == scriptUTF8:
			return utf8.AppendRune(b, r), max(s.n, utf8.RuneLen(r)), true
		case standard == scriptLatin1 && r <= 0xFF, r < 0x80:
			return append(b, byte(r)), s.n, true
		}
		return b, 0, false
	}
}

func appendUTF16(b []byte, r rune) ([]byte, int, bool) {
	before := len(b)
	for _, u := range utf16.AppendRune(nil, r) {
		b = append(b, byte(u>>8), byte(u))
	}
	return b, len(b) - before, true
}
