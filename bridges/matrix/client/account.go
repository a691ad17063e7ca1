package client

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// WhoAmI returns the id of the bot: the token is right.
func (h *Homeserver) WhoAmI(ctx context.Context) (string, error) {
	var a struct {
		User string `json:"user_id"`
	}
	if err := h.do(ctx, call{method: http.MethodGet, path: v3("account", "whoami"), answer: &a}); err != nil {
		return "", err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bot = a.User
	return a.User, nil
}

// Versions returns the versions of the specification that the homeserver knows.
func (h *Homeserver) Versions(ctx context.Context) ([]string, error) {
	var a struct {
		Versions []string `json:"versions"`
	}
	path := []string{"_matrix", "client", "versions"}
	err := h.do(ctx, call{method: http.MethodGet, path: path, answer: &a})
	return a.Versions, err
}

// Ping makes the homeserver ping the application service with this id, and
// returns how long that took. Transactions that wait for a retry come then. Codes:
// M_URL_NOT_SET, M_BAD_STATUS, M_CONNECTION_FAILED, M_CONNECTION_TIMEOUT: the
// homeserver does not reach us; M_FORBIDDEN: the id is not ours.
func (h *Homeserver) Ping(ctx context.Context, appservice, txn string) (time.Duration, error) {
	var a struct {
		Took int64 `json:"duration_ms"`
	}
	err := h.do(ctx, call{
		method: http.MethodPost, path: []string{"_matrix", "client", "v1", "appservice", appservice, "ping"},
		body: map[string]string{"transaction_id": txn}, answer: &a,
	})
	return time.Duration(a.Took) * time.Millisecond, err
}

// Register creates the user, whose id is in our namespace. Nil when it exists.
// M_EXCLUSIVE: the id is not in our namespace. Synapse takes what no id may hold, a
// blank for instance: the caller makes ids of the grammar.
func (u *User) Register(ctx context.Context) error {
	id, err := u.name(ctx)
	if err != nil {
		return err
	}
	localpart, _, _ := strings.Cut(strings.TrimPrefix(id, "@"), ":")
	err = u.h.do(ctx, call{method: http.MethodPost, path: v3("register"), body: map[string]any{
		"type": "m.login.application_service", "username": localpart, "inhibit_login": true,
	}})
	if Is(err, "M_USER_IN_USE") {
		return nil
	}
	return err
}

// AccountData reads what the user keeps under a type, for itself. M_NOT_FOUND:
// nothing.
func (u *User) AccountData(ctx context.Context, kind string, content any) error {
	return u.own(ctx, http.MethodGet, []string{"account_data", kind}, nil, content)
}

// SetAccountData replaces it. content becomes a JSON object.
func (u *User) SetAccountData(ctx context.Context, kind string, content any) error {
	return u.own(ctx, http.MethodPut, []string{"account_data", kind}, content, nil)
}

// own makes a call below /user/{userId}.
func (u *User) own(ctx context.Context, method string, path []string, body, answer any) error {
	id, err := u.name(ctx)
	if err != nil {
		return err
	}
	return u.do(ctx, call{method: method, path: v3(append([]string{"user", id}, path...)...), body: body, answer: answer})
}

// do makes a call as the user.
func (u *User) do(ctx context.Context, c call) error {
	c.user = u.id
	return u.h.do(ctx, c)
}
