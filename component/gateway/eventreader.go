package gateway

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// decodeIncoming reads what encode wrote, in any version. An event without its
// payload is an error: nothing behind this point checks again.
func decodeIncoming(data []byte) (*incoming, error) {
	if len(data) > 0 && data[0] == '{' {
		return decodeJSON(data)
	}
	in, e, err := openEvent(data)
	if err != nil {
		return nil, err
	}
	switch in.Kind {
	case kindMessage:
		in.Message = e.message()
	case kindReceipt:
		in.Receipt = e.receipt()
	case kindPart:
		in.Part = e.part()
	case kindChange, kindRequest:
		in.Change = e.change()
	case kindDisplayed:
		in.Displayed = e.displayed()
	case kindEdit, kindRetraction:
		in.Message, in.Of = e.message(), bridges.MessageID(e.text())
	case kindReaction:
		in.Message, in.Of, in.Emojis = e.message(), bridges.MessageID(e.text()), e.texts()
	}
	if e.bad || len(e.b) > 0 {
		return nil, errEvent
	}
	return in, nil
}

// openEvent reads what all kinds have, up to their own fields.
func openEvent(data []byte) (in *incoming, e *eventReader, err error) {
	if len(data) < 3 || data[0] != eventVersion || int(data[1]) >= len(eventKinds) || data[2]&^hasAny != 0 {
		return nil, nil, errEvent
	}
	in, e = &incoming{Kind: eventKinds[data[1]]}, &eventReader{b: data[3:], has: data[2]}
	in.Account, in.Stanza, in.At = bridges.AccountID(e.text()), e.text(), e.time()
	if e.has&hasOnce != 0 {
		in.Once, in.Stream = e.text(), e.number()
	}
	if e.has&hasPlace != 0 {
		in.Place = mapping.Key{Cycle: e.number(), Index: uint32(e.below(1 << 32))}
	}
	return in, e, nil
}

// eventReader cuts fields off a record. bad: it did not have them.
type eventReader struct {
	b   []byte
	has byte
	bad bool
}

// cut takes n bytes; n below 0 is of a number that is none.
func (e *eventReader) cut(n int) []byte {
	if n < 0 || n > len(e.b) {
		e.bad, n = true, 0
	}
	head := e.b[:n]
	e.b = e.b[n:]
	return head
}

func (e *eventReader) number() uint64 {
	n, size := binary.Uvarint(e.b)
	e.cut(atLeastOne(size))
	return n
}

// below is a number that must be less than a limit.
func (e *eventReader) below(limit uint64) uint64 {
	n := e.number()
	e.bad = e.bad || n >= limit
	return n
}

func (e *eventReader) time() time.Time {
	n, size := binary.Varint(e.b)
	e.cut(atLeastOne(size))
	return time.Unix(0, n)
}

func (e *eventReader) text() string {
	return string(e.cut(int(min(e.number(), uint64(len(e.b)+1)))))
}

func (e *eventReader) texts() (all []string) {
	for n := e.number(); n > 0 && !e.bad; n-- {
		all = append(all, e.text())
	}
	return all
}

// atLeastOne is the size of a varint, -1 for none.
func atLeastOne(size int) int {
	if size == 0 {
		return -1
	}
	return size
}

// messageHead reads by whom a message is, of which more follows.
func (e *eventReader) messageHead() *bridges.Message {
	return &bridges.Message{ID: bridges.MessageID(e.text()), Chat: bridges.ChatID(e.text()), From: bridges.UserID(e.text())}
}

func (e *eventReader) message() *bridges.Message {
	m := e.messageHead()
	m.Key, m.Text = e.text(), e.text()
	if e.has&hasSent != 0 {
		m.Sent = e.time()
	}
	if e.has&hasReply != 0 {
		m.ReplyTo, m.Quote = bridges.MessageID(e.text()), e.text()
	}
	m.Unstyled = e.has&isUnstyled != 0
	if e.has&hasThread != 0 {
		m.Thread = bridges.MessageID(e.text())
	}
	m.File = e.file()
	return m
}

func (e *eventReader) receipt() *receipt {
	return &receipt{
		ID: bridges.MessageID(e.text()), Chat: bridges.ChatID(e.text()),
		State: bridges.State(e.below(1 << 8)), Kind: bridges.Kind(e.below(1 << 8)), Text: e.text(),
	}
}

func (e *eventReader) part() *bridges.Part {
	return &bridges.Part{
		Chat: bridges.ChatID(e.text()), Ref: e.text(),
		Number: uint8(e.below(1 << 8)), Total: uint8(e.below(1 << 8)), Data: []byte(e.text()),
	}
}

func (e *eventReader) change() *change {
	return &change{ID: bridges.ChatID(e.text()), Name: e.text(), Gone: e.below(2) == 1}
}

func (e *eventReader) displayed() *bridges.Displayed {
	return &bridges.Displayed{Chat: bridges.ChatID(e.text()), From: bridges.UserID(e.text()), UpTo: bridges.MessageID(e.text())}
}

// decodeJSON reads the first format, which is no longer written.
func decodeJSON(data []byte) (*incoming, error) {
	in := new(incoming)
	if err := json.Unmarshal(data, in); err != nil {
		return nil, fmt.Errorf("gateway: event in the journal: %w", err)
	}
	switch {
	case in.Kind == kindMessage && in.Message != nil && in.Receipt == nil && in.Part == nil:
	case in.Kind == kindReceipt && in.Receipt != nil && in.Message == nil && in.Part == nil:
	case in.Kind == kindPart && in.Part != nil && in.Message == nil && in.Receipt == nil:
	default:
		return nil, fmt.Errorf("gateway: event in the journal of kind %q lacks its payload", in.Kind)
	}
	return in, nil
}
