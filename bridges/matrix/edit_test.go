package matrix

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/bridges/matrix/client"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// editedFiles are edits of messages with files, by what their parts are.
var editedFiles = map[string]struct {
	parts string
	text  string
	now   []string // of the edits and what is new: whose, its type, its words, its file
	gone  int
	ids   string // of the parts then: an edit, something new, or none
}{
	"one":                            {"$f1", "new", []string{"$f1 m.image new of a.png"}, 0, "edit"},
	"of which no word is left":       {"$f1", "", []string{"$f1 m.image a.png of "}, 0, "edit"},
	"which had none":                 {"$f2", "/me _looks_", []string{"$f2 m.video /me _looks_ of b.mp4"}, 0, "edit"},
	"several":                        {"$f1 $f2 $f2", "new", []string{"$f1 m.image new of a.png"}, 0, "edit none none"},
	"with a long caption":            {"$f1 $t $f2", "new", []string{"$f1 m.image new of a.png"}, 1, "edit none none"},
	"with a caption behind it":       {"$f1 $t", "new", []string{"$f1 m.image new of a.png"}, 1, "edit"},
	"whose rest has gone":            {"$f1 $gone $f2 $gone", newLong("long"), []string{"$f1 m.image long of a.png", " m.text long of "}, 0, "edit none none new"},
	"the first of them went as link": {"$t $f2", "new", []string{"$t m.text new of "}, 0, "edit none"},
}

// TestEditedFiles: an edit changes what is said beside a file, and nothing else of it.
func TestEditedFiles(t *testing.T) {
	for name, c := range editedFiles {
		t.Run(name, func(t *testing.T) {
			f, b, s := onFake(t, nil)
			note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
			for id, content := range map[string]string{
				"$f1":   `{"msgtype": "m.image", "body": "look", "filename": "a.png", "url": "mxc://localhost/a", "info": {"mimetype": "image/png", "size": 3, "w": 30}}`,
				"$f2":   `{"msgtype": "m.video", "body": "b.mp4", "url": "mxc://localhost/a", "info": {"mimetype": "image/png", "size": 3, "w": 30}}`,
				"$t":    `{"msgtype": "m.text", "body": "more"}`,
				"$gone": `{}, "unsigned": {"redacted_because": {}}`,
			} {
				f.say("GET /event/"+id, answer{200, `{"type": "m.room.message", "event_id": "` + id + `", "room_id": "!room", "sender": "@x:localhost", "content": ` + content + `}`})
			}
			var sent []content
			f.before = func(r *http.Request) {
				var c content
				if raw, _ := io.ReadAll(r.Body); strings.Contains(r.URL.Path, "/send/") && json.Unmarshal(raw, &c) == nil {
					sent = append(sent, c)
				}
			}
			var parts []bridges.MessageID
			for id := range strings.FieldsSeq(c.parts) {
				parts = append(parts, bridges.MessageID(id))
			}
			m := bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: c.text}
			ids, err := s.Edit(t.Context(), bridges.Edit{Message: m, Of: parts[0], More: parts[1:]})
			if err != nil || f.count("PUT /redact/") != c.gone {
				t.Fatalf("%v, %d are redacted", err, f.count("PUT /redact/"))
			}
			if got, want := editedIn(t, sent), strings.Join(c.now, ", "); got != want {
				t.Errorf("it is %s, not %s", got, want)
			}
			for i, want := range strings.Fields(c.ids) {
				if i >= len(ids) || (ids[i] == "") != (want == "none") {
					t.Errorf("its parts are %q, not %s", ids, c.ids)
				}
			}
			if len(ids) != len(strings.Fields(c.ids)) {
				t.Errorf("its parts are %q", ids)
			}
		})
	}
}

