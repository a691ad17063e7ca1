package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// Profile is what somebody shows to everybody. Each field may be empty.
type Profile struct {
	Name   string
	Avatar string // mxc://SERVER/ID
}

// Found is somebody in the user directory.
type Found struct {
	User string
	Profile
}

// loose is a string that another homeserver said, or something else instead; then
// it is empty.
type loose string

// UnmarshalJSON never fails.
func (l *loose) UnmarshalJSON(raw []byte) error {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		*l = loose(s)
	}
	return nil
}

// Profile asks for that of anybody. M_NOT_FOUND: there is no such user. Who has
// neither name nor picture may be none for the homeserver; so it is asked for the
// name alone, too, which a user lacks without being nobody (MSC4537).
func (u *User) Profile(ctx context.Context, user string) (Profile, error) {
	p, err := u.shown(ctx, v3("profile", user))
	if Is(err, "M_NOT_FOUND") {
		p, err = u.shown(ctx, v3("profile", user, "displayname"))
	}
	return p, err
}

func (u *User) shown(ctx context.Context, path []string) (Profile, error) {
	var a struct {
		Name   loose `json:"displayname"`
		Avatar loose `json:"avatar_url"`
	}
	err := u.do(ctx, call{method: http.MethodGet, path: path, answer: &a})
	var e *Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound {
		e.Code = "M_NOT_FOUND" // COMPAT: Synapse says M_UNKNOWN
	}
	return Profile{string(a.Name), string(a.Avatar)}, err
}

// SetName sets the user's display name; empty takes it away.
func (u *User) SetName(ctx context.Context, name string) error {
	return u.show(ctx, "displayname", name)
}

// SetAvatar sets the user's picture, an mxc URI; empty takes it away.
func (u *User) SetAvatar(ctx context.Context, mxc string) error {
	return u.show(ctx, "avatar_url", mxc)
}

func (u *User) show(ctx context.Context, field, value string) error {
	id, err := u.name(ctx)
	if err != nil {
		return err
	}
	body := map[string]string{field: value}
	return u.do(ctx, call{method: http.MethodPut, path: v3("profile", id, field), body: body})
}

// SearchUsers returns at most limit people of the user directory whose names or
// ids hold the term.
func (u *User) SearchUsers(ctx context.Context, term string, limit int) ([]Found, error) {
	var a struct {
		Results []struct {
			User   string `json:"user_id"`
			Name   loose  `json:"display_name"`
			Avatar loose  `json:"avatar_url"`
		} `json:"results"`
	}
	body := map[string]any{"search_term": term, "limit": limit}
	err := u.do(ctx, call{method: http.MethodPost, path: v3("user_directory", "search"), body: body, answer: &a})
	all := make([]Found, len(a.Results))
	for i, f := range a.Results {
		all[i] = Found{f.User, Profile{string(f.Name), string(f.Avatar)}}
	}
	return all, err
}

// Present says whether the user is there (Spec, Presence): online, unavailable or
// offline, and in which words. A homeserver may take it and show nothing of it.
func (u *User) Present(ctx context.Context, presence, status string) error {
	id, err := u.name(ctx)
	if err != nil {
		return err
	}
	body := map[string]string{"presence": presence}
	if status != "" {
		body["status_msg"] = status
	}
	return u.do(ctx, call{method: http.MethodPut, path: v3("presence", id, "status"), body: body})
}

// Presence is how much somebody is there.
type Presence struct {
	Presence string // online, unavailable or offline
	Status   string // may be empty
	// Known is false where the homeserver has never heard of the user's presence, or
	// keeps none: then it says offline, and nothing of when the user was active.
	Known bool
}

// Presence asks how much somebody is there. M_FORBIDDEN: the two have no room together.
func (u *User) Presence(ctx context.Context, user string) (Presence, error) {
	var a struct {
		Presence loose           `json:"presence"`
		Status   loose           `json:"status_msg"`
		Ago      json.RawMessage `json:"last_active_ago"`
	}
	err := u.do(ctx, call{method: http.MethodGet, path: v3("presence", user, "status"), answer: &a})
	return Presence{string(a.Presence), string(a.Status), a.Presence != "offline" || a.Status != "" || a.Ago != nil}, err
}
