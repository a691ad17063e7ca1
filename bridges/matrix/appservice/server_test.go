package appservice

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// v1 is the beginning of all paths.
const v1 = "/_matrix/app/v1"

// Every request, as far as a token is right.
func TestRoutes(t *testing.T) {
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		answer                   string
		asked                    string // of the handler
	}{
		{"ping", "POST", v1 + "/ping", `{"transaction_id":"t"}`, 200, `{}`, ""},
		{"a transaction", "PUT", v1 + "/transactions/1", `{"events":[]}`, 200, `{}`, ""},
		{"a user", "GET", v1 + "/users/@x_a%2Fb=40%C3%A9:hs", "", 200, `{}`, "user @x_a/b=40é:hs"},
		{"a user on a way up", "GET", v1 + "/users/%2E%2E", "", 200, `{}`, "user .."},
		{"an alias", "GET", v1 + "/rooms/%23x_room:hs", "", 200, `{}`, "alias #x_room:hs"},
		{"a user by the old path", "GET", "/users/@x:hs", "", 200, `{}`, "user @x:hs"},
		{"a transaction by the old path", "PUT", "/transactions/1", `{}`, 200, `{}`, ""},
		{"a ping by no path", "POST", "/ping", `{}`, 404, `{"errcode":"M_UNRECOGNIZED"}`, ""},
		{"an unknown path", "GET", v1 + "/thirdparty/protocol/x", "", 404, `{"errcode":"M_UNRECOGNIZED"}`, ""},
		{"another version", "PUT", "/_matrix/app/v2/transactions/1", "{}", 404, `{"errcode":"M_UNRECOGNIZED"}`, ""},
		{"nothing", "GET", "/", "", 404, `{"errcode":"M_UNRECOGNIZED"}`, ""},
		{"a user without an id", "GET", v1 + "/users/", "", 404, `{"errcode":"M_UNRECOGNIZED"}`, ""},
		{"a user with more", "GET", v1 + "/users/@x:hs/profile", "", 404, `{"errcode":"M_UNRECOGNIZED"}`, ""},
		{"a wrong method", "POST", v1 + "/transactions/1", `{"events":[]}`, 405, `{"errcode":"M_UNRECOGNIZED"}`, ""},
		{"a wrong method for a ping", "GET", v1 + "/ping", "", 405, `{"errcode":"M_UNRECOGNIZED"}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, token)
			status, answer := r.do(t, c.method, c.path, c.body)
			if status != c.status || answer != c.answer {
				t.Errorf("got %d %s, want %d %s", status, answer, c.status, c.answer)
			}
			if asked := strings.Join(r.asked, ", "); asked != c.asked {
				t.Errorf("asked for %q, want %q", asked, c.asked)
			}
		})
	}
}

// Who has no token of ours gets nothing and changes nothing.
func TestToken(t *testing.T) {
	for _, c := range []struct {
		name, auth, query string
		status            int
		code              string
	}{
		{"right", "Bearer " + token, "", 200, ""},
		{"right in the query", "", "?access_token=" + token, 200, ""},
		{"right in both", "Bearer " + token, "?access_token=" + token, 200, ""},
		{"none", "", "", 401, "M_MISSING_TOKEN"},
		{"wrong", "Bearer the-hs-tokem", "", 403, "M_FORBIDDEN"},
		{"empty", "Bearer ", "", 403, "M_FORBIDDEN"},
		{"longer", "Bearer " + token + "x", "", 403, "M_FORBIDDEN"},
		{"shorter", "Bearer " + token[1:], "", 403, "M_FORBIDDEN"},
		{"of another kind", "Basic " + token, "", 403, "M_FORBIDDEN"},
		{"wrong in the query", "Bearer " + token, "?access_token=x", 403, "M_FORBIDDEN"},
		{"empty in the query", "Bearer " + token, "?access_token=", 403, "M_FORBIDDEN"},
		{"one right of two", "", "?access_token=" + token + "&access_token=x", 403, "M_FORBIDDEN"},
		{"wrong in the header", "Bearer x", "?access_token=" + token, 403, "M_FORBIDDEN"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, token)
			status, answer := r.as(t, c.auth, "PUT", v1+"/transactions/1"+c.query, strings.NewReader(`{"events":[]}`))
			if status != c.status || !strings.Contains(answer, c.code) {
				t.Errorf("got %d %s", status, answer)
			}
			if took := len(r.taken) == 1; took != (c.status == 200) {
				t.Errorf("taken: %v", took)
			}
			if strings.Contains(r.log.String(), token) {
				t.Errorf("the token is in the log: %s", r.log.String())
			}
		})
	}
}

// A server without a token lets nobody in, not even with an empty one.
func TestNoToken(t *testing.T) {
	r := newRig(t, "")
	if status, _ := r.as(t, "Bearer ", "POST", v1+"/ping", nil); status != 403 {
		t.Errorf("got %d", status)
	}
}

// What the handler says of a user is what the homeserver hears.
func TestQuery(t *testing.T) {
	for want, exists := range map[int]func(context.Context, string) (bool, error){
		404: func(context.Context, string) (bool, error) { return false, nil },
		500: func(context.Context, string) (bool, error) { return true, errors.New("the disk is full") },
		200: func(ctx context.Context, _ string) (bool, error) {
			_, ends := ctx.Deadline()
			return ends, nil
		},
	} {
		r := newRig(t, token)
		r.exists = exists
		if status, answer := r.do(t, "GET", v1+"/users/@x:hs", ""); status != want || strings.Contains(answer, "disk") {
			t.Errorf("got %d %s, want %d", status, answer, want)
		}
	}
}

// rawRequest sends the beginning of a request and returns the status.
func rawRequest(t *testing.T, r *rig, text string) int {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	a, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	return a.StatusCode
}

// put is the head of a transaction with this Content-Length.
func put(auth, length string) string {
	return fmt.Sprintf("PUT %s/transactions/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %s\r\n\r\n{\"events\":[", v1, auth, length)
}

// Nobody waits for a body of 10 GB, and of a stranger for none at all.
func TestHugeBody(t *testing.T) {
	r := newRig(t, token)
	if status := rawRequest(t, r, put("stranger", "10000000000")); status != 403 {
		t.Errorf("a stranger got %d", status)
	}
	if status, _ := r.as(t, "Bearer "+token, "PUT", v1+"/transactions/1", io.LimitReader(zeros{}, bodyBytes+1)); status != 413 {
		t.Errorf("got %d", status)
	}
	if len(r.taken) != 0 || r.counts[BadBody] != 1 || r.counts[Unauthorized] != 1 {
		t.Errorf("taken %d, counted %v", len(r.taken), r.counts)
	}
}

// zeros is a file of blanks without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// A body by half is none.
func TestHalfBody(t *testing.T) {
	r := newRig(t, token)
	c, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, put(token, "100")); err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, c) // until the server has hung up
	if len(r.taken) != 0 {
		t.Error("half a transaction was taken")
	}
}

// A body that does not come ends its connection, and the server lives on.
func TestSlowBody(t *testing.T) {
	r := newRig(t, token, func(s *http.Server) { s.ReadTimeout = 100 * time.Millisecond })
	c, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, put(token, "100")); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, c) // until the server has hung up
	if status, _ := r.do(t, "PUT", v1+"/transactions/1", "{}"); status != 200 || len(r.taken) != 1 {
		t.Errorf("got %d, taken %d", status, len(r.taken))
	}
}

// A body that does not come costs no more than this.
func TestBounds(t *testing.T) {
	s := &NewServer(Config{}).http
	if s.ReadTimeout == 0 || s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 {
		t.Errorf("%v, %v, %d", s.ReadTimeout, s.IdleTimeout, s.MaxHeaderBytes)
	}
}

// Close waits for a transaction under way, and it is answered.
func TestClose(t *testing.T) {
	r := newRig(t, token)
	closed, began := make(chan error, 1), make(chan struct{})
	r.take = func(context.Context, *Transaction) error {
		go func() { closed <- r.Close(context.Background()) }()
		if err := <-r.served; err != nil { // Close has begun
			t.Error(err)
		}
		close(began)
		return nil
	}
	if status, _ := r.do(t, "PUT", v1+"/transactions/1", `{"events":[]}`); status != 200 {
		t.Errorf("got %d", status)
	}
	<-began
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// A Close that may not wait cuts the transaction off, and outlives it.
func TestCloseNow(t *testing.T) {
	r := newRig(t, token)
	began, ended := make(chan struct{}), make(chan struct{})
	r.take = func(ctx context.Context, _ *Transaction) error {
		close(began)
		<-ctx.Done()
		close(ended)
		return ctx.Err()
	}
	go func() {
		q, _ := http.NewRequest("PUT", r.url+v1+"/transactions/1", strings.NewReader("{}"))
		q.Header.Set("Authorization", "Bearer "+token)
		if a, err := r.client.Do(q); err == nil {
			a.Body.Close()
			t.Errorf("answered %d", a.StatusCode)
		}
	}()
	<-began
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	select {
	case <-ended:
	default:
		t.Error("the handler runs on")
	}
}

// Every outcome is in the list, or its counter is missing until it is late.
func TestOutcomes(t *testing.T) {
	source, err := os.ReadFile("server.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []Outcome
	for _, m := range regexp.MustCompile(`(?m)^\t\w+ +Outcome = "(\w+)"`).FindAllSubmatch(source, -1) {
		all = append(all, Outcome(m[1]))
	}
	if !reflect.DeepEqual(all, Outcomes) {
		t.Errorf("%v, the list has %v", all, Outcomes)
	}
}
