package component

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"

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

// addressOf returns the kind of an address.
func addressOf(jid string) Address {
	bare, _, full := strings.Cut(jid, "/")
	switch {
	case full:
		return ToFull
	case strings.Contains(bare, "@"):
		return ToContact
	}
	return ToDomain
}

// IQHandler answers an IQ get or set. c is what the caller of Answer passed,
// e.g. the transaction that an IQ set works in. It returns the payload of the
// result, which may be empty, or an error; one that is not a *stanza.Error is
// logged and answered as internal-server-error.
type IQHandler[C any] func(ctx context.Context, c C, iq *stanza.Stanza, payload stanza.Element) (stanza.Writer, error)

// Mux finds the handler of an IQ by type, namespace and name of its payload,
// and kind of address. Register all before the first Answer; then it may be
// used from any goroutine.
type Mux[C any] struct {
	log      *slog.Logger
	handlers map[route]IQHandler[C]
}

// route is what chooses a handler.
type route struct {
	typ, space, local string
	to                Address // one bit
}

// NewMux returns an empty mux.
func NewMux[C any](log *slog.Logger) *Mux[C] {
	return &Mux[C]{log: log, handlers: make(map[route]IQHandler[C])}
}

// Get registers the handler of IQ gets; it panics at a second one for the same.
func (m *Mux[C]) Get(space, local string, to Address, h IQHandler[C]) {
	m.add("get", space, local, to, h)
}

// Set registers the handler of IQ sets; it panics at a second one for the same.
func (m *Mux[C]) Set(space, local string, to Address, h IQHandler[C]) {
	m.add("set", space, local, to, h)
}

func (m *Mux[C]) add(typ, space, local string, to Address, h IQHandler[C]) {
	for _, bit := range []Address{ToDomain, ToContact, ToFull} {
		if to&bit == 0 {
			continue
		}
		r := route{typ, space, local, bit}
		if _, found := m.handlers[r]; found {
			panic("component: two handlers for " + typ + " of {" + space + "}" + local)
		}
		m.handlers[r] = h
	}
}

// Features returns the namespaces served at a kind of address, sorted: what
// disco#info announces comes from here.
func (m *Mux[C]) Features(to Address) []string {
	var spaces []string
	for r := range m.handlers {
		if r.to&to != 0 {
			spaces = append(spaces, r.space)
		}
	}
	slices.Sort(spaces)
	return slices.Compact(spaces)
}

// The errors of Answer itself. What a user reads tells nothing of the inside
// (xeps.md 6120.10).
var (
	errUnavailable = stanza.Error{Type: "cancel", Condition: "service-unavailable", Text: "This request is not understood here."}
	errNoPayload   = stanza.Error{Type: "modify", Condition: "bad-request", Text: "This request has no content."}
	errInternal    = stanza.Error{Type: "wait", Condition: "internal-server-error", Text: "The gateway failed to do this; its log says why."}
)

// Answer runs the handler and returns the reply: its result, its error,
// service-unavailable when there is none (xeps.md 6120.6), internal-server-error
// (with a log line) when it panics. It returns nil for what must not be
// answered: an IQ of type result or error, or one without from. It blocks as
// long as the handler does.
func (m *Mux[C]) Answer(ctx context.Context, c C, iq *stanza.Stanza) *stanza.Out {
	if iq.Type == "result" || iq.Type == "error" || iq.From == "" {
		return nil
	}
	w, err := m.serve(ctx, c, iq)
	if err == nil {
		return &stanza.Out{Kind: stanza.IQ, From: iq.To, To: iq.From, ID: iq.ID, Type: "result", Payload: w}
	}
	var e *stanza.Error
	if !errors.As(err, &e) {
		m.log.ErrorContext(ctx, "an IQ failed", "from", iq.From, "to", iq.To, "id", iq.ID, "err", err)
		e = &errInternal
	}
	o, _ := e.Reply(iq)
	return o
}

// serve finds the handler and runs it. A panic ends here.
func (m *Mux[C]) serve(ctx context.Context, c C, iq *stanza.Stanza) (w stanza.Writer, err error) {
	payload, ok := first(iq)
	if !ok {
		return w, &errNoPayload
	}
	space, local := payload.Name()
	h := m.handlers[route{iq.Type, space, local, addressOf(iq.To)}]
	if h == nil {
		return w, &errUnavailable
	}
	defer func() {
		if r := recover(); r != nil {
			m.log.ErrorContext(ctx, "a handler panicked", "from", iq.From, "to", iq.To, "id", iq.ID,
				"payload", "{"+space+"}"+local, "panic", r, "stack", string(debug.Stack()))
			w, err = stanza.Writer{}, &errInternal
		}
	}()
	return h(ctx, c, iq, payload)
}

func first(iq *stanza.Stanza) (e stanza.Element, ok bool) {
	for e := range iq.Children() {
		return e, true
	}
	return stanza.Element{}, false
}
