package phone

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"time"

	"causeway/cmd/handset/smsc"
)

//go:embed page
var page embed.FS

const (
	policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
	maxRequest = 64 << 10
	beat       = 20 * time.Second
)

// Handler serves the page and the API:
//
//	GET  api/state                   the State
//	GET  api/events                  server-sent events "state" and "message"
//	POST api/messages                {"to": NUMBER, "text": TEXT}: sends a text
//	POST api/messages/{id}/report    {"state": "DELIVRD"}: sends the delivery report
//	PUT  api/settings                {"confirm": true}: pages confirm what they show
//
// All paths are relative, so that it can be mounted below another. It answers
// only requests that were made to this machine and come from its own pages.
func (p *Phone) Handler() http.Handler {
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // embedded
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /api/state", func(w http.ResponseWriter, _ *http.Request) { answer(w, p.State()) })
	mux.HandleFunc("GET /api/events", p.serveEvents)
	mux.HandleFunc("POST /api/messages", p.serveSend)
	mux.HandleFunc("POST /api/messages/{id}/report", p.serveReport)
	mux.HandleFunc("PUT /api/settings", p.serveSettings)
	return Local(policy, mux)
}

// Local lets only requests to a loopback address through, so that no web site
// reaches h by a name of its own, and none of other origins that change
// something. It sets the content security policy.
func Local(policy string, h http.Handler) http.Handler {
	h = http.NewCrossOriginProtection().Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "this is for browsers on the same machine; ask for 127.0.0.1", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		h.ServeHTTP(w, r)
	})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(v)
}

// body decodes a request and answers when that fails.
func body(w http.ResponseWriter, r *http.Request, v any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		http.Error(w, "the request is not as expected: "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func (p *Phone) serveSend(w http.ResponseWriter, r *http.Request) {
	var m struct{ To, Text string }
	if !body(w, r, &m) {
		return
	}
	sent, err := p.Send(m.To, m.Text)
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	answer(w, sent)
}

func (p *Phone) serveReport(w http.ResponseWriter, r *http.Request) {
	var report struct{ State smsc.State }
	if !body(w, r, &report) {
		return
	}
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		http.Error(w, "a message has a number", http.StatusBadRequest)
		return
	}
	m, err := p.Report(id, report.State)
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	answer(w, m)
}

func (p *Phone) serveSettings(w http.ResponseWriter, r *http.Request) {
	var s struct{ Confirm bool }
	if !body(w, r, &s) {
		return
	}
	p.SetConfirm(s.Confirm)
	answer(w, p.State())
}

// serveEvents tells a page what happens until it goes away.
func (p *Phone) serveEvents(w http.ResponseWriter, r *http.Request) {
	watcher := p.watch()
	defer p.unwatch(watcher)
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	alive := time.NewTicker(beat)
	defer alive.Stop()
	for {
		select {
		case e, open := <-watcher.events:
			if !open {
				return
			}
			fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.name, e.data)
		case <-alive.C:
			fmt.Fprint(w, ": still here\n\n")
		case <-r.Context().Done():
			return
		}
		if out.Flush() != nil {
			return
		}
	}
}
