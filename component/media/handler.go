package media

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"causeway/bridges"
)

// readersAtOnce bounds who reads files of one account at a time.
const readersAtOnce = 32

// Handler serves what Link points to, under /media/. It trusts nobody: not who
// asks, and not the network with what a file is.
func (s *Service) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := &paced{ResponseWriter: w, control: http.NewResponseController(w), idle: s.times.idle}
		// A file may take longer to come than the web server waits for requests.
		_ = p.control.SetReadDeadline(time.Time{}) // a server without deadlines has none to lift
		for k, v := range harmless {
			w.Header().Set(k, v)
		}
		if err := s.serve(p, r); err != nil {
			s.refuse(p, s.metrics.refuse(wayServe, err))
		}
	})
}

// harmless keeps a browser from taking a file for a page of this host.
var harmless = map[string]string{
	"X-Content-Type-Options":       "nosniff",
	"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'; sandbox",
	"Cross-Origin-Resource-Policy": "cross-origin", // web clients show pictures
	"Referrer-Policy":              "no-referrer",
	"Cache-Control":                "no-store",
}

// request is what somebody wants to read.
type request struct {
	domain, name string
	claim
	source Source
}

var errMethod = errors.New("media: not a method to read")

func (s *Service) serve(w *paced, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		return errMethod
	}
	q, err := s.request(r.URL.EscapedPath())
	if err != nil {
		return err
	}
	left := time.Until(q.until)
	if left <= 0 {
		return fault(reasonExpired, bridges.NotFound, "This link is too old.", "an old link")
	}
	done, ok := s.readers.try(q.account)
	if !ok {
		return fault(reasonBusy, bridges.Temporary, "Too many are reading.", "more than %d read files of %s", readersAtOnce, q.account)
	}
	defer done()
	key := q.domain + "\x00" + string(q.account) + "\x00" + q.id
	it, err := s.borrow(r.Context(), key, func(ctx context.Context) (*bridges.Content, error) {
		return q.source(ctx, q.account, bridges.File{ID: q.id, Name: q.name})
	})
	if err != nil {
		return err
	}
	defer s.giveBack(it)
	return s.send(w, r, q, it, left)
}

// request reads the path of a link: domain, token, name.
func (s *Service) request(escaped string) (q request, err error) {
	no := fault(reasonLink, bridges.NotFound, "There is no such file.", "not a link of this program")
	rest, ok := strings.CutPrefix(escaped, mount)
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 3 {
		return q, no
	}
	for _, i := range []int{0, 2} {
		if parts[i], err = url.PathUnescape(parts[i]); err != nil {
			return q, no
		}
	}
	q.domain, q.name = parts[0], parts[2]
	s.mu.Lock()
	q.source = s.sources[q.domain]
	s.mu.Unlock()
	key, ok := s.cfg.Keys[q.domain]
	if !ok || q.source == nil {
		return q, no
	}
	if q.claim, err = key.open(q.domain, q.name, parts[1]); err != nil {
		return q, no
	}
	return q, nil
}

// send answers with a file that is on the disk.
func (s *Service) send(w *paced, r *http.Request, q request, it *item, left time.Duration) error {
	file := io.NewSectionReader(it.file.file, 0, it.file.Size)
	head := make([]byte, sniffed)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return noRoom(err)
	}
	mediaType, show := judge(head[:n], it.file.Type)
	disposition := "attachment"
	if show {
		disposition = "inline"
	}
	if mediaType == "text/plain" {
		mediaType += "; charset=utf-8"
	}
	sum := sha256.Sum256([]byte(it.key))
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": q.name}))
	h.Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:])+`"`)
	h.Set("Cache-Control", "private, max-age="+strconv.Itoa(int(min(left, 24*time.Hour)/time.Second)))
	w.bytes = s.metrics.begins(wayServe)
	http.ServeContent(w, r, "", time.Time{}, file)
	return nil
}

// refuse answers with why a file is not served.
func (s *Service) refuse(w *paced, err error) {
	code, text := http.StatusBadGateway, "The network does not give this file."
	var e *bridges.Error
	switch {
	case errors.Is(err, errMethod):
		code, text = http.StatusMethodNotAllowed, "Files can only be read."
	case errors.As(err, &e):
		switch text = e.Text; e.Kind {
		case bridges.NotFound:
			code = http.StatusNotFound
		case bridges.Temporary:
			code = http.StatusServiceUnavailable
			w.Header().Set("Retry-After", strconv.Itoa(max(10, int(e.After/time.Second))))
		}
	}
	s.log.Debug("media: a file is not served", "error", err)
	http.Error(w, text, code)
}

// paced is an answer whose reader must go on taking it.
type paced struct {
	http.ResponseWriter
	control *http.ResponseController
	idle    time.Duration
	bytes   prometheus.Counter // nil: not a file
}

// Write implements io.Writer.
func (p *paced) Write(b []byte) (int, error) {
	_ = p.control.SetWriteDeadline(time.Now().Add(p.idle)) // see SetReadDeadline
	n, err := p.ResponseWriter.Write(b)
	if p.bytes != nil {
		p.bytes.Add(float64(n))
	}
	return n, err
}
