package main_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/cmd/lab/proxy"
)

// Whose account was closed and erased is nobody: who writes hears so, in a chat that
// there was and in a new one (issue 6). Of one that was only closed Synapse keeps the
// profile, and lets people invite it: nobody can tell.
func TestMatrixDeactivated(t *testing.T) { each(t, matrixDeactivated) }

func matrixDeactivated(t *testing.T, server string) {
	left := make(chan struct{}, 100)
	m := newMatrixRigWith(t, matrixSetup{server: server, pushed: func(e *proxy.Exchange) {
		a := e.Pass()
		if strings.Contains(string(e.Body), `"membership":"leave"`) && a.Status == http.StatusOK {
			left <- struct{}{}
		}
		e.Give(a)
	}})
	alice, bob := m.registered("alice"), lab.Nio(t, m.home, "bob", "autojoin")
	alice.Send(matrixJID("bob"), "1", "hello")
	bob.Send(said(bob, "hello"), "hi")
	alice.Wait("the answer", message(matrixJID("bob"), "hi"))
	m.home.CreateUser("carol")
	for _, name := range []string{"bob", "carol"} {
		deactivate(t, m.home, name)
	}
	select {
	case <-left:
	case <-within(t).Done():
		t.Fatal("bob does not leave")
	}
	for _, name := range []string{"bob", "carol"} {
		alice.Send(matrixJID(name), name, "still there?")
		if e := alice.Wait("an error", failure(name)); !strings.Contains(e.Text, "no such person") || e.Condition != "item-not-found" {
			t.Errorf("%s: %s %s", name, e.Condition, e.Text)
		}
	}
}

// deactivate closes an account and erases it, as its owner does.
func deactivate(t *testing.T, home *lab.Matrix, name string) {
	t.Helper()
	who := map[string]any{
		"type": "m.login.password", "identifier": map[string]any{"type": "m.id.user", "user": name}, "password": peer.Secret,
	}
	var login struct {
		Token string `json:"access_token"`
	}
	matrixCall(t, home.URL+"/_matrix/client/v3/login", "", who, &login)
	matrixCall(t, home.URL+"/_matrix/client/v3/account/deactivate", login.Token, map[string]any{"auth": who, "erase": true}, &struct{}{})
}

// matrixCall asks a homeserver, which must agree.
func matrixCall(t *testing.T, url, token string, question, answer any) {
	t.Helper()
	body, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	q, err := http.NewRequestWithContext(within(t), http.MethodPost, url, strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", url, resp.Status, text, err)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		t.Fatal(err)
	}
}
