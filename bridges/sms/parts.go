package sms

import (
	"bytes"
	"fmt"
	"strings"

	"causeway/bridges"
)

// Long texts come in parts that are each answered when the gateway has them on
// disk, and put together there. To answer only the whole would need no help
// from the gateway, but many centres, that in cmd/handset too, send one
// message at a time and wait for its answer: such texts would never be whole.

// partHead is how many octets stand before the text in bridges.Part.Data: the
// script, and the national tables.
const partHead = 3

// gap stands for parts that did not come.
const gap = " […] "

// event makes a part for the gateway. Its text is read when all of it is
// there: senders cut letters in two.
func (p piece) event(from bridges.UserID) bridges.Part {
	return bridges.Part{
		Chat: bridges.ChatID(from), Ref: fmt.Sprintf("%d/%d", p.ref, p.total), Number: p.part, Total: p.total,
		Data: append([]byte{byte(p.script), p.tables.locking, p.tables.shift}, p.data...),
	}
}

// Assemble implements bridges.Assembler.
func (b *Bridge) Assemble(parts []bridges.Part) bridges.Message {
	var text strings.Builder
	next, lost := 1, false
	skip := func(to int) {
		if next != to {
			lost = true
			text.WriteString(gap)
		}
	}
	for rest := parts; len(rest) > 0; {
		n := alike(rest)
		skip(int(rest[0].Number))
		text.WriteString(decodeParts(rest[:n]))
		next = int(rest[n-1].Number) + 1
		rest = rest[n:]
	}
	skip(int(parts[0].Total) + 1)
	said := shown(tidy(text.String()))
	if lost {
		said = strings.TrimSpace(said) + "\n(Parts of this message did not arrive.)"
	}
	return bridges.Message{Chat: parts[0].Chat, From: bridges.UserID(parts[0].Chat), Text: said}
}

// alike counts the parts at the start that follow each other and are written
// alike: their octets are one text.
func alike(parts []bridges.Part) int {
	n := 1
	for n < len(parts) && parts[n].Number == parts[n-1].Number+1 && bytes.Equal(head(parts[n]), head(parts[0])) {
		n++
	}
	return n
}

// head returns the octets before the text. Data that is too short for them is
// none that event has made.
func head(p bridges.Part) []byte { return p.Data[:min(partHead, len(p.Data))] }

func decodeParts(parts []bridges.Part) string {
	h := head(parts[0])
	if len(h) < partHead {
		return ""
	}
	var data []byte
	for _, p := range parts {
		data = append(data, p.Data[partHead:]...)
	}
	return decode(script(h[0]), data, tables{locking: h[1], shift: h[2]})
}
