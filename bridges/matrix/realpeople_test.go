package matrix

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// Profiles, pictures and search.
func TestRealPeople(t *testing.T) {
	r := onSynapse(t)
	bob := lab.Nio(t, r.Matrix, "bob", "autojoin")
	bob.Do(map[string]any{"do": "name", "name": "Robert"})
	p, err := r.b.Profile(t.Context(), alice, "bob:localhost")
	if err != nil || p.Name != "Robert" || p.Picture != nil {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := r.b.Profile(t.Context(), alice, "nobody:localhost"); bridges.KindOf(err) != bridges.NotFound {
		t.Error(err)
	}
	for _, term := range []string{"Robert", "bob", "@bob:localhost"} {
		found, err := r.b.Search(t.Context(), alice, map[string]string{"nick": term})
		if err != nil || len(found) != 1 || found[0].ID != "bob:localhost" || found[0].Name != "Robert" {
			t.Errorf("%s: %+v, %v", term, found, err)
		}
	}
	send(t, r.s, "bob:localhost", "hello")
	joinsRoom(bob, bob.UserID)
	file, want := picture(t)
	bob.Do(map[string]any{"do": "avatar", "file": file, "type": "image/png"})
	changes := func() {
		for hint := bridges.Event(nil); hint != (bridges.ProfileChange{Person: "bob:localhost"}); hint = next(t, r.hints) {
		}
	}
	changes()
	if p, err = r.b.Profile(t.Context(), alice, "bob:localhost"); err != nil || !bytes.Equal(p.Picture, want) {
		t.Errorf("the picture has %d bytes, not %d: %v", len(p.Picture), len(want), err)
	}
	bob.Do(map[string]any{"do": "name", "name": "Bobby"})
	for changes(); p.Name != "Bobby" && err == nil; { // the one for the picture may have come twice
		p, err = r.b.Profile(t.Context(), alice, "bob:localhost")
	}
	if err != nil {
		t.Error(err)
	}
}

// picture makes a picture and the file of it.
func picture(t *testing.T) (file string, data []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "a.png")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, b.Bytes()
}

// The next text to somebody whose account was closed is an error with words.
func TestRealClosedAccount(t *testing.T) {
	r := onSynapse(t)
	bob := lab.Nio(t, r.Matrix, "bob", "autojoin")
	send(t, r.s, "bob:localhost", "hello")
	id := joinsRoom(bob, bob.UserID)
	r.close(t, "bob")
	r.known(t, id, func(x room) bool { return !x.PersonIs.in() })
	_, err := r.s.Send(t.Context(), bridges.Message{Chat: "bob:localhost", From: r.s.ghost, Key: "k", Text: "x"})
	if bridges.KindOf(err) != bridges.NotFound || !strings.Contains(err.Error(), "closed") {
		t.Error(err)
	}
}

// Who has taken name and picture away can be looked at and written to.
func TestRealNameless(t *testing.T) {
	r := onSynapse(t)
	bob := lab.Nio(t, r.Matrix, "bob", "autojoin")
	bob.Do(map[string]any{"do": "name", "name": ""})
	p, err := r.b.Profile(t.Context(), alice, "bob:localhost")
	if err != nil || p.Name != "" || p.URI != "matrix:u/bob:localhost" {
		t.Errorf("%+v, %v", p, err)
	}
	send(t, r.s, "bob:localhost", "hello")
	joinsRoom(bob, bob.UserID)
}

// close closes an account as its user does.
func (r *real) close(t *testing.T, user string) {
	t.Helper()
	token, who := r.login(t, user)
	r.ask(t, http.MethodPost, "/account/deactivate", token, map[string]any{"auth": who, "erase": true}, &struct{}{})
}

