package gateway

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
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
	kind := slices.Index(eventKinds[:], in.Kind)
	if kind < 0 {
		return mapping.Record{}, fmt.Errorf("gateway: no record can hold an event of kind %q", in.Kind)
	}
	var e eventWriter
	e.b = make([]byte, 3, 192)
	e.b[0], e.b[1] = eventVersion, byte(kind)
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
	case kindChange, kindRequest:
		e.change(in.Change)
	case kindDisplayed:
		e.displayed(in.Displayed)
	case kindEdit, kindRetraction:
		e.about(in)
	case kindReaction:
		e.about(in)
		e.texts(in.Emojis)
	}
	return mapping.Record{Kind: mapping.FromNetwork, Data: e.b}, nil
}

// eventWriter appends fields to a record.
type eventWriter struct{ b []byte }

func (e *eventWriter) number(n uint64)  { e.b = binary.AppendUvarint(e.b, n) }
func (e *eventWriter) time(t time.Time) { e.b = binary.AppendVarint(e.b, t.UnixNano()) }
func (e *eventWriter) text(s string)    { e.b = append(binary.AppendUvarint(e.b, uint64(len(s))), s...) }

func (e *eventWriter) message(m *bridges.Message) {
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
	e.text(string(r.ID))
	e.text(string(r.Chat))
	e.number(uint64(r.State))
	e.number(uint64(r.Kind))
	e.text(r.Text)
}

func (e *eventWriter) part(p *bridges.Part) {
	e.text(string(p.Chat))
	e.text(p.Ref)
	e.number(uint64(p.Number))
	e.number(uint64(p.Total))
	e.text(string(p.Data))
}

func (e *eventWriter) change(c *change) {
	e.text(string(c.ID))
	e.text(c.Name)
	gone := uint64(0)
	if c.Gone {
		gone = 1
	}
	e.number(gone)
}

func (e *eventWriter) displayed(d *bridges.Displayed) {
	e.text(string(d.Chat))
	e.text(string(d.From))
	e.text(string(d.UpTo))
}

// about writes what is about an earlier message.
func (e *eventWriter) about(in *incoming) {
	e.message(in.Message)
	e.text(string(in.Of))
}

func (e *eventWriter) texts(all []string) {
	e.number(uint64(len(all)))
	for _, s := range all {
		e.text(s)
	}
}
