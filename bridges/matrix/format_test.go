package matrix

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// plainJSON is JSON in which HTML can be read.
func plainJSON(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

// TestWrite: what a text becomes (xeps.md 0393.4 to 0393.6), which calls nobody
// (0372.6).
func TestWrite(t *testing.T) {
	const html = `"format":"org.matrix.custom.html","formatted_body":`
	for _, c := range []struct {
		text     string
		unstyled bool
		want     string
	}{
		{"plain", false, `"m.text","body":"plain"`},
		{"*a* <b>", false, `"m.text","body":"*a* <b>",` + html + `"<strong>a</strong> &lt;b&gt;"`},
		{"*a*", true, `"m.text","body":"*a*"`},
		{"/me waves", false, `"m.emote","body":"waves"`},
		{"/me *waves*", false, `"m.emote","body":"*waves*",` + html + `"<strong>waves</strong>"`},
		{"/me > x", false, `"m.emote","body":"> x"`},
		{"/meow", false, `"m.text","body":"/meow"`},
		{"> a\nb", false, `"m.text","body":"> a\nb",` + html + `"<blockquote>a</blockquote>b"`},
		{"@everyone @room **x** [x](javascript:x)", false, `"m.text","body":"@everyone @room **x** [x](javascript:x)",` + html +
			`"@everyone @room <strong>*x</strong>* [x](javascript:x)"`},
	} {
		want := `{"msgtype":` + c.want + `,"m.mentions":{},"org.causeway.key":"k"}`
		if got := plainJSON(t, write(c.text, c.unstyled, "k")); got != want {
			t.Errorf("%q became %s", c.text, got)
		}
	}
}

// TestFormattedIn: the formatted body is what people see (xeps.md 0393.1 to 0393.3).
func TestFormattedIn(t *testing.T) {
	_, b, h, _ := talking(t)
	html := func(msgtype, body, source, more string) string {
		return fmt.Sprintf(`{"msgtype": %q, "body": %q, "format": "org.matrix.custom.html", "formatted_body": %q%s}`, msgtype, body, source, more)
	}
	const answers = `, "m.relates_to": {"m.in_reply_to": {"event_id": "$1"}}`
	for _, c := range []struct {
		content, text, quote string
		styled               bool
	}{
		{html("m.text", "**a**", "<b>a</b>", ""), "*a*", "", true},
		{html("m.notice", "**a**", "<b>a</b>", ""), "*a*", "", true},
		{html("m.emote", "**a**", "<b>a</b>", ""), "/me *a*", "", true},
		{html("m.text", "*a*", "*a*", ""), "*a*", "", false},
		{html("m.text", "a", "", ""), "a", "", false},
		{html("m.text", "a", "<mx-reply>b</mx-reply>", ""), "a", "", false},
		{body("*a*"), "*a*", "", false},
		{`{"msgtype": "m.text", "body": "a", "format": 1, "formatted_body": "<b>a</b>"}`, "a", "", false},
		{`{"msgtype": "m.text", "body": "a", "format": "org.matrix.custom.html", "formatted_body": ["x"]}`, "a", "", false},
		{`{"msgtype": "m.text", "body": "a", "format": "text/x", "formatted_body": "<b>a</b>"}`, "a", "", false},
		{html("m.image", "a.png", "<b>a</b>", ""), "(a picture, which can be seen on Matrix only: a.png)", "", false},
		{html("m.image", "a", "<b>a</b>", `, "filename": "a.png"`), "(a picture, which can be seen on Matrix only: a.png)\n*a*", "", true},
		{html("m.text", "> <@a:hs> when?\n\n**now**", "<mx-reply><blockquote>when?</blockquote></mx-reply><b>now</b>", answers), "*now*", "when?", true},
		{html("m.text", "**now**", "<b>now</b>", answers), "*now*", "", true},
		{html("m.text", "* a", "* a", `, "m.new_content": `+html("m.text", "**a**", "<b>a</b>", "")+`, "m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}`), "*a*", "", true},
		{html("m.text", "* **a**", "* <b>a</b>", `, "m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}`), "*a*", "", true},
		{html("m.text", strings.Repeat("x", 60_000), "<b>"+strings.Repeat("y", 60_000)+"</b>", ""), "*" + strings.Repeat("y", 60_000) + "*", "", true},
	} {
		if err := push(t, b, text("!room", "$e"+fmt.Sprint(len(h.seen)), bob, c.content)); err != nil {
			t.Fatal(err)
		}
		var m bridges.Message
		switch x := next(t, h.came).(type) {
		case bridges.Message:
			m = x
		case bridges.Edit:
			m = x.Message
		}
		if m.Text != c.text || m.Unstyled == c.styled || m.Quote != c.quote {
			t.Errorf("%.200s became %.200q, %t, behind %q", c.content, m.Text, !m.Unstyled, m.Quote)
		}
	}
}

// long is a text that is too long for three events.
func long() string {
	var b strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&b, "line %d of a *long* text with \"quotes\" and é\n", i)
	}
	return b.String()
}