// login returns a token of a user, and what proves who it is.
func (r *real) login(t *testing.T, user string) (token string, who map[string]any) {
	t.Helper()
	who = map[string]any{"type": "m.login.password", "identifier": map[string]string{"type": "m.id.user", "user": user}, "password": peer.Secret}
	var a struct {
		Token string `json:"access_token"`
	}
	r.ask(t, http.MethodPost, "/login", "", who, &a)
	return a.Token, who
}

// ask asks the homeserver for something that must succeed.
func (r *real) ask(t *testing.T, method, path, token string, question, answer any) {
	t.Helper()
	body, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	q, err := http.NewRequestWithContext(t.Context(), method, r.URL+"/_matrix/client/v3"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Close = true
	q.Header.Set("Authorization", "Bearer "+token)
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	if err := json.NewDecoder(a.Body).Decode(answer); err != nil || a.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", path, a.Status, err)
	}
}

// Nothing is written into an encrypted room: the ghost leaves it, and offers another
// one; that once. A new one of the person's begins anew.
func TestRealEncrypted(t *testing.T) {
	r := onSynapse(t)
	ghost := userID(r.b.ghosts.of(alice))
	bob := lab.Nio(t, r.Matrix, "bob")
	id := bob.CreateDM(ghost)
	bob.Send(id, "hello")
	r.wantText(t, "bob:localhost", "hello")
	token, _ := r.login(t, "bob")
	encrypt := func(id string) {
		t.Helper()
		r.ask(t, http.MethodPut, "/rooms/"+id+"/state/m.room.encryption/", token, map[string]string{"algorithm": "m.megolm.v1.aes-sha2"}, &struct{}{})
		e := bob.Wait("the ghost to go", func(e peer.MatrixEvent) bool { return e.User == ghost && e.Membership == "leave" && e.Room == id })
		if !strings.Contains(string(e.Content), leaveSecret) {
			t.Errorf("the ghost says %s", e.Content)
		}
	}
	encrypt(id)
	told := r.wantText(t, "bob:localhost", turned)
	if e, secret, err := encryption(t.Context(), r.b.as(r.s.ghost), id); !secret || err != nil || bridges.MessageID(e.ID) != told.ID {
		t.Errorf("told by %s, encrypted by %+v, %t, %v", told.ID, e, secret, err)
	}
	c, err := r.b.book.look(t.Context()).chat(pair{r.s.ghost, "bob:localhost"})
	if err != nil || c.Room == "" || c.Room == id {
		t.Fatalf("the chat is in %+v, %v", c, err)
	}
	bob.Join(c.Room)
	bob.Wait("the offer", isText(offered))
	send(t, r.s, "bob:localhost", "here")
	bob.Wait("a text", isText("here"))
	bob.Do(map[string]any{"do": "send_raw", "room": c.Room, "type": typeEncrypted, "content": map[string]any{"algorithm": "x"}})
	r.wantText(t, "bob:localhost", strings.Replace(locked, writeOn, askAnew, 1))
	bob.Wait("the ghost to go", func(e peer.MatrixEvent) bool { return e.User == ghost && e.Membership == "leave" && e.Room == c.Room })
	m := bridges.Message{Chat: "bob:localhost", From: r.s.ghost, Key: "k", Text: "x"}
	if _, err := r.s.Send(t.Context(), m); bridges.KindOf(err) != bridges.Unsupported {
		t.Error(err)
	}
	early := bob.CreateDM(ghost) // encrypted before the ghost is there
	r.ask(t, http.MethodPut, "/rooms/"+early+"/state/m.room.encryption/", token, map[string]string{"algorithm": "m.megolm.v1.aes-sha2"}, &struct{}{})
	bob.Wait("the ghost to go", func(e peer.MatrixEvent) bool { return e.User == ghost && e.Membership == "leave" && e.Room == early })
	again := bob.CreateDM(ghost)
	bob.Send(again, "in clear")
	r.wantText(t, "bob:localhost", "in clear")
	send(t, r.s, "bob:localhost", "fine")
	bob.WaitMessage(again, "fine")
}
