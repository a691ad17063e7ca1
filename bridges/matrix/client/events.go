package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"causeway/bridges/matrix/event"
)

// Send sends an event to a room and returns its id. With the same txn in the same
// room and type nothing is sent twice, and the id is that of the first; Synapse
// keeps that for a day, through restarts too, and in part for all of our users
// alike: txn names the sender too. content becomes a JSON object.
func (u *User) Send(ctx context.Context, room, kind, txn string, content any) (string, error) {
	return u.sendOnce(ctx, v3("rooms", room, "send", kind, txn), content)
}

// Redact takes the content of an event away, and returns the id of the event that
// does so. For txn see Send. The reason may be empty.
func (u *User) Redact(ctx context.Context, room, id, txn, reason string) (string, error) {
	return u.sendOnce(ctx, v3("rooms", room, "redact", id, txn), why(reason))
}

// event makes a call that is answered with the id of an event.
func (u *User) event(ctx context.Context, path []string, query url.Values, body any) (string, error) {
	var a struct {
		ID string `json:"event_id"`
	}
	err := u.do(ctx, call{method: http.MethodPut, path: path, query: query, body: body, answer: &a})
	return a.ID, err
}

// Typing says that the user writes, for as long as timeout, or no more.
func (u *User) Typing(ctx context.Context, room string, on bool, timeout time.Duration) error {
	id, err := u.name(ctx)
	if err != nil {
		return err
	}
	body := map[string]any{"typing": on}
	if on {
		body["timeout"] = timeout.Milliseconds()
	}
	return u.do(ctx, call{method: http.MethodPut, path: v3("rooms", room, "typing", id), body: body})
}

// Read says that the user has read a room up to this event.
func (u *User) Read(ctx context.Context, room, id string) error {
	path := v3("rooms", room, "receipt", "m.read", id)
	return u.do(ctx, call{method: http.MethodPost, path: path, body: struct{}{}})
}

// Page is a part of what was said in a room.
type Page struct {
	Events []event.Event // in the direction asked for; what makes no sense is left out
	End    string        // where the next page begins; empty: there is none
}

// The directions of Messages.
const (
	Back    = "b"
	Forward = "f"
)

// Messages returns at most limit events of a room from a place on. An empty from
// is the newest event (Back) or the oldest (Forward) that the user may see. A page
// may be empty and yet not the last.
func (u *User) Messages(ctx context.Context, room, from, dir string, limit int) (Page, error) {
	q := url.Values{"dir": {dir}, "limit": {strconv.Itoa(limit)}}
	if from != "" {
		q.Set("from", from)
	}
	var a struct {
		Chunk []json.RawMessage `json:"chunk"`
		End   string            `json:"end"`
	}
	err := u.do(ctx, call{method: http.MethodGet, path: v3("rooms", room, "messages"), query: q, answer: &a})
	p := Page{End: a.End}
	for _, raw := range a.Chunk {
		if e, err := event.Decode(raw); err == nil {
			p.Events = append(p.Events, e)
		}
	}
	return p, err
}

// Event returns an event of a room; an *Error with the status 404 when it is in no
// part of the room that the user may see.
func (u *User) Event(ctx context.Context, room, id string) (event.Event, error) {
	var raw json.RawMessage
	if err := u.do(ctx, call{method: http.MethodGet, path: v3("rooms", room, "event", id), answer: &raw}); err != nil {
		return event.Event{}, err
	}
	e, err := event.Decode(raw)
	if err != nil {
		return e, &Error{Status: http.StatusOK, Text: "the homeserver's answer cannot be read", Cause: err}
	}
	return e, nil
}

// Relations returns the events of a type that have something to do with another, in
// the newest of a few pages. What was redacted has nothing to do with it any more.
func (u *User) Relations(ctx context.Context, room, id, rel, kind string) (all []event.Event, err error) {
	from := ""
	for range maxRelations {
		var page []event.Event
		if page, from, err = u.RelationsFrom(ctx, room, id, rel, kind, from); err != nil {
			return nil, err
		}
		if all = append(all, page...); from == "" {
			break
		}
	}
	return all, nil
}

// RelationsFrom returns one page of them: the first one, or that which another one has named
// as the next.
func (u *User) RelationsFrom(ctx context.Context, room, id, rel, kind, from string) (all []event.Event, next string, err error) {
	q := url.Values{"limit": {"100"}}
	if from != "" {
		q.Set("from", from)
	}
	var a struct {
		Chunk []json.RawMessage `json:"chunk"`
		Next  string            `json:"next_batch"`
	}
	path := []string{"_matrix", "client", "v1", "rooms", room, "relations", id, rel, kind}
	if err := u.do(ctx, call{method: http.MethodGet, path: path, query: q, answer: &a}); err != nil {
		return nil, "", err
	}
	for _, raw := range a.Chunk {
		if e, err := event.Decode(raw); err == nil {
			all = append(all, e)
		}
	}
	return all, a.Next, nil
}

// maxRelations bounds the pages that Relations reads.
const maxRelations = 10
