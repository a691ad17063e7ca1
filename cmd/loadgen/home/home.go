// Package home is a homeserver of Matrix that does as little as a load needs of one:
// people make rooms of two and write, the application service's users join and
// write, and every event is pushed. It keeps nothing, and checks nobody.
package home

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"causeway/bridges/matrix/appservice"
	"causeway/bridges/matrix/client"
)

// Config says whom to be a homeserver for.
type Config struct {
	Name         string                  // of the homeserver
	Registration appservice.Registration // where to push, and by which token
	// Pace is how long an event takes; one at a time is made. Zero: no time.
	Pace time.Duration
}

// Home is such a homeserver.
type Home struct {
	Config
	server http.Server
	ended  context.CancelFunc
	work   sync.WaitGroup
	turn   chan struct{} // holds the right to make an event
	news   chan struct{}
	pushed atomic.Int64

	mu      sync.Mutex
	n       int // of rooms and events
	members map[string][]string
	first   map[string][]json.RawMessage // events of a room
	queue   []json.RawMessage            // to be pushed
}

// Serve is a homeserver on l, which Close closes.
func Serve(l net.Listener, c Config) *Home {
	h := &Home{Config: c, turn: make(chan struct{}, 1), news: make(chan struct{}, 1), members: map[string][]string{}, first: map[string][]json.RawMessage{}}
	ctx, cancel := context.WithCancel(context.Background())
	h.ended, h.server.Handler = cancel, h.handler()
	h.work.Go(func() { h.push(ctx) })
	h.work.Go(func() { _ = h.server.Serve(l) })
	return h
}

// Close cuts off what is under way, and waits for its end.
func (h *Home) Close() {
	h.ended()
	_ = h.server.Close()
	h.work.Wait()
}

// Pushed is how many events the application service has taken.
func (h *Home) Pushed() int64 { return h.pushed.Load() }

// handler answers what it does not know with an empty object.
func (h *Home) handler() http.Handler {
	mux := http.NewServeMux()
	const v3 = " /_matrix/client/v3/"
	for pattern, answer := range map[string]func(r *http.Request, user string) (any, error){
		"GET" + v3 + "account/whoami": h.whoAmI, "POST" + v3 + "login": h.login,
		"POST" + v3 + "createRoom": h.create, "POST" + v3 + "rooms/{room}/join": h.join,
		"PUT" + v3 + "rooms/{room}/send/{type}/{txn}": h.send, "GET" + v3 + "rooms/{room}/members": h.all,
		"GET" + v3 + "rooms/{room}/messages":                 h.messages,
		"GET" + v3 + "rooms/{room}/state/m.room.encryption/": absent,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			said, err := answer(r, cmp.Or(r.URL.Query().Get("user_id"), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")))
			if err != nil {
				w.WriteHeader(http.StatusNotFound)
				said = map[string]string{"errcode": err.Error()}
			}
			_ = json.NewEncoder(w).Encode(said)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) })
	return mux
}

func absent(*http.Request, string) (any, error) { return nil, errors.New("M_NOT_FOUND") }

func (h *Home) whoAmI(*http.Request, string) (any, error) {
	return map[string]string{"user_id": "@" + h.Registration.SenderLocalpart + ":" + h.Name}, nil
}

// login gives a token that is the name of its owner.
func (h *Home) login(r *http.Request, _ string) (any, error) {
	var who struct {
		Identifier struct{ User string }
	}
	err := json.NewDecoder(r.Body).Decode(&who)
	return map[string]string{"access_token": "@" + who.Identifier.User + ":" + h.Name}, err
}

func (h *Home) create(r *http.Request, user string) (any, error) {
	var room struct{ Invite []string }
	err := json.NewDecoder(r.Body).Decode(&room)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.n++
	id := fmt.Sprintf("!room%d:%s", h.n, h.Name)
	h.member(id, user, user, "join")
	for _, who := range room.Invite {
		h.member(id, user, who, "invite")
	}
	return map[string]string{"room_id": id}, err
}

// member has somebody's membership change. The caller holds mu.
func (h *Home) member(room, by, who, is string) {
	if is == "join" && !slices.Contains(h.members[room], who) {
		h.members[room] = append(h.members[room], who)
	}
	h.happens(event{Type: "m.room.member", Room: room, Sender: by, StateKey: &who, Content: json.RawMessage(`{"membership":"` + is + `","is_direct":true}`)})
}

