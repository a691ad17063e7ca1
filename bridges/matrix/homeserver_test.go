package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"sync"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/bridges/matrix/client"
)

// homeserver is a fake that knows rooms, what is said in them, and a bob who takes
// every invitation. What it knows no better it says as fake does.
type homeserver struct {
	*fake
	front *httptest.Server
	token string // the hs_token
	push  http.Client

	mu      sync.Mutex
	address string // of the bridge
	rooms   []*joint
	seen    history           // by bob
	txns    map[string]string // the events that were sent with a transaction
	files   map[string]string
	queue   []*pushed
	news    chan struct{}
	n       int
}

// joint is a room.
type joint struct {
	id      string
	members map[string]membership
	events  []spoken
}

// spoken is an event of it.
type spoken struct {
	Type     string          `json:"type"`
	ID       string          `json:"event_id"`
	Room     string          `json:"room_id"`
	Sender   string          `json:"sender"`
	StateKey *string         `json:"state_key,omitempty"`
	Redacts  string          `json:"redacts,omitempty"`
	Content  json.RawMessage `json:"content"`
	Time     int64           `json:"origin_server_ts"`
	Unsigned any             `json:"unsigned,omitempty"`
}

// pushed is a transaction for the bridge.
type pushed struct {
	id            int
	events, signs []spoken // signs are ephemeral
}

const bobID = "@bob:localhost"

func newHomeserver(t *testing.T, l *bridgetest.Line) *homeserver {
	t.Helper()
	wire := new(http.Transport)
	h := &homeserver{
		fake: newFake(t), seen: newHistory(), txns: map[string]string{}, files: map[string]string{}, news: make(chan struct{}, 1),
		push: http.Client{Transport: passing{l, bridgetest.Telling, bridgetest.Told, wire}},
	}
	mux := http.NewServeMux()
	const v3 = " /_matrix/client/v3/"
	for pattern, f := range map[string]func(r *http.Request, user string) (any, string){
		"POST" + v3 + "createRoom": h.create, "GET" + v3 + "joined_rooms": h.joined,
		"PUT" + v3 + "rooms/{room}/send/{type}/{txn}": h.send, "PUT" + v3 + "rooms/{room}/state/m.room.member/{user}": h.invite,
		"GET" + v3 + "rooms/{room}/messages": h.messages, "GET" + v3 + "rooms/{room}/members": h.members,
		"POST" + v3 + "rooms/{room}/join": h.join, "POST" + v3 + "rooms/{room}/leave": h.leave,
		"PUT" + v3 + "rooms/{room}/redact/{event}/{txn}": h.redact, "GET" + v3 + "rooms/{room}/event/{event}": h.event,
		"PUT" + v3 + "rooms/{room}/typing/{user}": h.typing, "POST" + v3 + "rooms/{room}/receipt/m.read/{event}": h.receipt,
		"PUT" + v3 + "presence/{user}/status": h.presence, "PUT" + v3 + "profile/{user}/displayname": h.name,
		"POST /_matrix/media/v3/upload":                                      h.upload,
		"GET /_matrix/client/v1/rooms/{room}/relations/{event}/{rel}/{type}": h.relations,
		"GET" + v3 + "rooms/{room}/state/m.room.encryption/":                 func(*http.Request, string) (any, string) { return nil, "M_NOT_FOUND" },
	} {
		mux.HandleFunc(pattern, h.answer(f))
	}
	mux.HandleFunc("GET /_matrix/client/v1/media/download/{server}/{id}", h.download)
	mux.Handle("/", h.fake)
	h.front = httptest.NewServer(mux)
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { h.tell(ctx) })
	t.Cleanup(func() { cancel(); work.Wait(); wire.CloseIdleConnections(); h.front.Close() })
	return h
}

// answer answers a request by what it gives, or by an error with a code.
func (h *homeserver) answer(f func(r *http.Request, user string) (any, string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		v, code := f(r, r.URL.Query().Get("user_id"))
		h.mu.Unlock()
		if code != "" {
			w.WriteHeader(map[string]int{"M_FORBIDDEN": 403, "M_NOT_FOUND": 404, "M_TOO_LARGE": 413}[code])
			v = map[string]string{"errcode": code, "error": "no"}
		}
		_ = json.NewEncoder(w).Encode(v)
	}
}

func (h *homeserver) room(r *http.Request) *joint {
	for _, x := range h.rooms {
		if x.id == r.PathValue("room") {
			return x
		}
	}
	return &joint{}
}

// happens adds an event to a room, and has the bridge told.
func (h *homeserver) happens(x *joint, e spoken) string {
	h.n++
	e.ID, e.Room, e.Time = fmt.Sprintf("$%d", h.n), x.id, time.Now().UnixMilli()
	x.events = append(x.events, e)
	c := utteredIn(e.Content)
	h.seen.add(happened{e.ID, e.Type, e.Sender, e.Redacts, c, h.files[path.Base(c.URL)]})
	h.queue = append(h.queue, &pushed{id: h.n, events: []spoken{e}})
	nudge(h.news)
	return e.ID
}

// becomes has somebody's membership change.
func (h *homeserver) becomes(x *joint, sender, who string, m membership) {
	x.members[who] = m
	content := fmt.Sprintf(`{"membership": %q, "is_direct": true}`, m)
	h.happens(x, spoken{Type: typeMember, Sender: sender, StateKey: &who, Content: json.RawMessage(content)})
	if who == bobID && m == invited {
		h.becomes(x, who, who, joined)
	}
}

func (h *homeserver) found(by string) *joint {
	h.n++
	x := &joint{id: fmt.Sprintf("!room%d", h.n), members: map[string]membership{}}
	h.rooms = append(h.rooms, x)
	h.becomes(x, by, by, joined)
	return x
}

