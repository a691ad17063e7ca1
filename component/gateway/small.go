package gateway

import (
	"context"
	"time"

	"causeway/component"
	"causeway/component/stanza"
	"causeway/component/xep/entitytime"
	"causeway/component/xep/last"
	"causeway/component/xep/ping"
	"causeway/component/xep/version"
)

// serveSmall registers what is answered without a look at anything. Of contacts
// the network tells neither time nor last activity: they get
// service-unavailable (xeps.md 0012.3, 0202.1).
func (g *Gateway) serveSmall() {
	g.mux.Get(ping.NS, "ping", component.ToDomain|component.ToContact|component.ToFull, always(func(*stanza.Writer) {}))
	g.mux.Get(version.NS, "query", component.ToDomain, always(func(w *stanza.Writer) {
		version.Version{Name: "Causeway", Version: g.cfg.Version}.Append(w)
	}))
	g.mux.Set(version.NS, "query", component.ToDomain, refuse(&stanza.Error{
		Type: "cancel", Condition: "not-allowed", Text: "The version cannot be set.",
	}))
	g.mux.Get(last.NS, "query", component.ToDomain, always(func(w *stanza.Writer) { last.Append(w, time.Since(g.started)) }))
	g.mux.Get(entitytime.NS, "time", component.ToDomain, always(func(w *stanza.Writer) { entitytime.Append(w, time.Now()) }))
}

// always answers with what append writes.
func always(append func(*stanza.Writer)) component.IQHandler[*tx] {
	return func(context.Context, *tx, *stanza.Stanza, stanza.Element) (w stanza.Writer, _ error) {
		append(&w)
		return w, nil
	}
}

// refuse answers with an error.
func refuse(err *stanza.Error) component.IQHandler[*tx] {
	return func(context.Context, *tx, *stanza.Stanza, stanza.Element) (w stanza.Writer, _ error) { return w, err }
}