// editedIn says what was sent, of long texts the first word.
func editedIn(t *testing.T, sent []content) string {
	t.Helper()
	all := make([]string, len(sent))
	for i, c := range sent {
		of := ""
		if c.Relates != nil {
			of = c.Relates.Event
			if c.MsgType != c.New.MsgType || c.URL != c.New.URL || !strings.HasPrefix(c.Body, fallbackEdit) {
				t.Errorf("others see %+v", c)
			}
			c = *c.New
		}
		if c.files() && (c.URL != "mxc://localhost/a" || c.Info == nil || c.Info.Width != 30) {
			t.Errorf("the file is %+v", c.attachment)
		}
		if len(c.Body) > 100 {
			c.Body, _, _ = strings.Cut(c.Body, " ")
		}
		all[i] = of + " " + c.MsgType + " " + c.Body + " of " + c.FileName
	}
	return strings.Join(all, ", ")
}

// Of what cannot be read nothing is known: it is not redacted blindly.
func TestEditedFilesLater(t *testing.T) {
	f, b, s := onFake(t, nil)
	note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	f.say("GET /event/", answer{200, `{"type": "m.room.message", "event_id": "$1", "room_id": "!room", "sender": "@x:localhost", "content": {}}`}, refused(502, "M_UNKNOWN"))
	e := bridges.Edit{Message: bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: "x"}, Of: "$1", More: []bridges.MessageID{"$2"}}
	if _, err := s.Edit(t.Context(), e); bridges.KindOf(err) != bridges.Temporary || f.count("PUT ") != 0 {
		t.Errorf("%v, and %d requests", err, f.count("PUT "))
	}
}

// On a real homeserver two files stay when what is said beside them is edited, and go
// when they are taken back.
func TestRealEditedFiles(t *testing.T) {
	r := onSynapse(t)
	person := lab.Nio(t, r.Matrix, "bob", "autojoin")
	var ids []bridges.MessageID
	for _, name := range []string{"a.png", "b.png"} {
		file := &bridges.File{Name: name, Type: "image/png", Open: func(context.Context) (*bridges.Content, error) {
			return bridgetest.ContentOf(name, "image/png", []byte("abc")), nil
		}}
		id, err := r.s.Send(t.Context(), bridges.Message{Chat: bridges.ChatID(bob), From: r.s.ghost, Key: name, Text: "of " + name, File: file})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id...)
	}
	room := joinsRoom(person, person.UserID)
	for _, text := range []string{"once", "twice", "twice"} {
		m := bridges.Message{Chat: bridges.ChatID(bob), From: r.s.ghost, Key: text, Text: text}
		if now, err := r.s.Edit(t.Context(), bridges.Edit{Message: m, Of: ids[0], More: ids[1:]}); err != nil || len(now) != 2 || now[1] != "" {
			t.Fatalf("%v, %v", now, err)
		}
	}
	person.Wait("the edit", func(e peer.MatrixEvent) bool { return strings.Contains(string(e.Content), `"* twice"`) })
	u := r.b.as(r.s.ghost)
	edits, err := u.Relations(t.Context(), room, string(ids[0]), relReplace, typeMessage)
	if err != nil || len(edits) != 2 {
		t.Fatalf("%d edits, %v", len(edits), err)
	}
	for i, id := range ids {
		e, err := u.Event(t.Context(), room, string(id))
		if p := partOf(e, id, false); err != nil || !p.was.files() || p.was.URL == "" {
			t.Errorf("file %d is %s", i, e.Content)
		}
	}
	var now content
	if err := json.Unmarshal(edits[0].Content, &now); err != nil || now.New == nil || now.New.Body != "twice" || now.New.FileName != "a.png" || !client.IsMedia(now.New.URL) {
		t.Errorf("it is now %s", edits[0].Content)
	}
	for _, id := range ids {
		if err := retractBob(t, r.s, string(id)); err != nil {
			t.Error(err)
		}
		person.Wait("a redaction", func(e peer.MatrixEvent) bool { return e.Event == "redaction" && e.Redacts == string(id) })
	}
}
