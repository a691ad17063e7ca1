package smsc

import (
	"strings"
	"time"
)

const (
	maxOpen  = 200 // unfinished texts
	openTime = 10 * time.Minute
)

// open identifies a text whose parts are coming.
type open struct {
	from, to string
	ref      uint16
	total    byte
}

// assembly is an unfinished text.
type assembly struct {
	since time.Time
	parts map[byte]part
}

// part is one accepted submit_sm.
type part struct {
	id     string
	coding byte
	data   []byte
	report bool
}

// assembler puts the parts of long texts together.
type assembler struct {
	texts map[open]*assembly
	now   func() time.Time
}

// add takes a part and returns the parts of the whole text, once they are
// there. Parts that come again count once. What stays unfinished is given up
// after a time.
func (a *assembler) add(from, to string, h header, p part) []part {
	if !h.valid() {
		return []part{p}
	}
	now := a.now()
	for k, t := range a.texts {
		if now.Sub(t.since) > openTime {
			delete(a.texts, k)
		}
	}
	key := open{from, to, h.reference, h.total}
	t, ok := a.texts[key]
	if !ok {
		if len(a.texts) >= maxOpen {
			return []part{p}
		}
		t = &assembly{since: now, parts: map[byte]part{}}
		a.texts[key] = t
	}
	t.parts[h.part] = p
	if len(t.parts) < int(h.total) {
		return nil
	}
	delete(a.texts, key)
	whole := make([]part, 0, h.total)
	for n := byte(1); len(whole) < int(h.total); n++ {
		whole = append(whole, t.parts[n])
	}
	return whole
}

// join returns the text of parts. Senders may cut a character in two, so data
// of one coding is decoded as a whole.
func join(parts []part) string {
	var b strings.Builder
	for i := 0; i < len(parts); {
		coding, data := parts[i].coding, []byte(nil)
		for ; i < len(parts) && parts[i].coding == coding; i++ {
			data = append(data, parts[i].data...)
		}
		b.WriteString(decode(coding, data))
	}
	return b.String()
}
