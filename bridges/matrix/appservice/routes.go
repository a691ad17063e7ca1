package appservice

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"causeway/bridges/settings"
)

// answer is what a request gets: a status, and a Matrix error code unless it is
// 200.
type answer struct {
	status int
	code   string
	body   string // JSON; empty: {}
}

// The answers (Spec, Homeserver -> Application Service API).
var (
	fine         = answer{status: http.StatusOK}
	notFound     = answer{status: http.StatusNotFound, code: "M_NOT_FOUND"}
	unknownPath  = answer{status: http.StatusNotFound, code: "M_UNRECOGNIZED"}
	unknownVerb  = answer{status: http.StatusMethodNotAllowed, code: "M_UNRECOGNIZED"}
	missingToken = answer{status: http.StatusUnauthorized, code: "M_MISSING_TOKEN"}
	wrongToken   = answer{status: http.StatusForbidden, code: "M_FORBIDDEN"}
	tooLarge     = answer{status: http.StatusRequestEntityTooLarge, code: "M_TOO_LARGE"}
	notJSON      = answer{status: http.StatusBadRequest, code: "M_NOT_JSON"}
	failed       = answer{status: http.StatusInternalServerError, code: "M_UNKNOWN"}
)

// write sends the answer, and {} when all is well.
func (a answer) write(w http.ResponseWriter) {
	body := []byte(cmp.Or(a.body, "{}"))
	if a.code != "" {
		body, _ = json.Marshal(map[string]string{"errcode": a.code})
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // who hung up comes again
}

// prefix is that of all paths but the old ones, which had none.
const prefix = "/_matrix/app/v1"

// route is a request that we know: its last segment is id.
type route struct {
	method string
	run    func(s *Server, ctx context.Context, id string, body io.Reader) answer
}

var routes = map[string]route{
	"transactions": {http.MethodPut, (*Server).transaction},
	"users":        {http.MethodGet, (*Server).user},
	"rooms":        {http.MethodGet, (*Server).alias},
	"ping":         {http.MethodPost, (*Server).ping},
}

// thirdparties are the questions about other networks, by the part of the path
// behind the prefix. Some say what they are about in the query.
const thirdparties = "/thirdparty/"

// find returns the route of a path, and the id in it.
func find(escaped string) (route, string, bool) {
	path := strings.TrimPrefix(escaped, prefix)
	name, segment, two := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	r, ok := routes[name]
	if name == "ping" {
		return r, "", !two && path != escaped
	}
	id, err := url.PathUnescape(segment)
	return r, id, ok && err == nil && id != "" && !strings.Contains(segment, "/")
}

// serve answers one request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if !s.begin() {
		failed.write(w)
		return
	}
	defer s.busy.Done()
	s.answer(w, r).write(w)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) answer {
	to, id, known := find(r.URL.EscapedPath())
	if rest, ok := strings.CutPrefix(r.URL.Path, prefix+thirdparties); ok {
		to, id, known = route{http.MethodGet, func(s *Server, ctx context.Context, id string, _ io.Reader) answer {
			return s.thirdparty(ctx, id, r.URL.Query())
		}}, rest, true
	}
	switch {
	case !known:
		s.Count(Unrecognized)
		return unknownPath
	case r.Method != to.method:
		s.Count(Unrecognized)
		return unknownVerb
	}
	if a := authorize(r, s.Token); a != fine {
		s.Count(Unauthorized)
		s.Log.Warn("a request without our hs_token", "from", r.RemoteAddr)
		return a
	}
	if r.ContentLength > bodyBytes { // nobody waits for what is not read to its end
		s.Count(BadBody)
		s.Log.Error("a request is too large", "from", r.RemoteAddr, "bytes", r.ContentLength)
		return tooLarge
	}
	ctx, cancel := context.WithTimeout(r.Context(), handleTime)
	defer cancel()
	return to.run(s, ctx, id, http.MaxBytesReader(w, r.Body, bodyBytes))
}

// authorize checks the token, which old homeservers put into the query. When it
// is in both places, both must be right.
func authorize(r *http.Request, token settings.Secret) answer {
	var given []string
	if h := r.Header.Get("Authorization"); h != "" {
		given = append(given, strings.TrimPrefix(h, "Bearer "))
	}
	if q := r.URL.Query(); q.Has("access_token") {
		given = append(given, q["access_token"]...)
	}
	if len(given) == 0 {
		return missingToken
	}
	for _, g := range given {
		if token == "" || !equal(g, string(token)) {
			return wrongToken
		}
	}
	return fine
}

// equal takes as long whatever differs; the sums hide the length.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// ping answers the homeserver when we have asked it to ask us.
func (s *Server) ping(context.Context, string, io.Reader) answer {
	s.Count(Pinged)
	return fine
}

func (s *Server) user(ctx context.Context, id string, _ io.Reader) answer {
	return s.query(ctx, id, s.Handler.HasUser)
}

func (s *Server) alias(ctx context.Context, id string, _ io.Reader) answer {
	return s.query(ctx, id, s.Handler.HasAlias)
}

func (s *Server) query(ctx context.Context, id string, has func(context.Context, string) (bool, error)) answer {
	s.Count(Query)
	ok, err := has(ctx, id)
	switch {
	case err != nil:
		s.Log.Warn("a homeserver's question has no answer", "about", id, "err", err)
		return failed
	case !ok:
		return notFound
	}
	return fine
}

// transaction reads a transaction before its turn: the body must not wait.
func (s *Server) transaction(ctx context.Context, id string, body io.Reader) answer {
	t, a := s.read(id, body)
	if a != fine {
		s.Count(BadBody)
		s.Log.Error("a transaction cannot be read, and nothing comes before it is", "transaction", id, "code", a.code)
		return a
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return failed
	}
	t.Fresh = !ctx.Value(used{}).(*atomic.Bool).Swap(true)
	if err := s.Handler.Transaction(ctx, t); err != nil {
		s.Count(Refused)
		s.Log.Warn("a transaction was not taken and will come again", "transaction", id, "err", err)
		return failed
	}
	s.Count(Taken)
	return fine
}

func (s *Server) read(id string, body io.Reader) (*Transaction, answer) {
	raw, err := io.ReadAll(body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, tooLarge
	case err != nil:
		return nil, failed // cut off or too slow
	}
	t, bad, err := decodeTransaction(id, raw)
	if err != nil {
		return nil, notJSON
	}
	for _, b := range bad {
		s.Count(Malformed)
		s.Log.Warn("an event makes no sense and is skipped", "transaction", id,
			"event", b.event.ID, "type", b.event.Type, "room", b.event.Room, "err", b.err)
	}
	return t, fine
}
