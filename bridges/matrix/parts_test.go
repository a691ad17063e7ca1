package matrix

import (
	"fmt"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// newLong is a text that is too long for an event.
func newLong(word string) string { return strings.Repeat(word+" ", maxContent/len(word)) }

// TestLongEdits: a new text that is longer than the old one goes on in new events, of a
// shorter one what is too much is redacted; who was killed in between goes on where he was.
func TestLongEdits(t *testing.T) {
	for name, c := range map[string]struct {
		text          string
		more          []bridges.MessageID
		edits, events int
	}{
		"longer":            {newLong("longer"), nil, 1, 2},
		"as long":           {newLong("as long"), []bridges.MessageID{"$2"}, 2, 2},
		"longer than parts": {newLong("long") + newLong("longer"), []bridges.MessageID{"$2"}, 2, 4},
		"shorter":           {"short", []bridges.MessageID{"$2", "$3"}, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f, b, s := onFake(t, nil)
			note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
			f.say("GET /event/", answer{200, `{"type": "m.room.message", "event_id": "$1", "room_id": "!room", "sender": "@x:localhost",
				"content": {"m.relates_to": {"rel_type": "m.thread", "event_id": "$root"}}}`})
			m := bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: c.text}
			e := bridges.Edit{Message: m, Of: "$1", More: c.more}
			parts := make([]part, 1+len(c.more))
			for i := range parts {
				parts[i].id = append([]bridges.MessageID{"$1"}, c.more...)[i]
			}
			all := writeEdits(m, s.ghost, parts)
			said := ""
			for i, x := range all {
				if is := x.Relates != nil && x.Relates.Type == relReplace; is != (i < c.edits) || !x.within(maxContent+editFrame) {
					t.Errorf("event %d is an edit: %t", i, is)
				}
				if x.New != nil {
					said += x.New.Body
				} else {
					said += x.Body
				}
			}
			if len(all) != c.events || strings.ReplaceAll(said, " ", "") != strings.ReplaceAll(c.text, " ", "") {
				t.Fatalf("%d events, and %d bytes of %d", len(all), len(said), len(c.text))
			}
			gone := max(0, 1+len(c.more)-len(all))
			for sent := range len(all) + 1 { // so many are there already
				var there []string
				for i := range sent {
					there = append([]string{fmt.Sprintf(`{"type": "m.room.message", "event_id": "$%s", "room_id": "!room", "sender": %q, "content": {"org.causeway.key": %q}}`,
						all[i].Key, userID(s.ghost), all[i].Key)}, there...)
				}
				f.say("GET /messages", answer{200, `{"chunk": [` + strings.Join(there, ",") + `]}`})
				b.sure.Delete(invitation{"!room", s.ghost})
				sends, redacts := f.count("PUT /send/"), f.count("PUT /redact/")
				ids, err := s.Edit(t.Context(), e)
				if err != nil || len(ids) != len(all) || f.count("PUT /send/")-sends != len(all)-sent || f.count("PUT /redact/")-redacts != gone {
					t.Errorf("after %d: %v, %v: %d are sent and %d redacted", sent, ids, err, f.count("PUT /send/")-sends, f.count("PUT /redact/")-redacts)
				}
			}
		})
	}
}

