package gateway

import (
	"causeway/bridges"
	"causeway/bridges/takeover"
	"causeway/mapping"
)

// lostText stands in the place of a text that is put away.
const lostText = "[A text from this contact came that the gateway fails to show. Its administrator can find it.]"

// tried marks, for tests, that the text of an event is handled.
func (in *incoming) tried() {
	if in.Message != nil {
		takeover.Step("poison", in.Message.Text)
	}
}

// notice is what comes in the place of an event that is put away, as a text of
// the same contact, that its user does not lose it unawares; nil when nobody is
// to be told. Nobody has written it: so a notice that cannot be shown either is
// the last.
func notice(k mapping.Key, r mapping.Record) *incoming {
	in, ok := headOfEvent(r)
	if !ok || in.Kind == kindReceipt || in.Kind == kindChange || in.Kind == kindRequest || in.Kind == kindRetraction || in.Kind == kindReaction || in.Kind == kindDisplayed || in.Message != nil && in.Message.From == "" {
		return nil
	}
	chat := in.chat()
	if localpart(string(chat)) == "" {
		return nil
	}
	in.key = k
	return &incoming{
		Kind: kindMessage, Account: in.Account, Stanza: newID(), At: in.At, Place: in.place(),
		Message: &bridges.Message{Chat: chat, Text: lostText},
	}
}

// withNotice adds to a batch what comes in the place of the event that it puts
// away. What it returns is called when the batch is on disk.
func (g *Gateway) withNotice(b *mapping.Batch, k mapping.Key, r mapping.Record) (committed func()) {
	in := notice(k, r)
	if in == nil {
		return func() {}
	}
	rec, err := in.encode()
	if err != nil {
		return func() {}
	}
	cycle := &mapping.Cycle{Bridge: g.domain, Records: []mapping.Record{rec}}
	b.Cycles = append(b.Cycles, cycle)
	return func() {
		in.key = cycle.Key(0)
		g.flights.release(-1)
		g.enqueueIn(in)
	}
}

// headOfEvent reads when and by whom an event was sent to whom, and no more of
// it: the rest may have killed the program. False: not even that can be read.
func headOfEvent(r mapping.Record) (in *incoming, ok bool) {
	if r.Kind != mapping.FromNetwork {
		return nil, false
	}
	if len(r.Data) > 0 && r.Data[0] == '{' {
		return headOfJSON(r.Data)
	}
	in, e, err := openEvent(r.Data)
	if err != nil {
		return nil, false
	}
	switch in.Kind {
	case kindMessage, kindEdit, kindRetraction, kindReaction:
		in.Message = e.messageHead()
	case kindReceipt:
		in.Receipt = &receipt{ID: bridges.MessageID(e.text()), Chat: bridges.ChatID(e.text())}
	case kindPart:
		in.Part = &bridges.Part{Chat: bridges.ChatID(e.text())}
	case kindChange, kindRequest:
		in.Change = &change{ID: bridges.ChatID(e.text())}
	case kindDisplayed:
		in.Displayed = &bridges.Displayed{Chat: bridges.ChatID(e.text())}
	}
	return in, !e.bad
}

// headOfJSON is headOfEvent for the first format.
func headOfJSON(data []byte) (*incoming, bool) {
	if len(data) > 64<<10 {
		return nil, false
	}
	in, err := decodeJSON(data)
	return in, err == nil
}
