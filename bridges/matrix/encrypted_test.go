package matrix

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"causeway/bridges"
	"causeway/bridges/matrix/event"
)

// flees does what is due about encrypted rooms, and tells whether something is left.
func flees(t *testing.T, b *Bridge) bool {
	t.Helper()
	again, err := doAll(t, b.secrets)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func encrypts(room, id string) event.Event {
	e := state(room, id, typeEncryption, "", bob, `{}`)
	e.Time = at
	return e
}

func sealed(id string) event.Event {
	e := text("!room", id, bob, `{}`)
	e.Type = typeEncrypted
	return e
}

// The ghost leaves an encrypted room and offers another one, once; whoever is killed in
// between goes on. Events that come again change nothing.
func TestEncryptedOffer(t *testing.T) {
	f, b, h, ghost := talking(t)
	s := open(t, b)
	wants := func(what string, rooms, notices int, left ...string) {
		t.Helper()
		if f.count("POST /createRoom") != rooms || f.count("PUT /send/m.room.message") != notices || !slices.Equal(f.left(), left) {
			t.Errorf("%s: %d rooms, %d notices, %q are left", what, f.count("POST /createRoom"), f.count("PUT /send/m.room.message"), f.left())
		}
	}
	f.say("PUT /send/m.room.message", refused(502, "M_UNKNOWN"))
	for range 2 {
		if err := push(t, b, encrypts("!room", "$e"), sealed("$1"), sealed("$2")); err != nil {
			t.Fatal(err)
		}
	}
	if got := came(t, h); !slices.Equal(got, []string{"bob:localhost " + turned}) {
		t.Errorf("%q came", got)
	}
	if !flees(t, b) {
		t.Error("nothing is left, and no notice was taken")
	}
	n := f.count("PUT /send/m.room.message")
	wants("killed before the notice", 1, n)
	f.say("PUT /send/m.room.message", answer{200, `{"event_id": "$n"}`})
	b.secrets = newErrands(b, secretNotes, b.flee) // as after a start
	if err := push(t, b, encrypts("!room", "$e")); err != nil {
		t.Fatal(err)
	}
	if flees(t, b) {
		t.Error("something is left")
	}
	wants("the offer", 1, n+1, "room")
	if got := came(t, h); got != nil {
		t.Errorf("%q came again", got)
	}
	send(t, s, bob, "here")
	wants("the answer", 1, n+2, "room")
	if err := push(t, b, encrypts("!new", "$e2")); err != nil {
		t.Fatal(err)
	}
	if got := came(t, h); !slices.Equal(got, []string{"bob:localhost " + strings.Replace(turned, writeOn, askAnew, 1)}) {
		t.Errorf("%q came", got)
	}
	flees(t, b)
	wants("the offer is refused", 1, n+2, "room", "new")
	_, err := s.Send(t.Context(), bridges.Message{Chat: bridges.ChatID(bob), From: ghost, Key: "k", Text: "x"})
	if bridges.KindOf(err) != bridges.Unsupported {
		t.Errorf("a text after that: %v", err)
	}
	note(t, b, "!other", room{Ghost: ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	if send(t, s, bob, "there"); f.count("PUT /rooms/%21other/send/")+f.count("PUT /rooms/!other/send/") != 1 {
		t.Error("a room of the person's is not used")
	}
}

// The user is told when the chat is encrypted: also when that could not be kept at first,
// and not of a room in which the two do not talk any more, nor of one that is the bot's.
func TestEncryptedTold(t *testing.T) {
	_, b, h, ghost := talking(t)
	h.fail(errors.New("the store is away"))
	if push(t, b, encrypts("!room", "$e")) == nil {
		t.Error("what was not kept was taken")
	}
	h.fail(nil)
	for range 2 {
		if err := push(t, b, encrypts("!room", "$e"), sealed("$1")); err != nil {
			t.Fatal(err)
		}
	}
	if got := came(t, h); !slices.Equal(got, []string{"bob:localhost " + turned}) {
		t.Errorf("%q came", got)
	}
	for _, id := range []string{"!old", "!now"} {
		note(t, b, id, room{Ghost: ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	}
	note(t, b, "!bot", room{Ghost: b.ghosts.bot, Person: bob, GhostIs: joined, PersonIs: joined})
	if err := push(t, b, encrypts("!old", "$e2"), encrypts("!bot", "$e3")); err != nil {
		t.Fatal(err)
	}
	if got := came(t, h); got != nil {
		t.Errorf("%q came", got)
	}
	e := sealed("$2")
	if e.Room = "!old"; push(t, b, e) != nil {
		t.Error("not taken")
	}
	if got := came(t, h); !slices.Equal(got, []string{"bob:localhost " + locked}) {
		t.Errorf("%q came", got)
	}
}

// Where the homeserver encrypts every room nothing is said, in words.
func TestEncryptedByServer(t *testing.T) {
	f, _, s := onFake(t, nil)
	f.say("GET /state/m.room.encryption", answer{200, `{"algorithm": "m.megolm.v1.aes-sha2"}`})
	_, err := s.Send(t.Context(), bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: "x"})
	if bridges.KindOf(err) != bridges.Unsupported || f.count("PUT /send/") > 0 || !slices.Equal(f.left(), []string{"new"}) {
		t.Errorf("%v; %d texts, %q are left", err, f.count("PUT /send/"), f.left())
	}
}

// A room that was encrypted while nobody here listened gets no clear text, of an edit
// neither; it is left, and the text goes to another.
func TestEncryptedMeanwhile(t *testing.T) {
	for name, say := range map[string]func(s *session) error{
		"a text": func(s *session) error {
			_, err := s.Send(t.Context(), bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: "x"})
			return err
		},
		"an edit": func(s *session) error {
			_, err := s.Edit(t.Context(), bridges.Edit{Message: bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: "x"}, Of: "$1"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, b, h, _ := talking(t)
			s := open(t, b)
			f.say("GET /state/m.room.encryption", secretRoom, refused(404, "M_NOT_FOUND"))
			if err := say(s); bridges.KindOf(err) != bridges.Temporary || f.count("PUT /send/") > 0 {
				t.Errorf("%v; %d events were sent", err, f.count("PUT /send/"))
			}
			if err := push(t, b, encrypts("!room", "$e"), sealed("$1")); err != nil { // what came while nobody listened
				t.Fatal(err)
			}
			if m, ok := next(t, h.came).(bridges.Message); !ok || m.Text != turned || m.ID != "$e" || len(h.came) > 0 {
				t.Errorf("%+v came, and %d more", m, len(h.came))
			}
			flees(t, b)
			if !slices.Contains(f.left(), "room") {
				t.Errorf("%q are left", f.left())
			}
			if send(t, s, bob, "then"); f.count("PUT /rooms/!new/send/")+f.count("PUT /rooms/%21new/send/") == 0 {
				t.Error("the next text went elsewhere")
			}
		})
	}
}

// secretRoom is what the homeserver says of an encrypted room.
var secretRoom = answer{200, `{"type": "m.room.encryption", "state_key": "", "event_id": "$e", "room_id": "!room", "sender": "@bob:localhost", "origin_server_ts": 1700000000000, "content": {}}`}

// What is known of one room says nothing of another: an edit in an older one asks anew.
func TestEncryptedOlder(t *testing.T) {
	f, b, s := onFake(t, nil)
	b.calm = 0
	for _, id := range []string{"!old", "!now"} {
		note(t, b, id, room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	}
	if err := push(t, b); err != nil {
		t.Fatal(err)
	}
	send(t, s, bob, "hello")
	f.say("GET now/event/", refused(404, "M_NOT_FOUND"))
	f.say("GET old/state/m.room.encryption", secretRoom)
	_, err := s.Edit(t.Context(), bridges.Edit{Message: bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: "x"}, Of: "$1"})
	if bridges.KindOf(err) != bridges.Temporary || f.count("PUT old/send/") > 0 {
		t.Errorf("%v; %d events were sent", err, f.count("PUT old/send/"))
	}
}

// Whether a room is encrypted is asked once in a life of the homeserver.
func TestEncryptedUnheard(t *testing.T) {
	f, b, _, _ := talking(t)
	s := open(t, b)
	asks := func(what string, want int) {
		t.Helper()
		before := f.count("GET /state/m.room.encryption")
		send(t, s, bob, what)
		send(t, s, bob, what)
		if n := f.count("GET /state/m.room.encryption") - before; n != want {
			t.Errorf("%s: asked %d times", what, n)
		}
	}
	asks("nothing is known", 1)
	asks("all is well", 0)
	b.anchors.doubt()
	asks("the homeserver may have died", 1)
}

// What was said once more is not said, and nothing is known of the room by that.
func TestEncryptedAgain(t *testing.T) {
	f, b, s := onFake(t, nil)
	b.calm = 0
	note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	if err := push(t, b); err != nil {
		t.Fatal(err)
	}
	m := bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: "x"}
	key := writeAll(m, s.ghost)[0].Key
	f.say("GET /messages", answer{200, fmt.Sprintf(`{"chunk": [{"type": "m.room.message", "event_id": "$k", "room_id": "!room", "sender": %q, "content": {"org.causeway.key": %q}}]}`, userID(s.ghost), key)})
	if ids, err := s.Send(t.Context(), m); err != nil || len(ids) != 1 || ids[0] != "$k" {
		t.Errorf("%v, %v", ids, err)
	}
	f.say("GET /state/m.room.encryption", secretRoom)
	m.Key = "l"
	if _, err := s.Send(t.Context(), m); bridges.KindOf(err) != bridges.Temporary || f.count("PUT /send/") > 0 {
		t.Errorf("%v; %d events were sent", err, f.count("PUT /send/"))
	}
}

// The bot asks before it answers, and leaves a room that was encrypted meanwhile.
func TestEncryptedBot(t *testing.T) {
	f, b, _ := onFake(t, nil)
	note(t, b, "!bot", room{Ghost: b.ghosts.bot, Person: bob, GhostIs: joined, PersonIs: joined})
	if err := push(t, b, text("!bot", "$1", bob, body("help"))); err != nil {
		t.Fatal(err)
	}
	f.say("GET bot/state/m.room.encryption", secretRoom)
	if _, err := doAll(t, b.answers); err != nil {
		t.Fatal(err)
	}
	flees(t, b)
	if n := f.count("PUT bot/send/"); n > 0 || !slices.Contains(f.left(), "bot") {
		t.Errorf("%d answers, %q are left", n, f.left())
	}
}

// An offered room that was encrypted before the ghost said there why it is offered is
// refused: nothing is said there.
func TestEncryptedOffered(t *testing.T) {
	f, b, h, _ := talking(t)
	f.say("PUT /send/m.room.message", refused(502, "M_UNKNOWN"))
	if err := push(t, b, encrypts("!room", "$e")); err != nil {
		t.Fatal(err)
	}
	if !flees(t, b) {
		t.Error("nothing is left, and no notice was taken")
	}
	f.say("PUT /send/m.room.message", answer{200, `{"event_id": "$n"}`})
	f.say("GET new/state/m.room.encryption", answer{200, strings.NewReplacer("$e", "$e2", "!room", "!new").Replace(secretRoom.body)})
	before := f.count("PUT /send/m.room.message")
	for range 2 {
		b.secrets = newErrands(b, secretNotes, b.flee) // as after a start
		flees(t, b)
	}
	if n := f.count("PUT /send/m.room.message") - before; n > 0 || f.count("POST /createRoom") != 1 {
		t.Errorf("%d notices in %d rooms", n, f.count("POST /createRoom"))
	}
	left := f.left()
	if slices.Sort(left); !slices.Equal(slices.Compact(left), []string{"new", "room"}) {
		t.Errorf("%q are left", left)
	}
	if got := came(t, h); !slices.Equal(got, []string{"bob:localhost " + turned, "bob:localhost " + strings.Replace(turned, writeOn, askAnew, 1)}) {
		t.Errorf("%q came", got)
	}
}

// A room that is found to be encrypted by no event we are told of is told of by an id, too:
// a repetition is known.
func TestEncryptedToldByRoom(t *testing.T) {
	_, b, h, _ := talking(t)
	s := open(t, b)
	e := event.Event{Room: "!room", Type: typeEncryption}
	for range 2 {
		if err := s.tellTurned(t.Context(), b.book.look(t.Context()), e, pair{s.ghost, bob}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(h.came); n != 1 {
		t.Errorf("the user is told %d times", n)
	}
}

// A text and the offer of a room that is not encrypted need one at the same time.
func TestEncryptedOneRoom(t *testing.T) {
	f, b, _, _ := talking(t)
	s := open(t, b)
	pushes(t, b, encrypts("!room", "$e"))
	held, free := make(chan struct{}), make(chan struct{})
	hold := sync.OnceFunc(func() { close(held); <-free })
	f.mu.Lock()
	f.before = func(r *http.Request) {
		if strings.Contains(r.URL.Path, "/createRoom") {
			hold()
		}
	}
	f.mu.Unlock()
	var done sync.WaitGroup
	done.Go(func() { flees(t, b) })
	<-held
	done.Go(func() {
		if _, err := s.Send(t.Context(), bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: "x"}); err != nil {
			t.Error(err)
		}
	})
	for founding() < 2 {
		runtime.Gosched()
	}
	close(free)
	done.Wait()
	if n := f.count("POST /createRoom"); n != 1 {
		t.Errorf("%d rooms are made for two people", n)
	}
}

// founding counts the goroutines that make a room, or wait for that.
func founding() int {
	all := make([]byte, 1<<20)
	return strings.Count(string(all[:runtime.Stack(all, true)]), ".(*session).found(")
}
