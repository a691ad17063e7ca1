package gateway

import (
	"context"
	"strings"

	"causeway/bridges"
	"causeway/mapping"
)

// A message with a file and a caption is two messages of XMPP: clients take one
// for a file only when it says nothing else (xeps.md 0066.2, F10). They are two
// from the beginning, and each is an event of its own in the journal. The id of
// the network is that of the file, and captions have ids of ours.
const (
	captions = "\x01caption "
	filed    = "\x01file " // of a row that says that a message is a file
)

// apart makes of deliveries those of which each becomes one stanza.
func (g *Gateway) apart(ds []bridges.Delivery) []bridges.Delivery {
	if !g.info.Can.Has(bridges.CanFiles) {
		return ds
	}
	all := make([]bridges.Delivery, 0, len(ds)+1)
	for _, d := range ds {
		second := d
		second.Event = nil
		switch e := d.Event.(type) {
		case bridges.Message:
			if e.File != nil && e.Text != "" {
				said := e
				said.ID, said.File, said.ReplyTo, said.Quote = captionOf(e.ID), nil, "", ""
				second.Event = said
				e.Text = ""
				d.Event = e
			}
		case bridges.Retraction: // nobody knows here whether there is a caption
			e.ID, e.Of = captionOf(e.ID), captionOf(e.Of)
			second.Event = e
		}
		all = append(all, d)
		if second.Event == nil {
			continue
		}
		if second.Once != "" {
			second.Once = captions + second.Once
		}
		all = append(all, second)
	}
	return all
}

// captionOf is the id of the caption of a message; of one without an id it is none.
func captionOf(id bridges.MessageID) bridges.MessageID {
	if id == "" {
		return ""
	}
	return captions + id
}

// ofCaption tells whether an id is a caption's, and of which message.
func ofCaption(id bridges.MessageID) (of bridges.MessageID, ok bool) {
	s, ok := strings.CutPrefix(string(id), captions)
	return bridges.MessageID(s), ok
}

// fileRows are what is to be known of a message later, when it has a file or is
// the caption of one: an edit, which changes the caption alone, must find it, and
// what users do to the caption they do to the message.
func (g *Gateway) fileRows(in *incoming, m mapping.Message) []mapping.Message {
	if of, ok := ofCaption(m.ID); ok && in.Kind == kindMessage {
		return g.editRows([]mapping.Message{m}, of)
	}
	if in.Message.File == nil {
		return nil
	}
	return []mapping.Message{{Bridge: g.domain, ID: filed + m.ID, Account: m.Account, At: m.At}}
}

// captionRows are those of an edit that gives a file its first caption.
func (g *Gateway) captionRows(in *incoming, m mapping.Message) []mapping.Message {
	if in.captions == "" {
		return nil
	}
	m.ID = captionOf(in.captions)
	return append([]mapping.Message{m}, g.editRows([]mapping.Message{m}, in.captions)...)
}

// aim has an edit of a message with a file change its caption. Where there is none
// it becomes the first: a file is never replaced by a text (xeps.md 0308.6). False:
// the gateway ends.
func (g *Gateway) aim(ctx context.Context, in *incoming, of bridges.MessageID) bool {
	if !g.info.Can.Has(bridges.CanFiles) {
		return true
	}
	return g.insist(ctx, "read messages", func() error {
		row, found, err := g.messageByID(ctx, captionOf(of))
		if found {
			in.replaces = row.Stanza
		}
		if err != nil || found {
			return err
		}
		if _, found, err = g.messageByID(ctx, filed+of); found {
			in.replaces, in.captions = "", of
		}
		return err
	})
}

// hasNoCaption ends the second half of a retraction when there was no caption.
func (g *Gateway) hasNoCaption(ctx context.Context, in *incoming, known bool) bool {
	if _, ok := ofCaption(in.Of); !ok || known {
		return false
	}
	g.finishIn(ctx, in, new(mapping.Batch))
	return true
}
