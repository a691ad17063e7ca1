package matrix

import (
	"net/http"
	"testing"

	"causeway/bridges"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// A room that was replaced is followed by who is invited there; else a text begins a
// new one.
func TestRealUpgrade(t *testing.T) {
	r := onSynapse(t)
	ghost := userID(r.s.ghost)
	bob := lab.Nio(t, r.Matrix, "bob", "autojoin")
	token, _ := r.login(t, "bob")
	upgrade := func(id string) string {
		t.Helper()
		var a struct {
			Room string `json:"replacement_room"`
		}
		r.ask(t, http.MethodPost, "/rooms/"+id+"/upgrade", token, map[string]string{"new_version": "10"}, &a)
		r.settled(t, func(now string) bool { return now != id })
		return a.Room
	}
	first := r.direct(t, token, ghost)
	bob.Send(first, "one")
	r.wantText(t, "bob:localhost", "one")

	second := upgrade(first)
	bob.Do(map[string]any{"do": "invite", "room": second, "user": ghost})
	r.settled(t, func(now string) bool { return now == second })
	if send(t, r.s, "bob:localhost", "two"); bob.Wait("two", isText("two")).Room != second {
		t.Error("the text is not in the new room")
	}
	bob.Send(second, "three")
	r.wantText(t, "bob:localhost", "three")

	third := r.direct(t, token, ghost)
	bob.Send(third, "here")
	r.wantText(t, "bob:localhost", "here")
	fourth := upgrade(third)
	send(t, r.s, "bob:localhost", "four")
	if e := bob.Wait("four", isText("four")); e.Room == second || e.Room == third || e.Room == fourth {
		t.Errorf("the text is in %s", e.Room)
	}
}

// direct makes a room with a ghost in which only who makes it has power.
func (r *real) direct(t *testing.T, token, ghost string) string {
	t.Helper()
	var a struct {
		Room string `json:"room_id"`
	}
	r.ask(t, http.MethodPost, "/createRoom", token, map[string]any{"preset": "private_chat", "is_direct": true, "invite": []string{ghost}}, &a)
	return a.Room
}

// settled waits until the room in which alice and bob talk is one that fits.
func (r *real) settled(t *testing.T, fits func(room string) bool) {
	t.Helper()
	for range 1200 {
		c, err := r.b.book.look(t.Context()).chat(pair{r.s.ghost, "bob:localhost"})
		if err != nil {
			t.Fatal(err)
		}
		if fits(c.Room) {
			return
		}
		wait(t)
	}
	t.Fatal("the chat does not move")
}

// A ghost that is thrown out begins anew elsewhere; one that is banned does not, until the
// ban is lifted or the person invites it.
func TestRealThrownOut(t *testing.T) {
	r := onSynapse(t)
	ghost := userID(r.s.ghost)
	bob := lab.Nio(t, r.Matrix, "bob", "autojoin")
	token, _ := r.login(t, "bob")
	tells := func(id, how string) {
		t.Helper()
		r.ask(t, http.MethodPost, "/rooms/"+id+"/"+how, token, map[string]string{"user_id": ghost}, &struct{}{})
	}
	throws := func(how string) string {
		t.Helper()
		id := r.direct(t, token, ghost)
		bob.Send(id, how)
		r.wantText(t, "bob:localhost", how)
		tells(id, how)
		return id
	}
	goesElsewhere := func(id, text string) {
		t.Helper()
		send(t, r.s, "bob:localhost", text)
		if e := bob.Wait("a text", isText(text)); e.Room == id {
			t.Errorf("%s: the text is in the same room", text)
		}
	}
	isRefused := func(what string) {
		t.Helper()
		m := bridges.Message{Chat: "bob:localhost", From: r.s.ghost, Key: what, Text: what}
		if _, err := r.s.Send(t.Context(), m); bridges.KindOf(err) != bridges.Forbidden {
			t.Errorf("%s: %v", what, err)
		}
	}
	id := throws("kick")
	r.settled(t, func(now string) bool { return now != id })
	goesElsewhere(id, "after the kick")

	id = throws("ban")
	isRefused("at once") // the homeserver may not have told of it yet
	r.settled(t, func(now string) bool { return now == "" })
	isRefused("later")
	r.stop()
	r.start(t)
	isRefused("after a start")
	tells(id, "unban")
	r.lifted(t)
	goesElsewhere(id, "after the ban")

	throws("ban")
	r.settled(t, func(now string) bool { return now == "" })
	anew := bob.CreateDM(ghost)
	r.settled(t, func(now string) bool { return now == anew })
	if send(t, r.s, "bob:localhost", "invited"); bob.Wait("a text", isText("invited")).Room != anew {
		t.Error("the text is not where bob invited to")
	}
	r.lifted(t)
}

// lifted waits until alice may write to bob.
func (r *real) lifted(t *testing.T) {
	t.Helper()
	for range 1200 {
		x, err := r.b.book.look(t.Context()).ban(pair{r.s.ghost, "bob:localhost"})
		if err != nil {
			t.Fatal(err)
		}
		if x.Room == "" {
			return
		}
		wait(t)
	}
	t.Fatal("the ban stays")
}

// Whom a person ignores hears nothing of that, and is not seen: the list is the
// person's.
func TestRealIgnored(t *testing.T) {
	r := onSynapse(t)
	bob := lab.Nio(t, r.Matrix, "bob", "autojoin")
	token, _ := r.login(t, "bob")
	send(t, r.s, "bob:localhost", "one")
	id := joinsRoom(bob, bob.UserID)
	bob.Wait("one", isText("one"))
	ignore := func(users map[string]any) {
		t.Helper()
		r.ask(t, http.MethodPut, "/user/@bob:localhost/account_data/m.ignored_user_list", token, map[string]any{"ignored_users": users}, &struct{}{})
	}
	ignore(map[string]any{userID(r.s.ghost): map[string]any{}})
	send(t, r.s, "bob:localhost", "two")
	bob.Send(id, "are you there?")
	e := bob.Wait("a text", func(e peer.MatrixEvent) bool { return e.Event == "message" && e.Room == id })
	if e.Body != "are you there?" {
		t.Errorf("bob sees %q", e.Body)
	}
	r.wantText(t, "bob:localhost", "are you there?")
}
