package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"causeway/bridges/matrix/appservice"
	"causeway/bridges/matrix/client"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// ann is the ghost of the tests.
const ann = "@xmpp_ann=40example.org:localhost"

// service is an application service of a real Synapse: events is what comes.
type service struct {
	t      *testing.T
	h      *client.Homeserver
	matrix *lab.Matrix
	events chan appservice.Event
	refuse atomic.Pointer[chan string] // nil: none; gets the ids of refused transactions
}

func (s *service) Transaction(_ context.Context, tx *appservice.Transaction) error {
	if refused := s.refuse.Load(); refused != nil {
		*refused <- tx.ID
		return errors.New("not now")
	}
	for _, e := range slices.Concat(tx.Events, tx.Ephemeral) {
		s.events <- e
	}
	return nil
}

func (s *service) HasUser(ctx context.Context, id string) (bool, error) {
	return true, s.h.As(id).Register(ctx)
}

func (s *service) HasAlias(context.Context, string) (bool, error) { return false, nil }

// serve starts a Synapse with an application service.
func serve(t *testing.T) *service {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := appservice.Make("causeway", "http://"+l.Addr().String(), "gatewaybot", appservice.Namespaces{
		Users: []appservice.Namespace{{Exclusive: true, Regex: "@xmpp_.*:localhost"}},
	})
	file := filepath.Join(t.TempDir(), "registration.yaml")
	if err := r.Write(file); err != nil {
		t.Fatal(err)
	}
	s := &service{t: t, events: make(chan appservice.Event, 1000)}
	server := appservice.NewServer(appservice.Config{Token: r.HSToken, Handler: s})
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(server.Close(context.Background()), <-served); err != nil {
			t.Error(err)
		}
	})
	s.matrix = lab.Synapse(t, peer.SynapseOptions{Registrations: []string{file}})
	if s.h, err = client.New(client.Config{URL: s.matrix.URL, Token: r.ASToken}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.h.Close)
	return s
}

// wait returns the next event of a type by somebody.
func (s *service) wait(kind, sender string) appservice.Event {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	for {
		select {
		case e := <-s.events:
			if e.Type == kind && e.Sender == sender {
				return e
			}
		case <-ctx.Done():
			s.t.Fatalf("no %s of %s\n%s", kind, sender, s.matrix.Tail())
		}
	}
}

// must fails the test at an error.
func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// text is the content of a message.
func text(body string) map[string]string { return map[string]string{"msgtype": "m.text", "body": body} }

// The calls about the service and its users are taken by a real Synapse.
func TestRealAccounts(t *testing.T) {
	t.Parallel()
	s, ctx := serve(t), t.Context()
	if bot := must(s.h.WhoAmI(ctx))(t); bot != "@gatewaybot:localhost" {
		t.Errorf("we are %s", bot)
	}
	if v := must(s.h.Versions(ctx))(t); !slices.Contains(v, "v1.11") {
		t.Errorf("versions %v", v)
	}
	must(s.h.Ping(ctx, "causeway", "t1"))(t)
	if _, err := s.h.Ping(ctx, "else", "t1"); !client.Is(err, "M_FORBIDDEN") {
		t.Errorf("somebody else's ping: %v", err)
	}
	for _, who := range []string{ann, ann, "", ""} {
		ok(t, s.h.As(who).Register(ctx))
	}
	if err := s.h.As("@else:localhost").Register(ctx); !client.Is(err, "M_EXCLUSIVE") {
		t.Errorf("outside of the namespace: %v", err)
	}
	s.matrix.CreateUser("ben")
	ghost := s.h.As(ann)
	ok(t, ghost.SetName(ctx, "Ann Ä"))
	ok(t, ghost.SetAvatar(ctx, "mxc://localhost/abc"))
	ok(t, s.h.As("").SetName(ctx, "Gateway"))
	if p := must(ghost.Profile(ctx, ann))(t); p != (client.Profile{Name: "Ann Ä", Avatar: "mxc://localhost/abc"}) {
		t.Errorf("profile %+v", p)
	}
	if _, err := ghost.Profile(ctx, "@nobody:localhost"); !client.Is(err, "M_NOT_FOUND") {
		t.Errorf("a profile of nobody: %v", err)
	}
	if found := must(ghost.SearchUsers(ctx, "ben", 5))(t); len(found) != 1 || found[0].User != "@ben:localhost" {
		t.Errorf("found %+v", found)
	}
	var data map[string]int
	if err := ghost.AccountData(ctx, "org.example.x", &data); !client.Is(err, "M_NOT_FOUND") {
		t.Errorf("account data: %v", err)
	}
	ok(t, ghost.SetAccountData(ctx, "org.example.x", map[string]int{"n": 1}))
	if ok(t, ghost.AccountData(ctx, "org.example.x", &data)); data["n"] != 1 {
		t.Errorf("account data %v", data)
	}
}

