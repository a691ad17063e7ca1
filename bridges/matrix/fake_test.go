package matrix

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"causeway/bridges"
)

// answer is what a homeserver says: a status, and JSON.
type answer struct {
	status int
	body   string
}

// fake is a homeserver that says what a test wants, and else that all is well. It
// knows nothing: what it says does not depend on what it was told.
type fake struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []string
	says   map[string][]answer // by method and a part of the path; the last one stays
	before func(r *http.Request)
}

// well is what is said where a test wants nothing else, the first that fits.
var well = []struct{ request, body string }{
	{"GET /account/whoami", `{"user_id": "@_xmpp_bot:localhost"}`},
	{"GET /versions", `{"versions": ["v1.16"]}`},
	{"POST /ping", `{"duration_ms": 1}`},
	{"GET /profile/", `{"displayname": "Bob"}`},
	{"POST /createRoom", `{"room_id": "!new"}`},
	{"POST /upload", `{"content_uri": "mxc://localhost/a"}`},
	{"GET /joined_rooms", `{"joined_rooms": []}`},
	{"GET /messages", `{"chunk": []}`},
	{"GET /members", `{"chunk": []}`},
	{"GET /relations/", `{"chunk": []}`},
	{"GET /event/", `{"type": "m.room.message", "event_id": "$1", "room_id": "!room", "sender": "@x:localhost", "content": {}}`},
	{"POST /user_directory/search", `{"results": [{"user_id": "@bob:localhost", "display_name": "Bob"}]}`},
	{"PUT /state/", `{"event_id": "$state"}`},
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{says: map[string][]answer{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

// ServeHTTP implements http.Handler.
func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	request := r.Method + " " + r.URL.EscapedPath()
	f.asked = append(f.asked, request)
	before, a := f.before, f.next(request)
	f.mu.Unlock()
	if before != nil {
		before(r)
	}
	if a.status == 0 {
		panic(http.ErrAbortHandler) // no answer
	}
	w.Header().Set("Retry-After", "3600")
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body))
}

func (f *fake) next(request string) answer {
	for which, all := range f.says {
		if fitsRequest(request, which) {
			if len(all) > 1 {
				f.says[which] = all[1:]
			}
			return all[0]
		}
	}
	if i := strings.LastIndexByte(request, '/'); fitsRequest(request, "PUT /send/") {
		return answer{http.StatusOK, `{"event_id": "$` + request[i+1:] + `"}`}
	}
	if fitsRequest(request, "GET /state/m.room.encryption") {
		return refused(http.StatusNotFound, "M_NOT_FOUND")
	}
	for _, x := range well {
		if fitsRequest(request, x.request) {
			return answer{http.StatusOK, x.body}
		}
	}
	return answer{http.StatusOK, `{}`}
}

// fitsRequest tells whether a request is of a kind: its method, and a part of its
// path.
func fitsRequest(request, which string) bool {
	method, part, _ := strings.Cut(which, " ")
	return strings.HasPrefix(request, method+" ") && strings.Contains(request, part)
}

// say sets the answers to requests of a kind.
func (f *fake) say(which string, all ...answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.says[which] = all
}

// count tells how many requests of a kind came.
func (f *fake) count(which string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(f.asked), func(r string) bool { return !fitsRequest(r, which) }))
}

// onFake is a bridge that asks a fake, and is not run.
func onFake(t *testing.T, n bridges.Notes) (*fake, *Bridge, *session) {
	t.Helper()
	f := newFake(t)
	b := newBridge(t, setting(t, f.URL, "127.0.0.1:0"), n)
	b.host, b.gap = newHost(b.ghosts.of(alice)), 0
	b.health.up()
	return f, b, open(t, b)
}

// refused is an error of the homeserver.
func refused(status int, code string) answer {
	body, _ := json.Marshal(map[string]string{"errcode": code, "error": "no"})
	return answer{status, string(body)}
}
