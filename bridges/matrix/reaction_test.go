package matrix

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/bridges/matrix/event"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// annotates is an event with which somebody reacts to $1, redacts one that takes
// that back.
func annotates(id string, from bridges.UserID, key, more string) event.Event {
	c := fmt.Sprintf(`{"m.relates_to": {"rel_type": "m.annotation", "event_id": "$1", "key": %q}%s}`, key, more)
	return event.Event{Type: typeReaction, ID: id, Room: "!room", Sender: userID(from), Content: json.RawMessage(c), Time: at}
}

func redacts(id string, from bridges.UserID, of string) event.Event {
	return event.Event{Type: typeRedaction, ID: id, Room: "!room", Sender: userID(from), Content: json.RawMessage(`{}`), Time: at, Redacts: of}
}

// longOf has an event be about what no event can be called.
func longOf(e event.Event) event.Event {
	e.Content = json.RawMessage(strings.Replace(string(e.Content), "$1", "$"+strings.Repeat("1", event.MaxID), 1))
	return e
}

// Additions and removals become all that there is (0444.3), also when they come
// again, and behind a restart.
func TestReactionsIn(t *testing.T) {
	notes := new(bridgetest.Notes)
	_, b, s := onFake(t, notes)
	h := b.host.(*host)
	note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	for i, c := range []struct {
		e    event.Event
		want string
	}{
		{annotates("$a", bob, "👍", ""), "bob:localhost [👍]"},
		{annotates("$a", bob, "👍", ""), "bob:localhost [👍]"},
		{annotates("$b", bob, "❤️", ""), "bob:localhost [👍 ❤️]"},
		{annotates("$c", "carol:localhost", "👍", ""), "carol:localhost [👍]"},
		{redacts("$r", bob, "$a"), "bob:localhost [❤️]"},
		{redacts("$r", bob, "$a"), "bob:localhost [❤️]"},
		{annotates("$a", bob, "👍", ""), "bob:localhost [❤️]"}, // it comes again, too late
		{redacts("$s", bob, "$b"), "bob:localhost []"},
		{annotates("$d", bob, "mxc://localhost/x", `, "shortcode": ":dog:"`), "bob:localhost [:dog:]"},
		{annotates("$e", bob, "mxc://localhost/x", ""), ""},
		{annotates("$f", bob, " ", ""), ""},
		{annotates("$g", bob, strings.Repeat("x", maxEmoji+1), ""), ""},
		{annotates("$h", s.ghost, "👍", ""), ""},
		{longOf(annotates("$k", bob, "👍", "")), ""},
		{event.Event{Type: typeReaction, ID: "$i", Room: "!room", Sender: "@bob:localhost", Content: json.RawMessage(`{"m.relates_to": []}`)}, ""},
		{event.Event{Type: typeReaction, ID: "$j", Room: "!elsewhere", Sender: "@bob:localhost", Content: annotates("", bob, "x", "").Content}, ""},
	} {
		if i == 6 { // the notes are on disk
			_, next, _ := onFake(t, notes)
			next.host, b = h, next
		}
		b.taken.Delete(c.e.ID) // as behind a restart
		if err := push(t, b, c.e); err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(h.came) > 0 {
			x := (<-h.came).(bridges.Reaction)
			got = fmt.Sprint(x.From, " ", x.Emojis)
			if x.Of != "$1" || x.Chat != bridges.ChatID(x.From) || x.Key != "" {
				t.Errorf("%+v", x)
			}
		}
		if got != c.want {
			t.Errorf("%s %s became %q, not %q", c.e.Type, c.e.ID, got, c.want)
		}
	}
	kept := 0
	_ = notes.EachNote(t.Context(), reactionNotes, func(string, []byte) error { kept++; return nil })
	if kept != 3 { // $b, which was taken back last, $c and $d
		t.Errorf("%d notes of reactions are kept", kept)
	}
}

func react(t *testing.T, s *session, key, of string, emojis ...string) error {
	t.Helper()
	return s.React(t.Context(), bridges.Reaction{Chat: bridges.ChatID(bob), From: s.ghost, Key: key, Of: bridges.MessageID(of), Emojis: emojis})
}