// TestLong: a text that is too long for an event becomes several, in order, each with
// its own transaction; who was killed in between goes on where he was.
func TestLong(t *testing.T) {
	f, b, s := onFake(t, nil)
	note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	m := bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: long(), ReplyTo: "$1"}
	all := writeAll(m, s.ghost)
	var bodies, keys []string
	for i, c := range all {
		if !c.fits() || (c.Relates != nil) != (i == 0) || c.Formatted == "" {
			t.Errorf("piece %d is %+v", i, c.Relates)
		}
		bodies, keys = append(bodies, c.Body), append(keys, c.Key)
	}
	if got := strings.Join(bodies, "\n"); len(all) < 4 || strings.TrimSpace(got) != strings.TrimSpace(m.Text) {
		t.Fatalf("%d pieces of %d bytes", len(all), len(got))
	}
	for sent := range len(all) { // so many are there already
		var there []string
		for i := range sent {
			there = append(there, fmt.Sprintf(`{"type": "m.room.message", "event_id": "$p%d", "room_id": "!room", "sender": %q, "content": {"org.causeway.key": %q}}`, i, userID(s.ghost), keys[i]))
		}
		slices.Reverse(there)
		there = append(there, `{"type": "m.room.message", "event_id": "$b", "room_id": "!room", "sender": "@bob:localhost", "content": {"org.causeway.key": "x"}}`,
			fmt.Sprintf(`{"type": "m.room.message", "event_id": "$o", "room_id": "!room", "sender": %q, "content": {"org.causeway.key": "x"}}`, userID(s.ghost)))
		f.say("GET /messages", answer{200, `{"chunk": [` + strings.Join(there, ",") + `]}`})
		b.sure.Delete(invitation{"!room", s.ghost})
		before := f.count("PUT /send/")
		ids, err := s.Send(t.Context(), m)
		if n := f.count("PUT /send/") - before; err != nil || len(ids) != len(all) || n != len(all)-sent {
			t.Fatalf("%v, %v: %d are sent", ids, err, n)
		}
		for i, id := range ids {
			want := "$" + keys[i]
			if i < sent {
				want = fmt.Sprint("$p", i)
			}
			if string(id) != want {
				t.Errorf("piece %d is %s, not %s", i, id, want)
			}
		}
	}
}

// Formatted texts and long ones pass a real homeserver.
func TestRealFormat(t *testing.T) {
	r := onSynapse(t)
	person := lab.Nio(t, r.Matrix, "bob", "autojoin")
	send(t, r.s, bob, "*hello* @room")
	e := person.Wait("the text", isText("*hello* @room"))
	if c := string(e.Content); !strings.Contains(c, `"formatted_body"`) || !strings.Contains(c, "strong") || !strings.Contains(c, `"m.mentions": {}`) && !strings.Contains(c, `"m.mentions":{}`) {
		t.Errorf("0393.4, 0372.6: %s", c)
	}
	m := bridges.Message{Chat: bridges.ChatID(bob), From: r.s.ghost, Key: "long", Text: long()}
	ids, err := r.s.Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	at, err := r.b.joinedRoom(t.Context(), pair{r.s.ghost, bob})
	if err != nil {
		t.Fatal(err)
	}
	r.b.sure.Delete(invitation{at, r.s.ghost})
	if again, err := r.s.Send(t.Context(), m); err != nil || !slices.Equal(again, ids) {
		t.Errorf("%v, %v", again, err)
	}
	for i, id := range ids {
		if got := person.Wait("a piece", func(e peer.MatrixEvent) bool { return e.Event == "message" }); got.ID != string(id) {
			t.Errorf("piece %d is %s", i, got.ID)
		}
	}
	person.Do(map[string]any{"do": "send_raw", "room": e.Room, "type": typeMessage, "content": map[string]any{
		"msgtype": "m.text", "body": "**hi**", "format": formatHTML, "formatted_body": "<strong>hi</strong>",
	}})
	if m := r.wantText(t, bob, "*hi*"); m.Unstyled {
		t.Errorf("0393.1: %+v", m)
	}
}

// What is short always fits, whatever becomes of it.
func TestShort(t *testing.T) {
	for name, text := range map[string]string{
		"quotations": strings.Repeat(">", short), "lines of them": strings.Repeat(">>>x\n\n", short/6), "marks": strings.Repeat("*_a_* ", short/6),
		"escapes": strings.Repeat("<", short), "characters that JSON escapes": strings.Repeat("\x01", short), "line ends": strings.Repeat("\n", short),
	} {
		if c := write(text, false, ""); !c.fits() {
			t.Errorf("%s do not fit: %d bytes of HTML", name, len(c.Formatted))
		}
	}
}