func (h *Home) join(r *http.Request, user string) (any, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.member(r.PathValue("room"), user, user, "join")
	return map[string]string{"room_id": r.PathValue("room")}, nil
}

func (h *Home) all(r *http.Request, _ string) (any, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := []event{}
	for _, who := range h.members[r.PathValue("room")] {
		all = append(all, event{Type: "m.room.member", ID: "$" + who, Room: r.PathValue("room"), Sender: who, StateKey: &who, Content: json.RawMessage(`{"membership":"join"}`)})
	}
	return map[string]any{"chunk": all}, nil
}

func (h *Home) messages(r *http.Request, _ string) (any, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	page := slices.Clone(h.first[r.PathValue("room")])
	if r.FormValue("dir") == client.Back {
		slices.Reverse(page)
	}
	return map[string]any{"chunk": page}, nil
}

// send is the request for Say.
func (h *Home) send(r *http.Request, user string) (any, error) {
	var content json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&content); err != nil {
		return nil, err
	}
	return map[string]string{"event_id": h.Say(r.PathValue("room"), user, r.PathValue("type"), content)}, nil
}

// Say makes an event, at the pace of this homeserver, and returns its id.
func (h *Home) Say(room, user, kind string, content json.RawMessage) string {
	if h.Pace > 0 {
		h.turn <- struct{}{}
		time.Sleep(h.Pace)
		<-h.turn
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.happens(event{Type: kind, Room: room, Sender: user, Content: content})
}

// event is one in the form for clients.
type event struct {
	Type     string          `json:"type"`
	ID       string          `json:"event_id"`
	Room     string          `json:"room_id"`
	Sender   string          `json:"sender"`
	StateKey *string         `json:"state_key,omitempty"`
	Content  json.RawMessage `json:"content"`
	Time     int64           `json:"origin_server_ts"`
}

// happens has an event pushed, and returns its id. The caller holds mu.
func (h *Home) happens(e event) string {
	h.n++
	e.ID, e.Time = fmt.Sprintf("$%043d", h.n), time.Now().UnixMilli()
	raw, _ := json.Marshal(e)
	if first := h.first[e.Room]; len(first) < few {
		h.first[e.Room] = append(first, raw)
	}
	h.queue = append(h.queue, raw)
	select {
	case h.news <- struct{}{}:
	default:
	}
	return e.ID
}

// few is how many events of a room can be read back: those before its ghost joins.
const few = 10

// most is how many events a transaction has; those of Synapse have as many.
const most = 100

// push pushes what happens until ctx ends: one transaction at a time, and as a real
// homeserver has it some time after who wrote the event knows that it is there.
func (h *Home) push(ctx context.Context) {
	address := h.Registration.URL + "/_matrix/app/v1/transactions/"
	var c http.Client
	for n := 1; ; {
		h.mu.Lock()
		events := h.queue[:min(len(h.queue), most)]
		h.mu.Unlock()
		if len(events) == 0 {
			select {
			case <-h.news:
				time.Sleep(h.Pace / 3)
				continue
			case <-ctx.Done():
				return
			}
		}
		if err := h.tell(ctx, &c, fmt.Sprint(address, n), events); err != nil {
			if ctx.Err() != nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
			continue
		}
		n++
		h.pushed.Add(int64(len(events)))
		h.mu.Lock()
		h.queue = h.queue[len(events):]
		h.mu.Unlock()
	}
}

func (h *Home) tell(ctx context.Context, c *http.Client, address string, events []json.RawMessage) error {
	body, err := json.Marshal(map[string]any{"events": events, "ephemeral": []string{}})
	if err != nil {
		return err
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPut, address, strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	q.Header.Set("Authorization", "Bearer "+string(h.Registration.HSToken))
	a, err := c.Do(q)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	if _, err := io.Copy(io.Discard, a.Body); err != nil { // unread, it would cost the connection
		return err
	}
	if a.StatusCode != http.StatusOK {
		return &url.Error{Op: "push", URL: address, Err: errors.New(a.Status)}
	}
	return nil
}