// A ghost and a person talk in a room, which the ghost made.
func TestRealRoom(t *testing.T) {
	t.Parallel()
	s, ctx := serve(t), t.Context()
	ben := lab.Nio(t, s.matrix, "ben")
	ghost := s.h.As(ann)
	ok(t, ghost.Register(ctx))
	room := must(ghost.CreateRoom(ctx, client.Room{Preset: "trusted_private_chat", Invite: []string{ben.UserID}, Direct: true}))(t)
	ben.Join(room)
	if e := s.wait("m.room.member", ben.UserID); *e.StateKey != ben.UserID || e.Room != room || e.Time.IsZero() {
		t.Errorf("first comes %+v", e)
	}

	// The same transaction id is the same event, whatever characters are in it.
	for _, txn := range []string{"t1", "../a/b?c#%2F ü"} {
		first := must(ghost.Send(ctx, room, "m.room.message", txn, text(txn)))(t)
		if again := must(ghost.Send(ctx, room, "m.room.message", txn, text(txn)))(t); again != first {
			t.Errorf("sent twice: %s, %s", first, again)
		}
		ben.WaitMessage(room, txn)
	}
	ok(t, ghost.Typing(ctx, room, true, 20*time.Second))
	ben.Wait("typing", func(e peer.MatrixEvent) bool { return e.Event == "typing" && slices.Contains(e.Users, ann) })
	ok(t, ghost.Typing(ctx, room, false, 0))

	id := ben.Send(room, "hello")
	if e := s.wait("m.room.message", ben.UserID); e.ID != id || !strings.Contains(string(e.Content), `"hello"`) {
		t.Errorf("got %+v, want %s", e, id)
	}
	ok(t, ghost.Read(ctx, room, id))
	ben.Wait("a receipt", func(e peer.MatrixEvent) bool { return e.Event == "receipt" && e.ID == id && e.User == ann })
	must(ghost.Redact(ctx, room, id, "r1", "because"))(t)
	must(ghost.Redact(ctx, room, id, "r2", ""))(t)
	history(t, ghost, room, id)
	state(t, ghost, room)

	members := must(ghost.Members(ctx, room))(t)
	slices.SortFunc(members, func(a, b client.Member) int { return strings.Compare(a.User, b.User) })
	if len(members) != 2 || members[0].User != ben.UserID || members[0].Membership != "join" || members[1].User != ann {
		t.Errorf("members %+v", members)
	}
	ok(t, ghost.Leave(ctx, room, "bye"))
	ok(t, ghost.Leave(ctx, room, "bye"))
	if _, err := ghost.Send(ctx, room, "m.room.message", "t9", text("late")); !client.Is(err, "M_FORBIDDEN") {
		t.Errorf("a message of somebody who left: %v", err)
	}
}

// history reads what was said, from both ends, in pages.
func history(t *testing.T, u *client.User, room, id string) {
	t.Helper()
	newest := must(u.Messages(t.Context(), room, "", client.Back, 1))(t)
	oldest := must(u.Messages(t.Context(), room, "", client.Forward, 3))(t)
	if len(newest.Events) != 1 || newest.Events[0].Type != "m.room.redaction" || newest.End == "" || oldest.Events[0].Type != "m.room.create" {
		t.Errorf("newest %+v, oldest %+v", newest, oldest)
	}
	next := must(u.Messages(t.Context(), room, newest.End, client.Back, 5))(t)
	if !slices.ContainsFunc(next.Events, func(e appservice.Event) bool { return e.ID == id }) {
		t.Errorf("the page before is %+v", next)
	}
	for from := ""; ; {
		p := must(u.Messages(t.Context(), room, from, client.Back, 100))(t)
		if from = p.End; from == "" {
			return
		}
	}
}

// state sets and reads state, whose key may be anything.
func state(t *testing.T, u *client.User, room string) {
	t.Helper()
	for _, key := range []string{"", "a/../b", "..", "ü %2F?#"} {
		must(u.SendState(t.Context(), room, "org.example.x", key, map[string]string{"key": key}))(t)
		var got map[string]string
		e, err := u.StateEvent(t.Context(), room, "org.example.x", key)
		ok(t, err)
		if ok(t, json.Unmarshal(e.Content, &got)); e.ID == "" || got["key"] != key {
			t.Errorf("state %q is %v", key, got)
		}
	}
	if _, err := u.StateEvent(t.Context(), room, "org.example.y", ""); !client.Is(err, "M_NOT_FOUND") {
		t.Errorf("no state: %v", err)
	}
}

