package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"causeway/bridges/matrix/event"
)

// Room says what a new room is like (Spec, createRoom).
type Room struct {
	// Preset is private_chat, trusted_private_chat (all have the power of who
	// made it) or public_chat.
	Preset string   `json:"preset,omitempty"`
	Invite []string `json:"invite,omitempty"`
	Direct bool     `json:"is_direct,omitempty"` // the invites say that it is a chat of two
	Name   string   `json:"name,omitempty"`
}

// Member is somebody who has to do with a room.
type Member struct {
	User       string
	Membership string // join, invite, leave, ban or knock
	Name       string // in this room; may be empty
}

// CreateRoom makes a room, of which the user is a member, and returns its id. It
// is not repeated when its outcome is unknown: there may be a room then.
func (u *User) CreateRoom(ctx context.Context, r Room) (string, error) {
	var a struct {
		Room string `json:"room_id"`
	}
	err := u.do(ctx, call{method: http.MethodPost, path: v3("createRoom"), body: r, answer: &a, once: true})
	return a.Room, err
}

// Join enters a room that is open to the user. Nil when it is in already.
// M_FORBIDDEN: it is not invited.
func (u *User) Join(ctx context.Context, room string) error {
	return u.do(ctx, call{method: http.MethodPost, path: v3("rooms", room, "join"), body: struct{}{}})
}

// Leave leaves a room or refuses an invite. The reason may be empty.
func (u *User) Leave(ctx context.Context, room, reason string) error {
	return u.do(ctx, call{method: http.MethodPost, path: v3("rooms", room, "leave"), body: why(reason)})
}

// Invite invites somebody. M_FORBIDDEN: the user may not, or the other is a
// member or banned.
func (u *User) Invite(ctx context.Context, room, user, reason string) error {
	body := why(reason)
	body["user_id"] = user
	return u.do(ctx, call{method: http.MethodPost, path: v3("rooms", room, "invite"), body: body})
}

func why(reason string) map[string]string {
	if reason == "" {
		return map[string]string{}
	}
	return map[string]string{"reason": reason}
}

// Members returns everybody who has or had to do with a room. What makes no sense
// is left out.
func (u *User) Members(ctx context.Context, room string) ([]Member, error) {
	var a struct {
		Chunk []json.RawMessage `json:"chunk"`
	}
	if err := u.do(ctx, call{method: http.MethodGet, path: v3("rooms", room, "members"), answer: &a}); err != nil {
		return nil, err
	}
	all := make([]Member, 0, len(a.Chunk))
	for _, raw := range a.Chunk {
		if m, ok := member(raw); ok {
			all = append(all, m)
		}
	}
	return all, nil
}

func member(raw []byte) (Member, bool) {
	e, err := event.Decode(raw)
	if err != nil || e.StateKey == nil || e.Type != "m.room.member" {
		return Member{}, false
	}
	var c struct {
		Membership loose `json:"membership"`
		Name       loose `json:"displayname"`
	}
	if json.Unmarshal(e.Content, &c) != nil || c.Membership == "" {
		return Member{}, false
	}
	return Member{User: *e.StateKey, Membership: string(c.Membership), Name: string(c.Name)}, true
}

// StateEvent returns a state event. M_NOT_FOUND: there is none; M_FORBIDDEN: the user is
// not in the room. Of a homeserver that does not know that it was asked for all of it
// (format=event) it is the content alone, without an ID.
func (u *User) StateEvent(ctx context.Context, room, kind, key string) (event.Event, error) {
	var raw json.RawMessage
	path, q := v3("rooms", room, "state", kind, key), url.Values{"format": {"event"}}
	if err := u.do(ctx, call{method: http.MethodGet, path: path, query: q, answer: &raw}); err != nil {
		return event.Event{}, err
	}
	e, err := event.Decode(raw)
	if err != nil || e.Type != kind {
		return event.Event{Type: kind, Room: room, Content: raw}, nil
	}
	return e, nil
}

// SendState sets a state event and returns the event's id. To set what is there
// already changes nothing and returns the id of what is there.
func (u *User) SendState(ctx context.Context, room, kind, key string, content any) (string, error) {
	return u.event(ctx, v3("rooms", room, "state", kind, key), nil, content)
}

// Rooms returns the rooms that the user is in.
func (u *User) Rooms(ctx context.Context) ([]string, error) {
	var a struct {
		Rooms []string `json:"joined_rooms"`
	}
	err := u.do(ctx, call{method: http.MethodGet, path: v3("joined_rooms"), answer: &a})
	return a.Rooms, err
}