// Only what is missing is added, and only what is too much, and the ghost's, taken
// away; nothing is said into an encrypted room.
func TestReactionsOut(t *testing.T) {
	f, b, s := onFake(t, nil)
	note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	one := func(id string, from bridges.UserID, key string) string {
		return fmt.Sprintf(`{"type": "m.reaction", "event_id": %q, "room_id": "!room", "sender": %q, "content": {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$1", "key": %q}}}`, id, userID(from), key)
	}
	f.say("GET /relations/", answer{200, `{"chunk": [` + strings.Join([]string{one("$a", s.ghost, "❤"), one("$b", s.ghost, "👍"), one("$c", bob, "🎉")}, ",") + `]}`})
	if err := react(t, s, "k", "$1", "❤️", "🎉"); err != nil {
		t.Fatal(err)
	}
	if adds, takes := f.count("PUT /send/m.reaction/"), f.count("PUT /redact/$b/"); adds != 1 || takes != 1 || f.count("PUT /redact/") != 1 {
		t.Errorf("%d added, %d taken away; asked %q", adds, takes, f.asked)
	}
	f.say("PUT /send/", refused(400, "M_DUPLICATE_ANNOTATION"))
	if err := react(t, s, "l", "$1", "x"); err != nil {
		t.Errorf("what is there already: %v", err)
	}
	f.say("PUT /send/", refused(502, "M_UNKNOWN"))
	if err := react(t, s, "m", "$1", "x"); bridges.KindOf(err) != bridges.Temporary {
		t.Errorf("a homeserver that fails: %v", err)
	}
	note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined, Encrypted: true})
	if err := react(t, s, "n", "$1", "x"); bridges.KindOf(err) != bridges.Unsupported {
		t.Errorf("into an encrypted room: %v", err)
	}
}

// A reaction to what is not there comes back in words of its own.
func TestReactionRefused(t *testing.T) {
	for _, which := range []string{"GET /event/", "GET /relations/"} {
		f, b, s := onFake(t, nil)
		note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
		f.say(which, refused(404, "M_NOT_FOUND"))
		if err := react(t, s, "k", "$1", "x"); bridges.KindOf(err) != bridges.Rejected || textOf(err) != errNoReact.text {
			t.Errorf("%s: %v, %q", which, err, textOf(err))
		}
	}
}

// Reactions pass both ways, on a real homeserver.
func TestRealReactions(t *testing.T) {
	r := onSynapse(t)
	person := lab.Nio(t, r.Matrix, "bob", "autojoin")
	own := send(t, r.s, bob, "lunch?")
	room := joinsRoom(person, person.UserID)
	said := person.Send(room, "yes")
	r.wantText(t, bob, "yes")

	ids := map[string]string{}
	for key, all := range [][]string{{"👍", "❤️"}, {"👍", "❤️"}, {"❤", "🎉"}} {
		if err := react(t, r.s, fmt.Sprint(key), said, all...); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"👍", "❤️", "🎉"} {
		e := person.Wait(want, func(e peer.MatrixEvent) bool { return e.Type == typeReaction })
		var c reaction
		if json.Unmarshal(e.Content, &c) != nil || c.Relates != (relation{Type: relAnnotation, Event: said, Key: want}) {
			t.Errorf("not %s: %+v", want, c)
		}
		ids[want] = e.ID
	}
	person.Wait("what was taken back", func(e peer.MatrixEvent) bool { return e.Event == "redaction" && e.Redacts == ids["👍"] })
	if err := react(t, r.s, "unknown", "$unknown", "x"); bridges.KindOf(err) != bridges.Rejected {
		t.Errorf("to an unknown text: %v", err)
	}

	first := person.Do(map[string]any{"do": "send_raw", "room": room, "type": typeReaction, "content": map[string]any{
		"m.relates_to": map[string]any{"rel_type": relAnnotation, "event_id": own, "key": "👍"},
	}})
	person.Do(map[string]any{"do": "send_raw", "room": room, "type": typeReaction, "content": map[string]any{
		"m.relates_to": map[string]any{"rel_type": relAnnotation, "event_id": own, "key": "🎉"},
	}})
	person.Do(map[string]any{"do": "redact", "room": room, "id": first.ID})
	for _, want := range [][]string{{"👍"}, {"👍", "🎉"}, {"🎉"}} {
		x, ok := next(t, r.came).(bridges.Reaction)
		for !ok {
			x, ok = next(t, r.came).(bridges.Reaction)
		}
		if string(x.Of) != own || x.From != bob || !slices.Equal(x.Emojis, want) {
			t.Errorf("%+v came, not %q", x, want)
		}
	}
}
