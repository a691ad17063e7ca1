package main

import (
	"crypto/rand"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"causeway/cmd/handset/phone"
	"causeway/cmd/lab/peer"
)

//go:embed page
var page embed.FS

// What the pages may do. Uploads go to Prosody's own port. Converse.js writes
// styles into its elements.
const (
	framePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; " +
		"img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	clientPolicy = "default-src 'self' data: blob: http://127.0.0.1:*; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
		"connect-src 'self' data: blob: http://127.0.0.1:* ws://127.0.0.1:* ws://localhost:*; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
	matrixPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data: blob:; media-src blob:; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

const beat = 20 * time.Second

// web serves the page of the demo, and on the same address all that it shows,
// so that one port is enough to look at it from elsewhere through a tunnel.
type web struct {
	listener net.Listener
	server   *http.Server
	networks networks
	run      string // tells one run from another
}

// serve listens on address, or on any free port, and serves until close.
func serve(address, converse string, n networks, at places) (*web, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		l, err = net.Listen("tcp", peer.Local(0))
	}
	if err != nil {
		return nil, err
	}
	w := &web{listener: l, networks: n, run: rand.Text()}
	w.server = &http.Server{Handler: w.handler(converse, at), ReadHeaderTimeout: 10 * time.Second}
	go w.server.Serve(l) // until close
	return w, nil
}

func (w *web) address() string { return w.listener.Addr().String() }

// close ends all connections.
func (w *web) close() error { return w.server.Close() }

func (w *web) handler(converse string, at places) http.Handler {
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // embedded
	}
	frame, client, mux := http.NewServeMux(), http.NewServeMux(), http.NewServeMux()
	frame.Handle("GET /", http.FileServerFS(files))
	frame.HandleFunc("GET /{$}", w.serveFrame)
	frame.HandleFunc("GET /events", w.serveEvents)
	client.Handle("GET /client/", http.FileServerFS(files))
	client.HandleFunc("GET /client/settings.json", w.serveSettings)
	client.Handle("GET /client/converse/", http.StripPrefix("/client/converse", http.FileServer(http.Dir(converse))))
	client.Handle("GET /client/xmpp-websocket", sameOrigin(http.StripPrefix("/client", proxy(at.xmpp))))
	mux.Handle("/", phone.Local(framePolicy, frame))
	mux.Handle("/client/", phone.Local(clientPolicy, client))
	if w.networks.SMS {
		mux.Handle("/handset/", http.StripPrefix("/handset", proxy(at.phone))) // it has a policy of its own
	}
	if w.networks.Matrix {
		matrix := http.NewServeMux()
		matrix.Handle("/matrix/", http.FileServerFS(files))
		matrix.HandleFunc("GET /matrix/settings.json", w.serveMatrixSettings)
		matrix.Handle("/matrix/_matrix/", sameOrigin(http.StripPrefix("/matrix", proxy(at.homeserver))))
		mux.Handle("/matrix/", phone.Local(matrixPolicy, matrix))
	}
	return mux
}

var frame = template.Must(template.ParseFS(page, "page/index.html"))

// serveFrame shows what of the page the networks need.
func (w *web) serveFrame(out http.ResponseWriter, _ *http.Request) {
	out.Header().Set("Cache-Control", "no-store")
	if err := frame.Execute(out, w.networks); err != nil {
		panic(http.ErrAbortHandler) // the browser has gone away
	}
}

func proxy(address string) http.Handler {
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: address})
		r.Out.Host = r.In.Host // it is checked there
	}, ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) { // pages that are closed are no news
		http.Error(w, err.Error(), http.StatusBadGateway)
	}}
}

// sameOrigin refuses what the page of another origin asks for; browsers let
// any page open a websocket.
func sameOrigin(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o, err := url.Parse(r.Header.Get("Origin")); err != nil || o.Host != "" && o.Host != r.Host {
			http.Error(w, "this is for the demo's own page", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// serveSettings tells the client who logs in.
func (w *web) serveSettings(out http.ResponseWriter, _ *http.Request) {
	answer(out, map[string]string{"run": w.run, "jid": user + "@" + peer.Domain, "password": peer.Secret})
}

// serveMatrixSettings tells the Matrix client who can log in, and whom they may
// want to write to.
func (w *web) serveMatrixSettings(out http.ResponseWriter, _ *http.Request) {
	answer(out, map[string]any{"people": people, "password": peer.Secret, "ghost": ghost})
}

func answer(out http.ResponseWriter, v any) {
	out.Header().Set("Content-Type", "application/json")
	out.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(out).Encode(v)
}

// serveEvents tells the page which run it sees, and by its end that it is over.
func (w *web) serveEvents(out http.ResponseWriter, r *http.Request) {
	out.Header().Set("Content-Type", "text/event-stream")
	out.Header().Set("Cache-Control", "no-store")
	c := http.NewResponseController(out)
	alive := time.NewTicker(beat)
	defer alive.Stop()
	for {
		if fmt.Fprintf(out, "data: %s\n\n", w.run); c.Flush() != nil {
			return
		}
		select {
		case <-alive.C:
		case <-r.Context().Done():
			return
		}
	}
}
