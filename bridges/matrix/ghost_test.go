package matrix

import (
	"bytes"
	"encoding/json"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// The homeserver is asked for what has changed, and for nothing after a start.
func TestIntroduce(t *testing.T) {
	notes := new(bridgetest.Notes)
	f, b, s := onFake(t, notes)
	me := bridges.Account{ID: alice, Self: s.ghost}
	one, two := []byte("one"), []byte("two")
	requests := []string{"POST /register", "PUT /displayname", "POST /upload", "PUT /avatar_url"}
	was := make([]int, len(requests))
	for _, c := range []struct {
		what string
		p    bridges.Profile
		want []int
	}{
		{"new", bridges.Profile{Name: "Ally"}, []int{1, 1, 0, 0}},
		{"a picture", bridges.Profile{Name: "Ally", Picture: one}, []int{0, 0, 1, 1}},
		{"the same", bridges.Profile{Name: "Ally", Picture: one}, []int{0, 0, 0, 0}},
		{"another name", bridges.Profile{Name: "Alice", Picture: one}, []int{0, 1, 0, 0}},
		{"another picture", bridges.Profile{Name: "Alice", Picture: two}, []int{0, 0, 1, 1}},
		{"none any more", bridges.Profile{Name: "Alice"}, []int{0, 0, 0, 1}},
	} {
		for _, start := range []bool{false, true} {
			if start {
				b.book, c.want = newBook(notes), []int{0, 0, 0, 0}
			}
			if err := b.Introduce(t.Context(), me, c.p); err != nil {
				t.Fatal(err)
			}
			for i, r := range requests {
				if n := f.count(r); n-was[i] != c.want[i] {
					t.Errorf("%s, after a start: %t: %s %d times, not %d", c.what, start, r, n-was[i], c.want[i])
				}
				was[i] = f.count(r)
			}
		}
	}
	send(t, s, bob, "one")
	if n := f.count("PUT /displayname"); n != was[1] {
		t.Error("a text takes the name away")
	}
}

// What fails is done again by the next call, and nothing else is.
func TestIntroduceFails(t *testing.T) {
	f, b, s := onFake(t, nil)
	f.say("PUT /avatar_url", refused(400, "M_UNKNOWN"), answer{200, `{}`})
	me, p := bridges.Account{ID: alice, Self: s.ghost}, bridges.Profile{Name: "Ally", Picture: []byte("one")}
	if err := b.Introduce(t.Context(), me, p); bridges.KindOf(err) != bridges.Internal {
		t.Error(err)
	}
	for range 2 {
		if err := b.Introduce(t.Context(), me, p); err != nil {
			t.Error(err)
		}
	}
	for request, want := range map[string]int{"PUT /displayname": 1, "PUT /avatar_url": 2} {
		if n := f.count(request); n != want {
			t.Errorf("%s: %d times", request, n)
		}
	}
}

// face is what a member of a room looks like.
type face struct {
	Name   string `json:"displayname"`
	Avatar string `json:"avatar_url"`
}

// waitFace waits until a client sees a user of whom ok is true.
func waitFace(c *lab.MatrixClient, user string, ok func(face) bool) {
	c.Wait("the face of "+user, func(e peer.MatrixEvent) bool {
		var f face
		return e.Event == "member" && e.User == user && e.Membership == "join" && json.Unmarshal(e.Content, &f) == nil && ok(f)
	})
}

// A person sees the user's name and picture, and each change of them.
func TestRealFace(t *testing.T) {
	r := onSynapse(t)
	bob := lab.Nio(t, r.Matrix, "bob", "autojoin")
	me, ghost := bridges.Account{ID: alice, Self: r.s.ghost}, userID(r.s.ghost)
	_, data := picture(t)
	introduce := func(p bridges.Profile) {
		t.Helper()
		if err := r.b.Introduce(t.Context(), me, p); err != nil {
			t.Fatal(err)
		}
	}
	introduce(bridges.Profile{Name: "Ally", Picture: data})
	send(t, r.s, "bob:localhost", "hello")
	waitFace(bob, ghost, func(f face) bool { return f.Name == "Ally (XMPP)" && f.Avatar != "" })
	shown, err := r.b.server.As("").Profile(t.Context(), ghost)
	if err != nil {
		t.Fatal(err)
	}
	got, err := download(t.Context(), r.b.server.As(""), shown.Avatar)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("the picture has %d bytes, not %d: %v", len(got), len(data), err)
	}
	introduce(bridges.Profile{Name: "Alice", Picture: data})
	waitFace(bob, ghost, func(f face) bool { return f == face{"Alice (XMPP)", shown.Avatar} })
	introduce(bridges.Profile{Name: "Alice"})
	waitFace(bob, ghost, func(f face) bool { return f == face{Name: "Alice (XMPP)"} })
	send(t, r.s, "bob:localhost", "still here")
	bob.Wait("a text", isText("still here"))
}
