package main_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// formatted sends a text of Matrix with HTML.
func formatted(c *lab.MatrixClient, room, body, html string) {
	c.Do(map[string]any{"do": "send_raw", "room": room, "type": "m.room.message", "content": map[string]any{
		"msgtype": "m.text", "body": body, "format": "org.matrix.custom.html", "formatted_body": html,
	}})
}

// What is styled is so on both sides, and what only looks like it on neither (xeps.md
// 7.38: 0393.1 to 0393.4, 0372.6).
func TestMatrixStyling(t *testing.T) { each(t, matrixStyling) }

func matrixStyling(t *testing.T, server string) {
	m := newMatrixRigWith(t, matrixSetup{server: server})
	alice, bob := m.registered("alice"), lab.Nio(t, m.home, "bob", "autojoin")
	jid := matrixJID("bob")
	const text = "*bold* `code` @room @everyone\n> quote\n```go\nx < y\n```"
	alice.Send(jid, "1", text)
	e := bob.Wait("the text", func(e peer.MatrixEvent) bool { return e.Body == text })
	var got struct {
		HTML     string          `json:"formatted_body"`
		Mentions json.RawMessage `json:"m.mentions"`
	}
	const html = `<strong>bold</strong> <code>code</code> @room @everyone<blockquote>quote</blockquote><pre><code class="language-go">x &lt; y` + "\n</code></pre>"
	if err := json.Unmarshal(e.Content, &got); err != nil || got.HTML != html || string(got.Mentions) != "{}" {
		t.Errorf("0393.4, 0372.6: %s, %v", e.Content, err)
	}
	alice.Do(map[string]any{"do": "raw", "xml": `<message to='` + jid + `' type='chat' id='2'><body>*not bold*</body><unstyled xmlns='urn:xmpp:styling:0'/></message>`})
	e = bob.Wait("the text", func(e peer.MatrixEvent) bool { return e.Body == "*not bold*" })
	if strings.Contains(string(e.Content), "formatted_body") {
		t.Errorf("0393: %s", e.Content)
	}
	for _, c := range []struct {
		body, html, text string
		unstyled         bool
	}{
		{"**bold** `code`", "<p><strong>bold</strong> <code>code</code></p>", "*bold* `code`", false},
		{"> quote\n\nand", "<blockquote>\n<p>quote</p>\n</blockquote>\n<p>and</p>", "> quote\nand", false},
		{"*note*", "", "*note*", true},
		{"snake_case", "", "snake_case", false},
	} {
		if c.html == "" {
			bob.Send(e.Room, c.body)
		} else {
			formatted(bob, e.Room, c.body, c.html)
		}
		if x := alice.Wait("the text", message(jid, c.text)); strings.Contains(x.XML, "urn:xmpp:styling:0") != c.unstyled {
			t.Errorf("0393.1, 0393.3: %s", x.XML)
		}
	}
}

// A text of 200 KiB comes in pieces, in order, and one of 60,000 bytes whole; between
// them the worker is killed. What nobody here knows is said to be so once.
func TestMatrixLong(t *testing.T) {
	t.Parallel()
	m := newMatrixRigWith(t, matrixSetup{server: "prosody"})
	alice, bob := m.registered("alice"), lab.Nio(t, m.home, "bob", "autojoin")
	jid := matrixJID("bob")
	var lines []string
	for i := 0; len(lines)*50 < 200<<10; i++ {
		lines = append(lines, fmt.Sprintf("%06d of a *long* text, with words up to here ....", i))
	}
	alice.Send(jid, "0", "begin")
	room := said(bob, "begin")
	alice.Send(jid, "1", strings.Join(lines, "\n"))
	m.gateway.killWorker()
	alice.Send(jid, "2", "behind it")
	var got []string
	pieces := 0
	for ; ; pieces++ {
		e := bob.Wait("a piece", func(e peer.MatrixEvent) bool { return e.Event == "message" && e.Sender == aliceGhost })
		if e.Body == "behind it" {
			break
		}
		got = append(got, strings.Split(e.Body, "\n")...)
	}
	if pieces < 4 || strings.Join(got, "\n") != strings.Join(lines, "\n") {
		t.Errorf("%d lines came in %d pieces", len(got), pieces)
	}
	long := strings.Repeat("é ", 20_000)
	bob.Send(room, long)
	alice.Wait("a long text", func(e peer.Event) bool {
		return e.Event == "message" && of(e, jid) && strings.TrimSpace(e.Body) == strings.TrimSpace(long)
	})
	for i := range 3 {
		bob.Do(map[string]any{"do": "send_raw", "room": room, "type": "org.example.game", "content": map[string]any{"move": i}})
	}
	bob.Send(room, "after the game")
	for _, want := range []string{"org.example.game", "after the game"} {
		e := alice.Wait("a text", func(e peer.Event) bool { return e.Event == "message" && of(e, jid) && e.Body != "" })
		if !strings.Contains(e.Body, want) {
			t.Errorf("%q came, not %s", e.Body, want)
		}
	}
}
