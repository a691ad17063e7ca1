package component

import (
	"context"
	"log/slog"

	"causeway/component/stanza"
)

// Address is the kind of address that an IQ was sent to.
type Address uint8

// The kinds. They are bits: a handler may serve several.
const (
	ToDomain  Address = 1 << iota // the bare domain
	ToContact                     // localpart@domain
	ToFull                        // with a resource
)

// IQHandler answers an IQ get or set. c is what the caller of Answer passed,
// e.g. the transaction that an IQ set works in. It returns the payload of the
// result, which may be empty, or an error; one that is not a *stanza.Error is
// logged and answered as internal-server-error.
type IQHandler[C any] func(ctx context.Context, c C, iq *stanza.Stanza, payload stanza.Element) (stanza.Writer, error)

// Mux finds the handler of an IQ by type, namespace and name of its payload,
// and kind of address. Register all before the first Answer.
type Mux[C any] struct{}

// NewMux returns an empty mux.
func NewMux[C any](log *slog.Logger) *Mux[C] { panic("stub") }

// Get registers the handler of IQ gets; it panics at a second one for the same.
func (m *Mux[C]) Get(space, local string, to Address, h IQHandler[C]) { panic("stub") }

// Set registers the handler of IQ sets.
func (m *Mux[C]) Set(space, local string, to Address, h IQHandler[C]) { panic("stub") }

// Features returns the namespaces served at a kind of address, sorted: what
// disco#info announces comes from here.
func (m *Mux[C]) Features(to Address) []string { panic("stub") }

// Answer runs the handler and returns the reply: its result, its error,
// service-unavailable when there is none, internal-server-error (with a log
// line) when it panics.
func (m *Mux[C]) Answer(ctx context.Context, c C, iq *stanza.Stanza) *stanza.Out { panic("stub") }