// A long text is edited to a short one, and to a longer one, and is taken back, all of
// it, on a real homeserver.
func TestRealParts(t *testing.T) {
	r := onSynapse(t)
	person := lab.Nio(t, r.Matrix, "bob", "autojoin")
	m := bridges.Message{Chat: bridges.ChatID(bob), From: r.s.ghost, Key: "long", Text: newLong("long")}
	ids, err := r.s.Send(t.Context(), m)
	if err != nil || len(ids) != 2 {
		t.Fatalf("%v, %v", ids, err)
	}
	room := joinsRoom(person, person.UserID)
	redacted := func(id bridges.MessageID) {
		t.Helper()
		person.Wait("a redaction", func(e peer.MatrixEvent) bool { return e.Event == "redaction" && e.Redacts == string(id) })
	}
	change := func(text string, parts ...bridges.MessageID) []bridges.MessageID {
		t.Helper()
		var now []bridges.MessageID
		for range 2 { // whoever does it twice has done it once
			e := bridges.Edit{Message: bridges.Message{Chat: m.Chat, From: m.From, Key: "to " + text[:5], Text: text}, Of: parts[0], More: parts[1:]}
			if now, err = r.s.Edit(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
		return now
	}
	if now := change("short", ids...); len(now) != 1 {
		t.Errorf("it is %v", now)
	}
	redacted(ids[1])
	full := strings.Repeat("x", maxContent-len(plainJSON(t, write("", false, "")))-1)
	if now := change(full, ids[0]); len(now) != 1 { // it has the size of an event
		t.Errorf("it is %v", now)
	}
	person.Wait("a full event", func(e peer.MatrixEvent) bool { return strings.Contains(string(e.Content), full) })
	now := change(newLong("more"), ids[0])
	if len(now) != 2 {
		t.Fatalf("it is %v", now)
	}
	if e := person.Wait("the rest", func(e peer.MatrixEvent) bool { return e.ID == string(now[1]) }); e.Room != room || strings.Contains(string(e.Content), relReplace) {
		t.Errorf("the rest is %.200s", e.Content)
	}
	for _, id := range []bridges.MessageID{ids[0], now[1]} {
		if err := retractBob(t, r.s, string(id)); err != nil {
			t.Error(err)
		}
	}
	for _, id := range []bridges.MessageID{now[0], ids[0], now[1]} { // an edit goes with its text
		redacted(id)
	}
}

// TestRetractionsOfEdits: with a text its edits are taken away, those that are the ghost's.
func TestRetractionsOfEdits(t *testing.T) {
	f, b, s := onFake(t, nil)
	note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	edit := func(id, sender string) string {
		return fmt.Sprintf(`{"type": "m.room.message", "event_id": %q, "room_id": "!room", "sender": %q, "content": {}}`, id, sender)
	}
	edits := answer{200, `{"chunk": [` + edit("$e1", userID(s.ghost)) + `,` + edit("$e2", bobID) + `,` + edit("$e3", userID(s.ghost)) + `]}`}
	for name, c := range map[string]struct {
		edits answer
		want  int
		kind  bridges.Kind
	}{
		"edits":                      {edits, 3, 0},
		"a homeserver without them":  {refused(404, "M_UNRECOGNIZED"), 1, 0},
		"nobody may see them":        {refused(403, "M_FORBIDDEN"), 1, 0},
		"a homeserver that is busy":  {refused(502, "M_UNKNOWN"), 0, bridges.Temporary},
		"a homeserver that is upset": {refused(429, "M_LIMIT_EXCEEDED"), 0, bridges.Temporary},
	} {
		f.say("GET /relations/", c.edits)
		before := f.count("PUT /redact/")
		err := retractBob(t, s, "$1")
		if n := f.count("PUT /redact/") - before; n != c.want || (err == nil) != (c.kind == 0) || err != nil && bridges.KindOf(err) != c.kind {
			t.Errorf("%s: %d redactions, %v", name, n, err)
		}
	}
	f.say("GET /relations/", edits)
	f.say("PUT /redact/", refused(502, "M_UNKNOWN"))
	if err := retractBob(t, s, "$1"); bridges.KindOf(err) != bridges.Unknown {
		t.Errorf("when it is not known what became of it: %v", err)
	}
}

// However many edits a text has, all are taken away with it.
func TestRetractionsOfManyEdits(t *testing.T) {
	const onPage, pages = 100, 12
	f, b, s := onFake(t, nil)
	note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	var all []answer
	for i := range pages {
		var edits []string
		for n := range onPage {
			edits = append(edits, fmt.Sprintf(`{"type": "m.room.message", "event_id": "$e%d-%d", "room_id": "!room", "sender": %q, "content": {}}`, i, n, userID(s.ghost)))
		}
		next := ""
		if i < pages-1 {
			next = fmt.Sprintf(`, "next_batch": "%d"`, i+1)
		}
		all = append(all, answer{200, `{"chunk": [` + strings.Join(edits, ",") + `]` + next + `}`})
	}
	f.say("GET /relations/", all...)
	if err := retractBob(t, s, "$1"); err != nil || f.count("PUT /redact/") != pages*onPage+1 {
		t.Errorf("%d redactions, %v", f.count("PUT /redact/"), err)
	}
}
