package matrix

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/cmd/lab"
)

// Whatever was said before a ghost could come is read, in pages.
func TestBacklog(t *testing.T) {
	const texts, onPage = 1150, 100
	f, b, s := onFake(t, nil)
	h := b.host.(*host)
	if err := push(t, b, memberIs("!new", "$i", s.ghost, bob, invited)); err != nil {
		t.Fatal(err)
	}
	f.say("GET /members", answer{200, `{"chunk": [
		{"type": "m.room.member", "event_id": "$1", "room_id": "!new", "sender": "@bob:localhost", "state_key": "@bob:localhost", "content": {"membership": "join"}},
		{"type": "m.room.member", "event_id": "$2", "room_id": "!new", "sender": "@bob:localhost", "state_key": "` + userID(s.ghost) + `", "content": {"membership": "join"}}]}`})
	f.say("GET /state/m.room.encryption", refused(404, "M_NOT_FOUND"))
	all := []string{`{"type": "m.room.member", "event_id": "$i", "room_id": "!new", "sender": "@bob:localhost", "state_key": "x", "content": {}}`}
	for n := range texts {
		all = append(all, fmt.Sprintf(`{"type": "m.room.message", "event_id": "$t%d", "room_id": "!new", "sender": "@bob:localhost", "origin_server_ts": 1700000000000, "content": %s}`, n, body(fmt.Sprint(n))))
	}
	var back, forward []answer
	for from := 0; from < len(all); from += onPage {
		chunk, last := strings.Join(all[from:min(from+onPage, len(all))], ", "), from+onPage >= len(all)
		end := fmt.Sprintf(`, "end": "t%d"`, from)
		back = append([]answer{{200, `{"chunk": [` + chunk + `]` + end + `}`}}, back...)
		if last {
			end = ""
		}
		forward = append(forward, answer{200, `{"chunk": [` + chunk + `]` + end + `}`})
	}
	f.say("GET /messages", append(back, forward...)...)
	if again, err := doAll(t, b.joins.errands); err != nil || again {
		t.Errorf("again: %t, %v", again, err)
	}
	got := came(t, h)
	if len(got) == 0 || got[0] != "bob:localhost asks" {
		t.Fatalf("%d came, without a question", len(got))
	}
	got = got[1:]
	for n := range min(len(got), texts) {
		if got[n] != fmt.Sprint("bob:localhost ", n) {
			t.Fatalf("%q came as number %d", got[n], n)
		}
	}
	if len(got) != texts {
		t.Errorf("%d texts came", len(got))
	}
}

// Of encrypted messages that wait for a ghost the first one is told: none of another page,
// and none that comes then.
func TestBacklogSecret(t *testing.T) {
	f, b, s := onFake(t, nil)
	if err := push(t, b, memberIs("!new", "$i", s.ghost, bob, invited)); err != nil {
		t.Fatal(err)
	}
	f.say("GET /members", answer{200, `{"chunk": [
		{"type": "m.room.member", "event_id": "$1", "room_id": "!new", "sender": "@bob:localhost", "state_key": "@bob:localhost", "content": {"membership": "join"}},
		{"type": "m.room.member", "event_id": "$2", "room_id": "!new", "sender": "@bob:localhost", "state_key": "` + userID(s.ghost) + `", "content": {"membership": "join"}}]}`})
	const invite = `{"type": "m.room.member", "event_id": "$i", "room_id": "!new", "sender": "@bob:localhost", "state_key": "x", "content": {}}`
	sealed := func(id string) string {
		return fmt.Sprintf(`{"type": "m.room.encrypted", "event_id": %q, "room_id": "!new", "sender": "@bob:localhost", "origin_server_ts": 1700000000000, "content": {}}`, id)
	}
	f.say("GET /messages", answer{200, `{"chunk": [` + invite + `], "end": "a"}`},
		answer{200, `{"chunk": [` + strings.Join([]string{invite, sealed("$s1"), sealed("$s2")}, ", ") + `], "end": "b"}`}, answer{200, `{"chunk": [` + sealed("$s3") + `]}`})
	if again, err := doAll(t, b.joins.errands); err != nil || again {
		t.Errorf("again: %t, %v", again, err)
	}
	e := text("!new", "$s4", bob, `{}`)
	if e.Type = typeEncrypted; push(t, b, e) != nil {
		t.Error("not taken")
	}
	if got := came(t, b.host.(*host)); !slices.Equal(got, []string{"bob:localhost asks", "bob:localhost " + locked}) {
		t.Errorf("%q came", got)
	}
}

// What was said in several pages while nobody listened for the homeserver comes in
// order, and what is said then behind it.
func TestRealBacklog(t *testing.T) {
	r := onSynapse(t)
	ghost := r.b.ghosts.of(alice)
	if err := r.b.appear(t.Context(), ghost, alice); err != nil {
		t.Fatal(err)
	}
	carol := lab.Nio(t, r.Matrix, "carol")
	r.stop()
	room := carol.CreateDM(userID(ghost))
	const texts = 2*pageSize + 50
	first := carol.Send(room, "0")
	for n := range texts - 1 {
		carol.Send(room, fmt.Sprint(n+1))
	}
	reacts := func(key string) string {
		return carol.Do(map[string]any{"do": "send_raw", "room": room, "type": typeReaction, "content": map[string]any{
			"m.relates_to": map[string]any{"rel_type": relAnnotation, "event_id": first, "key": key},
		}}).ID
	}
	reacts("👍")
	reacts("🎉")
	r.start(t)
	for n := range texts {
		r.wantText(t, "carol:localhost", fmt.Sprint(n))
	}
	for _, want := range [][]string{{"👍"}, {"👍", "🎉"}} { // 0444.3
		if x, ok := next(t, r.came).(bridges.Reaction); !ok || string(x.Of) != first || !slices.Equal(x.Emojis, want) {
			t.Errorf("%+v came, not %q", x, want)
		}
	}
	last := reacts("❤️")
	if x, ok := next(t, r.came).(bridges.Reaction); !ok || len(x.Emojis) != 3 {
		t.Errorf("%+v came", x)
	}
	carol.Do(map[string]any{"do": "redact", "room": room, "id": last})
	if x, ok := next(t, r.came).(bridges.Reaction); !ok || len(x.Emojis) != 2 {
		t.Errorf("%+v came", x)
	}
	carol.Send(room, "last")
	r.wantText(t, "carol:localhost", "last")
}
