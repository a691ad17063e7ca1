package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"causeway/bridges/matrix/appservice"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// assault is what comes to the place where the gateway listens for the homeserver,
// beside what that pushes.
type assault struct {
	*matrixRig
	alice *user
	bob   *lab.MatrixClient
	room  string
	token string // the right one
	n     int    // events that were made
}

// What makes no sense, and who is nobody, changes nothing for others: after each
// case a text goes both ways (issue 6).
func TestMatrixHostile(t *testing.T) { each(t, matrixHostile) }

func matrixHostile(t *testing.T, server string) {
	m := newMatrixRigWith(t, matrixSetup{server: server})
	r, err := appservice.Load(m.registration)
	if err != nil {
		t.Fatal(err)
	}
	a := &assault{matrixRig: m, alice: m.registered("alice"), bob: lab.Nio(t, m.home, "bob", "autojoin"), token: string(r.HSToken)}
	a.alice.Send(matrixJID("bob"), "begin", "begin")
	a.room = said(a.bob, "begin")
	for _, c := range []struct {
		name string
		do   func(*assault, *testing.T)
	}{
		{"events that make no sense", (*assault).senseless},
		{"tokens", (*assault).tokens},
		{"sizes and methods", (*assault).sizes},
		{"slow clients", (*assault).slow},
		{"people with odd ids", (*assault).odd},
		{"rooms that nobody knows", (*assault).unknownRooms},
		{"long texts", (*assault).long},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.do(a, t)
			a.unharmed(t)
		})
	}
	if n := m.gateway.metric("causeway_gateway_panics_total", ""); n != 0 {
		t.Errorf("%d panics", n)
	}
}

// unharmed has a text go each way, by the real homeserver.
func (a *assault) unharmed(t *testing.T) {
	t.Helper()
	a.n++
	after := fmt.Sprint(a.n, " after ", t.Name())
	a.alice.Send(matrixJID("bob"), after, after)
	a.bob.WaitMessage(a.room, after)
	a.bob.Send(a.room, "bob, "+after)
	a.alice.Wait("the text of bob", message(matrixJID("bob"), "bob, "+after))
}

