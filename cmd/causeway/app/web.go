package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// web is the program's own web server. All that it has is read-only.
type web struct {
	server   *http.Server
	listener net.Listener
	log      *slog.Logger
}

// listen takes the address; serve answers.
func listen(address string, a *App) (*web, error) {
	l, err := a.keeper.Listen("http", address)
	if err != nil {
		return nil, fmt.Errorf("http.listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", a.serveReady)
	mux.HandleFunc("GET /status", a.serveStatus)
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{Registry: a.metrics}))
	mux.Handle("/media/", a.media.Handler())
	return &web{listener: l, log: a.log, server: &http.Server{
		Handler: mux, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}}, nil
}

func (w *web) serve() {
	if err := w.server.Serve(w.listener); !errors.Is(err, http.ErrServerClosed) {
		w.log.Error("the web server has ended", "error", err)
	}
}

// stop lets requests under way finish, for one second at most.
func (w *web) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = w.server.Shutdown(ctx) // what it could not end, close ends
}

func (w *web) close() error {
	_ = w.server.Close()
	if err := w.listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// serveReady says 200 when the store can write and every link and every
// network is up, else 503 and why.
func (a *App) serveReady(w http.ResponseWriter, _ *http.Request) {
	var down []string
	if s := a.storeState(); !s.Up {
		down = append(down, "nothing is accepted: "+s.Why)
	}
	for _, p := range a.parts {
		if why := p.trouble(); why != "" {
			down = append(down, p.cfg.Domain+": "+why)
		}
	}
	if len(down) > 0 {
		http.Error(w, strings.Join(down, "\n"), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// serveStatus gives the Status as JSON.
func (a *App) serveStatus(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 30*time.Second)
	defer cancel()
	s, err := a.Status(ctx)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(s) // a reader that has gone needs no answer
}
