package matrix

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
)

// typing is what bob sees of it.
func (h *homeserver) typing(r *http.Request, user string) (any, string) {
	var c struct{ Typing bool }
	if h.room(r).members[user] != joined || json.NewDecoder(r.Body).Decode(&c) != nil {
		return nil, "M_FORBIDDEN"
	}
	who := slices.DeleteFunc(slices.Clone(h.seen.types[r.PathValue("room")]), func(x string) bool { return x == user })
	if c.Typing {
		who = append(who, user)
	}
	h.seen.typing(r.PathValue("room"), who)
	return struct{}{}, ""
}

func (h *homeserver) receipt(r *http.Request, user string) (any, string) {
	if h.room(r).members[user] != joined {
		return nil, "M_FORBIDDEN"
	}
	h.seen.read(user, r.PathValue("event"))
	return struct{}{}, ""
}

func (h *homeserver) presence(r *http.Request, user string) (any, string) {
	var c struct {
		Presence string
		Status   string `json:"status_msg"`
	}
	if json.NewDecoder(r.Body).Decode(&c) != nil {
		return nil, "M_FORBIDDEN"
	}
	h.seen.present(user, c.Presence, c.Status)
	return struct{}{}, ""
}

func (h *homeserver) name(r *http.Request, user string) (any, string) {
	var c uttered
	if json.NewDecoder(r.Body).Decode(&c) != nil {
		return nil, "M_FORBIDDEN"
	}
	h.seen.named(user, c.Name)
	return struct{}{}, ""
}

// upload takes a file.
func (h *homeserver) upload(r *http.Request, _ string) (any, string) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, "M_FORBIDDEN"
	}
	id := fmt.Sprint("file", len(h.files))
	h.files[id] = string(data)
	return map[string]string{"content_uri": "mxc://localhost/" + id}, ""
}