// ask makes a request of the gateway and returns the status.
func (a *assault) ask(t *testing.T, method, path, auth string, body io.Reader) int {
	t.Helper()
	q, err := http.NewRequestWithContext(within(t), method, "http://"+a.listen+"/_matrix/app/v1"+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if auth != "" {
		q.Header.Set("Authorization", "Bearer "+auth)
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// push gives the gateway a transaction of its own, with any events.
func (a *assault) push(t *testing.T, events ...string) {
	t.Helper()
	a.n++
	body := `{"events":[` + strings.Join(events, ",") + `]}`
	if status := a.ask(t, http.MethodPut, fmt.Sprintf("/transactions/x%d", a.n), a.token, strings.NewReader(body)); status != http.StatusOK {
		t.Fatalf("the transaction got %d", status)
	}
}

// text is an event that says something.
func (a *assault) text(room, sender, body string) string {
	a.n++
	return fmt.Sprintf(`{"type":"m.room.message","event_id":"$forged%d","room_id":%s,"sender":%s,"content":{"msgtype":"m.text","body":%s}}`,
		a.n, inJSON(room), inJSON(sender), inJSON(body))
}

// inJSON is a text in JSON.
func inJSON(s string) string {
	text, _ := json.Marshal(s) // texts have no errors
	return string(text)
}

// senseless has events come that are none; what stands behind them comes.
func (a *assault) senseless(t *testing.T) {
	good := a.text(a.room, a.bob.UserID, "x")
	for name, event := range map[string]string{
		"a number": "7", "null": "null", "a list": "[]", "an empty one": "{}",
		"no type":           strings.Replace(good, `"type"`, `"tipe"`, 1),
		"no id":             strings.Replace(good, `"event_id"`, `"id"`, 1),
		"no room":           strings.Replace(good, `"room_id"`, `"room"`, 1),
		"no sender":         strings.Replace(good, `"sender"`, `"from"`, 1),
		"no content":        strings.Replace(good, `"content"`, `"contents"`, 1),
		"a number for room": strings.Replace(good, inJSON(a.room), "7", 1),
		"text for content":  `{"type":"m.room.message","event_id":"$c","room_id":"!r","sender":"@bob:localhost","content":"x"}`,
		"a list for a body": strings.Replace(good, `"x"`, `["x"]`, 1),
		"keys twice":        strings.Replace(good, `{"type"`, `{"type":7,"sender":[],"type"`, 1),
		"a thousand levels": strings.Replace(good, `"x"`, strings.Repeat(`{"a":`, 1000)+"1"+strings.Repeat("}", 1000), 1),
		"an unknown type":   strings.Replace(good, "m.room.message", "org.example.unheard", 1),
		"an unknown state":  strings.Replace(good, `{"type":"m.room.message"`, `{"state_key":"","type":"org.example.state"`, 1),
		"odd membership":    strings.Replace(good, `{"type":"m.room.message"`, `{"state_key":"`+aliceGhost+`","type":"m.room.member"`, 1),
		"control":           strings.Replace(good, `"x"`, `"\u0000\u0001\ud800"`, 1),
	} {
		text := "behind " + name
		a.push(t, strings.Replace(event, "$forged", "$"+fmt.Sprint(a.n), 1), a.text(a.room, a.bob.UserID, text))
		a.alice.Wait("the text "+text, message(matrixJID("bob"), text))
	}
}

// tokens has somebody come who does not have ours, in the header or as old
// homeservers gave it.
func (a *assault) tokens(t *testing.T) {
	for _, c := range []struct {
		name, auth, query string
		status            int
	}{
		{"none", "", "", http.StatusUnauthorized},
		{"another", a.token[1:], "", http.StatusForbidden},
		{"another in the query", "", "?access_token=x", http.StatusForbidden},
		{"another beside ours", a.token, "?access_token=x", http.StatusForbidden},
		{"ours beside another", "x", "?access_token=" + a.token, http.StatusForbidden},
	} {
		body := `{"events":[` + a.text(a.room, a.bob.UserID, "forged") + `]}`
		if status := a.ask(t, http.MethodPut, "/transactions/forged"+c.query, c.auth, strings.NewReader(body)); status != c.status {
			t.Errorf("%s: got %d", c.name, status)
		}
	}
	a.push(t, a.text(a.room, a.bob.UserID, "true"))
	none(t, "a forged text", a.alice.until("the true text", message(matrixJID("bob"), "true")), func(e peer.Event) bool { return e.Body == "forged" })
}

// sizes has what is too much, and what nobody asks.
func (a *assault) sizes(t *testing.T) {
	for _, c := range []struct {
		name, method, path string
		body               int
		status             int
	}{
		{"a transaction of 33 MiB", "PUT", "/transactions/huge", 33 << 20, http.StatusRequestEntityTooLarge},
		{"no JSON", "PUT", "/transactions/blank", 10, http.StatusBadRequest},
		{"another method", "DELETE", "/transactions/1", 0, http.StatusMethodNotAllowed},
		{"another path", "GET", "/accounts/1", 0, http.StatusNotFound},
		{"somebody who is no ghost", "GET", "/users/@bob:localhost", 0, http.StatusNotFound},
		{"nobody's ghost", "GET", "/users/@_xmpp_nobody=40localhost:localhost", 0, http.StatusNotFound},
		{"an odd ghost", "GET", "/users/@_xmpp_%2F%C3%A9%00:localhost", 0, http.StatusNotFound},
		{"an alias", "GET", "/rooms/%23x:localhost", 0, http.StatusNotFound},
	} {
		if status := a.ask(t, c.method, c.path, a.token, strings.NewReader(strings.Repeat(" ", c.body))); status != c.status {
			t.Errorf("%s: got %d", c.name, status)
		}
	}
}

// slow has clients come that announce 10 GB, or say nothing; they stay until the
// end of the test, and nobody waits for them.
func (a *assault) slow(t *testing.T) {
	head := "PUT /_matrix/app/v1/transactions/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + a.token + "\r\n"
	for _, begin := range []string{"", "PUT /", head, head + "Content-Length: 1000000\r\n\r\n{\"events\":[", head + "Content-Length: 10000000000\r\n\r\n{"} {
		for range 50 {
			c, err := net.Dial("tcp", a.listen)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			if _, err := io.WriteString(c, begin); err != nil {
				t.Fatal(err)
			}
		}
	}
	a.unharmed(t)
}

// odd has people speak whose ids no new account can have: each is somebody else, and
// who answers hears that nobody is there.
func (a *assault) odd(t *testing.T) {
	seen := map[string]string{matrixJID("bob"): a.bob.UserID}
	for n, id := range []string{"@Bob:localhost", "@BOB:localhost", "@b/ob:localhost", "@b\u00f6b:localhost", "@..:localhost", "@b b:localhost", "@\u202ebob:localhost"} {
		text := fmt.Sprint("odd ", n)
		a.push(t, a.text(a.room, id, text))
		e := a.alice.Wait("the text of "+id, func(e peer.Event) bool { return e.Event == "message" && e.Body == text })
		jid, _, _ := strings.Cut(e.From, "/")
		if was, known := seen[jid]; known {
			t.Errorf("%s is %s, as is %s", id, jid, was)
		}
		seen[jid] = id
		a.alice.Send(jid, text, "hello")
		if e := a.alice.Wait("an error", failure(text)); e.Text == "" {
			t.Errorf("%s: %+v", id, e)
		}
	}
}

// unknownRooms has things happen in rooms that are not there: an invitation that the
// homeserver knows nothing of is given up, and of the rest nothing comes.
func (a *assault) unknownRooms(t *testing.T) {
	invite := func(room, sender string) string {
		a.n++
		return fmt.Sprintf(`{"type":"m.room.member","event_id":"$forged%d","room_id":%s,"sender":%q,"state_key":%q,"content":{"membership":"invite"}}`, a.n, inJSON(room), sender, aliceGhost)
	}
	a.push(t, a.text("!nowhere", a.bob.UserID, "in no room"), a.text("../..", a.bob.UserID, "in no room"),
		invite("!nowhere", "@b/\u00f6b:localhost"), invite("!nowhere2", ""), invite("../\u0000", a.bob.UserID), invite("!nowhere3", aliceGhost),
		a.text(a.room, a.bob.UserID, "in a room"))
	none(t, "a text of no room", a.alice.until("the text", message(matrixJID("bob"), "in a room")), func(e peer.Event) bool { return e.Body == "in no room" })
	lab.Await(t, "the invitation is given up", func() bool { return a.gateway.count("an invitation is no longer there") > 0 })
}

// long has the longest texts that each side can say, and longer ones, which come in
// pieces.
func (a *assault) long(t *testing.T) {
	text := strings.Repeat("0123456789", 6_000)
	a.bob.Send(a.room, text)
	a.alice.Wait("60,000 characters", message(matrixJID("bob"), text))
	for id, text := range map[string]string{"one event": text[:20_000], "long": text[1:], "in bytes": strings.Repeat("\u00e4", 50_000)} {
		a.alice.Send(matrixJID("bob"), id, text)
		for rest := text; rest != ""; {
			piece := a.bob.Wait("a piece", func(e peer.MatrixEvent) bool { return e.Event == "message" && e.Sender == aliceGhost }).Body
			if piece == "" || !strings.HasPrefix(rest, piece) {
				t.Fatalf("%s: %.100q came of %.100q", id, piece, rest)
			}
			rest = rest[len(piece):]
		}
	}
}