// A person invites a ghost that does not exist yet: we are asked for it.
func TestRealInvite(t *testing.T) {
	t.Parallel()
	s, ctx := serve(t), t.Context()
	ben := lab.Nio(t, s.matrix, "ben")
	room := ben.CreateDM(ann)
	e := s.wait("m.room.member", ben.UserID)
	if *e.StateKey != ann || e.Room != room || !strings.Contains(string(e.Content), `"invite"`) {
		t.Errorf("first comes %+v", e)
	}
	ghost := s.h.As(ann)
	ok(t, ghost.Join(ctx, room))
	ok(t, ghost.Join(ctx, room))
	if err := ghost.Join(ctx, "!none:localhost"); err == nil {
		t.Error("joined a room that is not there")
	}
	ben.Do(map[string]any{"do": "typing", "room": room, "on": true})
	for e := range s.events {
		if e.Type == "m.typing" && strings.Contains(string(e.Content), ben.UserID) {
			break
		}
	}
	if err := ghost.Invite(ctx, room, ben.UserID, "again"); !client.Is(err, "M_FORBIDDEN") {
		t.Errorf("an invite of a member: %v", err)
	}
}

// A file goes up and comes down, with the token only.
func TestRealMedia(t *testing.T) {
	t.Parallel()
	s, ctx := serve(t), t.Context()
	ghost := s.h.As(ann)
	ok(t, ghost.Register(ctx))
	const size = 3 << 20
	file := strings.Repeat("pixel ", size)[:size]
	mxc := must(ghost.Upload(ctx, strings.NewReader(file), size, "image/png", "ü/a b.png"))(t)
	for _, who := range []string{ann, ""} {
		body, err := s.h.As(who).Download(ctx, mxc, size)
		ok(t, err)
		got, err := io.ReadAll(body)
		ok(t, errors.Join(err, body.Close()))
		if string(got) != file || body.Type != "image/png" || body.Size != size {
			t.Errorf("%d bytes of %d, %s", len(got), body.Size, body.Type)
		}
	}
	if _, err := ghost.Download(ctx, mxc, size-1); !client.Is(err, "M_TOO_LARGE") {
		t.Errorf("beyond the limit: %v", err)
	}
	if _, err := ghost.Download(ctx, "mxc://localhost/none", size); !client.Is(err, "M_NOT_FOUND") {
		t.Errorf("no file: %v", err)
	}
	if _, err := ghost.Upload(ctx, strings.NewReader(""), 60<<20, "image/png", ""); err == nil {
		t.Error("a file without its content was taken")
	}
}

// A wrong token is told by its code.
func TestRealToken(t *testing.T) {
	t.Parallel()
	s := serve(t)
	h := must(client.New(client.Config{URL: s.matrix.URL, Token: "wrong"}))(t)
	t.Cleanup(h.Close)
	if _, err := h.WhoAmI(t.Context()); !client.Is(err, "M_UNKNOWN_TOKEN") {
		t.Errorf("got %v", err)
	}
}

// What was refused comes again in its order, and a ping ends the wait for it.
func TestRealRefused(t *testing.T) {
	t.Parallel()
	s, ctx := serve(t), t.Context()
	ben := lab.Nio(t, s.matrix, "ben")
	room := ben.CreateDM(ann)
	s.wait("m.room.member", ben.UserID)
	ok(t, s.h.As(ann).Join(ctx, room))
	s.wait("m.room.member", ann)

	refused := make(chan string, 100)
	s.refuse.Store(&refused)
	var want []string
	for _, body := range []string{"one", "two", "three"} {
		want = append(want, ben.Send(room, body))
	}
	<-refused
	s.refuse.Store(nil)
	must(s.h.Ping(ctx, "causeway", "again"))(t)
	for _, id := range want {
		if e := s.wait("m.room.message", ben.UserID); e.ID != id {
			t.Fatalf("got %s, want %s of %v", e.ID, id, want)
		}
	}
}

// While the homeserver is dead, a call fails for a time; the same call goes on
// with what the homeserver remembers.
func TestRealKill(t *testing.T) {
	t.Parallel()
	s, ctx := serve(t), t.Context()
	ben := lab.Nio(t, s.matrix, "ben")
	ghost := s.h.As(ann)
	ok(t, ghost.Register(ctx))
	room := must(ghost.CreateRoom(ctx, client.Room{Preset: "trusted_private_chat", Invite: []string{ben.UserID}}))(t)
	ben.Join(room)
	first := must(ghost.Send(ctx, room, "m.room.message", "t1", text("before")))(t)
	s.matrix.Kill()
	_, err := ghost.Send(ctx, room, "m.room.message", "t2", text("after"))
	var e *client.Error
	if !errors.As(err, &e) || !e.Temporary() || e.Status != 0 {
		t.Errorf("a dead homeserver says %v", err)
	}
	s.matrix.Restart()
	second := must(ghost.Send(ctx, room, "m.room.message", "t2", text("after")))(t)
	if again := must(ghost.Send(ctx, room, "m.room.message", "t2", text("after")))(t); again != second {
		t.Errorf("sent twice: %s, %s", second, again)
	}
	if again := must(ghost.Send(ctx, room, "m.room.message", "t1", text("before")))(t); again != first {
		t.Errorf("Synapse forgets a transaction id when it is killed: %s, %s", first, again)
	}
	ben.WaitMessage(room, "before")
	ben.WaitMessage(room, "after")
}
