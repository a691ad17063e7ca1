package appservice

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// alive wants the server to take a transaction still, and nothing else to have come
// to its handler.
func (r *rig) alive(t *testing.T) {
	t.Helper()
	if status, _ := r.do(t, "PUT", v1+"/transactions/good", `{"events":[`+hello+`]}`); status != 200 {
		t.Errorf("a good transaction got %d", status)
	}
	if len(r.taken) != 1 || r.taken[0].ID != "good" || len(r.asked) != 0 {
		t.Errorf("taken %+v, asked %v", r.taken, r.asked)
	}
}

// What is no request of a homeserver has an answer at once, and no effect.
func TestHostile(t *testing.T) {
	const auth = "Host: x\r\nAuthorization: Bearer " + token + "\r\n"
	for _, c := range []struct {
		name, request string
		status        int
	}{
		{"10 GB are announced", put(token, "10000000000"), 413},
		{"10 GB are announced by a stranger", put("stranger", "10000000000"), 403},
		{"10 GB are announced to nowhere", "PUT /x HTTP/1.1\r\n" + auth + "Content-Length: 10000000000\r\n\r\n", 404},
		{"less than nothing is announced", put(token, "-1"), 400},
		{"two lengths", "PUT " + v1 + "/transactions/1 HTTP/1.1\r\n" + auth + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400},
		{"a header without an end", "GET / HTTP/1.1\r\n" + auth + "X: " + strings.Repeat("x", 2*headerBytes), 431},
		{"no HTTP", "{\"events\":[]}\r\n\r\n", 400},
		{"a body of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
		{"a path with a control character", "PUT " + v1 + "/transactions/\x01 HTTP/1.1\r\n" + auth + "\r\n", 400},
		{"a way up", "PUT " + v1 + "/transactions/../transactions/1 HTTP/1.1\r\n" + auth + "Content-Length: 2\r\n\r\n{}", 404},
		{"slashes", "PUT //" + v1 + "//transactions//1 HTTP/1.1\r\n" + auth + "Content-Length: 2\r\n\r\n{}", 404},
		{"two tokens", "PUT " + v1 + "/transactions/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nAuthorization: Bearer " + token + "\r\nContent-Length: 2\r\n\r\n{}", 403},
		{"a method of its own", "STEAL " + v1 + "/transactions/1 HTTP/1.1\r\n" + auth + "\r\n", 405},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, token)
			if status := rawRequest(t, r, c.request); status != c.status {
				t.Errorf("got %d, want %d", status, c.status)
			}
			r.alive(t)
		})
	}
}

// The id of a transaction is any text, and stays what it is.
func TestTransactionIDs(t *testing.T) {
	for escaped, want := range map[string]string{
		"1": "1", "a%2Fb": "a/b", "%2E%2E": "..", "%00": "\x00", "%C3%A9": "é", "%FF": "\xff", "a%20b": "a b", "%25": "%", "a+b": "a+b",
		"1%0D%0AX:y": "1\r\nX:y", "$!*'();:@&=,": "$!*'();:@&=,", strings.Repeat("9", 4096): strings.Repeat("9", 4096),
	} {
		r := newRig(t, token)
		if status, _ := r.do(t, "PUT", v1+"/transactions/"+escaped, `{"events":[`+hello+`]}`); status != 200 {
			t.Errorf("%.30q: got %d", escaped, status)
		} else if got := r.taken[0].ID; got != want {
			t.Errorf("%.30q is %.30q", escaped, got)
		}
	}
}

// An event that is nested deeper than anybody sends is refused with its transaction,
// and ends nothing.
func TestNested(t *testing.T) {
	for depth, want := range map[int]int{1000: 200, 9_000: 200, 100_000: 400} {
		r := newRig(t, token)
		deep := strings.Replace(hello, `"hello"`, strings.Repeat(`{"a":`, depth)+"1"+strings.Repeat("}", depth), 1)
		if status, _ := r.do(t, "PUT", v1+"/transactions/1", `{"events":[`+deep+","+world+`]}`); status != want {
			t.Errorf("%d levels got %d", depth, status)
		}
		if status, _ := r.do(t, "PUT", v1+"/transactions/2", `{"events":[`+world+`]}`); status != 200 {
			t.Errorf("after %d levels: got %d", depth, status)
		}
	}
}

// Of keys that are there twice the last one counts, as for all who read JSON.
func TestKeysTwice(t *testing.T) {
	r := newRig(t, token)
	twice := strings.Replace(hello, `{`, `{"event_id":"$0","sender":7,`, 1)
	if status, _ := r.do(t, "PUT", v1+"/transactions/1", `{"events":[`+twice+`]}`); status != 200 {
		t.Fatalf("got %d", status)
	}
	if e := r.taken[0].Events; len(e) != 1 || e[0].ID != "$1" || e[0].Sender != "@a:hs" {
		t.Errorf("got %+v", e)
	}
}

// slow are clients that never come to an end.
var slow = []struct{ name, begin, drop string }{
	{"a body, byte by byte", put(token, "100000"), " "},
	{"a body of a stranger", put("stranger", "100000"), " "},
	{"a header, byte by byte", "PUT " + v1 + "/transactions/1 HTTP/1.1\r\nX: ", "x"},
	{"nothing", "", ""},
}

// Who is slow is cut off though something comes all the time, and nobody waits for
// him: a hundred of each kind take nothing from the homeserver.
func TestSlow(t *testing.T) {
	for _, c := range slow {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, token, func(s *http.Server) { s.ReadTimeout = 300 * time.Millisecond })
			var ended sync.WaitGroup
			for range 100 {
				conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
				if err != nil {
					t.Fatal(err)
				}
				ended.Go(func() { drip(conn, c.begin, c.drop) })
			}
			r.alive(t)
			ended.Wait()
			if status, _ := r.do(t, "PUT", v1+"/transactions/2", "{}"); status != 200 || len(r.taken) != 2 {
				t.Errorf("got %d, taken %d", status, len(r.taken))
			}
		})
	}
}

// drip sends the beginning of a request and then drop after drop, until the server
// hangs up.
func drip(c net.Conn, begin, drop string) {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, c)
	}()
	defer func() { <-gone }()
	defer c.Close()
	beat := time.NewTicker(10 * time.Millisecond)
	defer beat.Stop()
	_, err := fmt.Fprint(c, begin)
	for err == nil {
		select {
		case <-gone:
			return
		case <-beat.C:
		}
		_, err = io.WriteString(c, drop)
	}
}