func (h *homeserver) create(r *http.Request, user string) (any, string) {
	var want struct{ Invite []string }
	if json.NewDecoder(r.Body).Decode(&want) != nil {
		return nil, "M_FORBIDDEN"
	}
	x := h.found(user)
	for _, who := range want.Invite {
		h.becomes(x, user, who, invited)
	}
	return map[string]string{"room_id": x.id}, ""
}

func (h *homeserver) joined(_ *http.Request, user string) (any, string) {
	ids := []string{}
	for _, x := range h.rooms {
		if x.members[user] == joined {
			ids = append(ids, x.id)
		}
	}
	return map[string]any{"joined_rooms": ids}, ""
}

func (h *homeserver) send(r *http.Request, user string) (any, string) {
	x, txn := h.room(r), user+" "+r.PathValue("txn")
	if id, ok := h.txns[txn]; ok {
		return map[string]string{"event_id": id}, ""
	}
	var content bytes.Buffer
	_, _ = content.ReadFrom(r.Body)
	switch {
	case x.members[user] != joined:
		return nil, "M_FORBIDDEN"
	case content.Len() > maxContent+editFrame:
		return nil, "M_TOO_LARGE"
	}
	h.txns[txn] = h.happens(x, spoken{Type: r.PathValue("type"), Sender: user, Content: content.Bytes()})
	return map[string]string{"event_id": h.txns[txn]}, ""
}

func (h *homeserver) invite(r *http.Request, user string) (any, string) {
	x := h.room(r)
	if x.members[user] != joined {
		return nil, "M_FORBIDDEN"
	}
	h.becomes(x, user, r.PathValue("user"), invited)
	return map[string]string{"event_id": "$state"}, ""
}

func (h *homeserver) messages(r *http.Request, user string) (any, string) {
	x := h.room(r)
	if x.members[user] != joined {
		return nil, "M_FORBIDDEN"
	}
	page := slices.Clone(x.events) // all are on one
	if r.FormValue("dir") == client.Back {
		slices.Reverse(page)
	}
	return map[string]any{"chunk": page}, ""
}

func (h *homeserver) members(r *http.Request, user string) (any, string) {
	x := h.room(r)
	if x.members[user] != joined {
		return nil, "M_FORBIDDEN"
	}
	all := []spoken{}
	for who, m := range x.members {
		content := json.RawMessage(fmt.Sprintf(`{"membership": %q}`, m))
		all = append(all, spoken{Type: typeMember, ID: "$member", Room: x.id, Sender: who, StateKey: &who, Content: content})
	}
	return map[string]any{"chunk": all}, ""
}

func (h *homeserver) join(r *http.Request, user string) (any, string) {
	x := h.room(r)
	switch {
	case !x.members[user].in():
		return nil, "M_FORBIDDEN"
	case x.members[user] == invited:
		h.becomes(x, user, user, joined)
	}
	return map[string]string{"room_id": x.id}, ""
}

func (h *homeserver) leave(r *http.Request, user string) (any, string) {
	x := h.room(r)
	if !x.members[user].in() {
		return nil, "M_FORBIDDEN"
	}
	h.becomes(x, user, user, left)
	return struct{}{}, ""
}

// tell gives the bridge what it has not, one transaction at a time, and each until
// it is taken.
func (h *homeserver) tell(ctx context.Context) {
	for ctx.Err() == nil {
		h.mu.Lock()
		queue, address := h.queue, h.address
		h.mu.Unlock()
		if len(queue) > 0 && address != "" && h.give(ctx, address, queue[0]) {
			h.mu.Lock()
			h.queue = h.queue[1:]
			h.mu.Unlock()
			continue
		}
		pause, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		select {
		case <-h.news:
		case <-pause.Done():
		}
		cancel()
	}
}

// give is one try, and tells whether a transaction was taken.
func (h *homeserver) give(ctx context.Context, address string, p *pushed) bool {
	body, _ := json.Marshal(map[string]any{"events": p.events, "ephemeral": p.signs})
	to := fmt.Sprintf("http://%s/_matrix/app/v1/transactions/%d", address, p.id)
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, to, bytes.NewReader(body))
	if err != nil {
		return false
	}
	r.Header.Set("Authorization", "Bearer "+h.token)
	a, err := h.push.Do(r)
	if err != nil {
		return false
	}
	return a.Body.Close() == nil && a.StatusCode == http.StatusOK
}

// Texts implements bridgetest.Network.
func (h *homeserver) Texts(from bridges.UserID) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return of(h.seen.texts, from)
}

// Sees implements bridgetest.Seeing.
func (h *homeserver) Sees(from bridges.UserID) []bridgetest.Act {
	h.mu.Lock()
	defer h.mu.Unlock()
	return of(h.seen.sights, from)
}

// Say implements bridgetest.Network.
func (h *homeserver) Say(_ *testing.T, to bridges.UserID, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	x := h.together(userID(to))
	if x == nil {
		x = h.found(bobID)
		h.becomes(x, bobID, userID(to), invited)
	}
	h.happens(x, spoken{Type: typeMessage, Sender: bobID, Content: json.RawMessage(body(text))})
}

// together returns the newest room in which bob and somebody are, or nil.
func (h *homeserver) together(who string) *joint {
	for _, x := range slices.Backward(h.rooms) {
		if x.members[bobID].in() && x.members[who].in() {
			return x
		}
	}
	return nil
}

// listen is the listener of a bridge, which the homeserver knows then.
func (h *homeserver) listen(_, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.address = l.Addr().String()
	return l, nil
}
