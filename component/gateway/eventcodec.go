package gateway

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// The record of an event: a byte with the version of the format, a byte with
// its kind (the index in eventKinds), a byte that tells what else it has, and
// its fields. Numbers are varints, a time is its nanoseconds since 1970, each
// text stands behind its length. An older program wrote JSON, which begins
// with a brace.
const (
	eventVersion = 1

	hasOnce  = 1 << 0 // Once and Stream
	hasPlace = 1 << 1
	hasSent  = 1 << 2 // Message.Sent
	hasReply = 1 << 3 // Message.ReplyTo and Message.Quote

	isUnstyled = 1 << 4 // Message.Unstyled, without a field
	hasFile    = 1 << 5 // Message.File
	hasThread  = 1 << 6 // Message.Thread

	hasAny = hasOnce | hasPlace | hasSent | hasReply | isUnstyled | hasFile | hasThread
)

// eventKinds are on disk by their index: never reorder.
var eventKinds = [...]string{kindMessage, kindReceipt, kindPart, kindChange, kindDisplayed, kindEdit, kindRetraction, kindReaction, kindRequest}

var errEvent = errors.New("gateway: the record of an event is damaged")

func (in *incoming) encode() (mapping.Record, error) {
	var e eventWriter
	e.b = make([]byte, 3, 192)
	e.b[0] = eventVersion
	e.text(string(in.Account))
	e.text(in.Stanza)
	e.time(in.At)
	if in.Once != "" || in.Stream != 0 {
		e.b[2] |= hasOnce
		e.text(in.Once)
		e.number(in.Stream)
	}
	if in.Place != (mapping.Key{}) {
		e.b[2] |= hasPlace
		e.number(in.Place.Cycle)
		e.number(uint64(in.Place.Index))
	}
	switch in.Kind {
	case kindMessage:
		e.message(in.Message)
	case kindReceipt:
		e.receipt(in.Receipt)
	case kindPart:
		e.part(in.Part)
	case kindChange:
		e.change(in.Change)
	case kindRequest:
		e.change(in.Change)
		e.b[1] = 8
	case kindDisplayed:
		e.displayed(in.Displayed)
	case kindEdit:
		e.about(5, in)
	case kindRetraction:
		e.about(6, in)
	case kindReaction:
		e.about(7, in)
		e.texts(in.Emojis)
	default:
		return mapping.Record{}, fmt.Errorf("gateway: no record can hold an event of kind %q", in.Kind)
	}
	return mapping.Record{Kind: mapping.FromNetwork, Data: e.b}, nil
}

// eventWriter appends fields to a record.
type eventWriter struct{ b []byte }

func (e *eventWriter) number(n uint64)  { e.b = binary.AppendUvarint(e.b, n) }
func (e *eventWriter) time(t time.Time) { e.b = binary.AppendVarint(e.b, t.UnixNano()) }
func (e *eventWriter) text(s string)    { e.b = append(binary.AppendUvarint(e.b, uint64(len(s))), s...) }

func (e *eventWriter) message(m *bridges.Message) {
	e.b[1] = 0
	e.text(string(m.ID))
	e.text(string(m.Chat))
	e.text(string(m.From))
	e.text(m.Key)
	e.text(m.Text)
	if !m.Sent.IsZero() {
		e.b[2] |= hasSent
		e.time(m.Sent)
	}
	if m.ReplyTo != "" || m.Quote != "" {
		e.b[2] |= hasReply
		e.text(string(m.ReplyTo))
		e.text(m.Quote)
	}
	if m.Unstyled {
		e.b[2] |= isUnstyled
	}
	if m.Thread != "" {
		e.b[2] |= hasThread
		e.text(string(m.Thread))
	}
	e.file(m.File)
}

func (e *eventWriter) receipt(r *receipt) {
	e.b[1] = 1
	e.text(string(r.ID))
	e.text(string(r.Chat))
	e.number(uint64(r.State))
	e.number(uint64(r.Kind))
	e.text(r.Text)
}

func (e *eventWriter) part(p *bridges.Part) {
	e.b[1] = 2
	e.text(string(p.Chat))
	e.text(p.Ref)
	e.number(uint64(p.Number))
	e.number(uint64(p.Total))
	e.text(string(p.Data))
}

func (e *eventWriter) change(c *change) {
	e.b[1] = 3
	e.text(string(c.ID))
	e.text(c.Name)
	gone := uint64(0)
	if c.Gone {
		gone = 1
	}
	e.number(gone)
}

func (e *eventWriter) displayed(d *bridges.Displayed) {
	e.b[1] = 4
	e.text(string(d.Chat))
	e.text(string(d.From))
	e.text(string(d.UpTo))
}

// about writes what is about an earlier message.
func (e *eventWriter) about(kind byte, in *incoming) {
	e.message(in.Message)
	e.b[1] = kind
	e.text(string(in.Of))
}

func (e *eventWriter) texts(all []string) {
	e.number(uint64(len(all)))
	for _, s := range all {
		e.text(s)
	}
}

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
