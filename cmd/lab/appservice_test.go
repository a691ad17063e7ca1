package lab_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

const registration = `
id: test
url: %q
as_token: as-token
hs_token: hs-token
sender_localpart: testbot
rate_limited: false
receive_ephemeral: true
namespaces:
  users: [{exclusive: true, regex: "@xmpp_.*:localhost"}]
`

const ghost = "@xmpp_bob:localhost"

// service is an application service with one ghost, which joins every room.
type service struct {
	t      *testing.T
	matrix *lab.Matrix
	pushed chan pushed
}

type pushed struct {
	Type    string         `json:"type"`
	Sender  string         `json:"sender"`
	Room    string         `json:"room_id"`
	Content map[string]any `json:"content"`
}

// ServeHTTP is what Synapse calls.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Authorization") != "Bearer hs-token":
		w.WriteHeader(http.StatusForbidden)
	case strings.HasPrefix(r.URL.Path, "/_matrix/app/v1/users/"):
		s.call("POST", "/register", map[string]any{
			"type": "m.login.application_service", "username": "xmpp_bob", "inhibit_login": true,
		})
	case strings.HasPrefix(r.URL.Path, "/_matrix/app/v1/transactions/"):
		var all struct{ Events, Ephemeral []pushed }
		if err := json.NewDecoder(r.Body).Decode(&all); err != nil {
			s.t.Error(err)
		}
		for _, e := range append(all.Events, all.Ephemeral...) {
			s.pushed <- e
		}
	}
	io.WriteString(w, "{}")
}

// call calls Synapse, as the ghost but for its own registration.
func (s *service) call(method, path string, content any) {
	body, err := json.Marshal(content)
	if err != nil {
		s.t.Error(err)
	}
	target := s.matrix.URL + "/_matrix/client/v3" + path
	if path != "/register" {
		target += "?user_id=" + url.QueryEscape(ghost)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, target, bytes.NewReader(body))
	if err != nil {
		s.t.Error(err)
		return
	}
	req.Header.Set("Authorization", "Bearer as-token")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Error(err)
		return
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		s.t.Errorf("%s %s: %s %s", method, path, resp.Status, text)
	}
}

// wait returns the next event of a type that somebody else has caused.
func (s *service) wait(kind string) pushed {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	for {
		select {
		case e := <-s.pushed:
			if e.Type == kind && e.Sender != ghost {
				return e
			}
		case <-ctx.Done():
			s.t.Fatalf("no %s\n%s", kind, s.matrix.Tail())
		}
	}
}

func serve(t *testing.T) *service {
	s := &service{t: t, pushed: make(chan pushed, 1000)}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "registration.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, registration, server.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	s.matrix = lab.Synapse(t, peer.SynapseOptions{Registrations: []string{file}})
	return s
}

// A user talks with a ghost, also after Synapse was killed.
func TestMatrixGhost(t *testing.T) {
	t.Parallel()
	s := serve(t)
	alice := lab.Nio(t, s.matrix, "alice")
	room := alice.CreateDM(ghost)
	if e := s.wait("m.room.member"); e.Content["membership"] != "invite" || e.Room != room {
		t.Errorf("first comes %+v", e)
	}
	path := "/rooms/" + url.PathEscape(room)
	s.call("POST", path+"/join", struct{}{})
	alice.Wait("the ghost", member("join", ghost))
	for i, text := range []string{"before", "after a kill"} {
		id := alice.Send(room, text)
		if e := s.wait("m.room.message"); e.Content["body"] != text || e.Room != room {
			t.Errorf("the ghost got %+v", e)
		}
		s.call("PUT", path+"/send/m.room.message/"+fmt.Sprint(i), map[string]any{"msgtype": "m.text", "body": "you said: " + text})
		alice.WaitMessage(room, "you said: "+text)
		s.call("POST", path+"/receipt/m.read/"+url.PathEscape(id), struct{}{})
		alice.Wait("a receipt", func(e peer.MatrixEvent) bool { return e.Event == "receipt" && e.ID == id && e.User == ghost })
		alice.Do(map[string]any{"do": "typing", "room": room, "on": true})
		s.wait("m.typing")
		s.matrix.Kill()
		s.matrix.Restart()
	}
}
