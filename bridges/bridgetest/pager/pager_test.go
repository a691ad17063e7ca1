package pager

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	bob      = "10012"
	password = "s3cr3tpw"
)

// exchange is a pager exchange, with a bob who reads and writes.
type exchange struct {
	*bridgetest.Line
	mu   sync.Mutex
	took map[string]text // by Key
	read []text
	wait []text        // for the gateway
	news chan struct{} // closed when there is more
	n    int
}

func newExchange() *exchange {
	return &exchange{Line: new(bridgetest.Line), took: map[string]text{}, news: make(chan struct{})}
}

// ServeHTTP implements http.Handler.
func (e *exchange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, p, _ := r.BasicAuth(); p != password {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	switch e.Pass(bridgetest.Asked) {
	case bridgetest.Busy:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case bridgetest.Cut:
		panic(http.ErrAbortHandler)
	}
	body, err := io.ReadAll(r.Body) // all, or the end of the connection is not seen
	var answer any
	if r.Method == http.MethodPost {
		var x text
		if err != nil || json.Unmarshal(body, &x) != nil || x.Key == "" || strings.ContainsRune(x.Text, 0) {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		answer = e.take(x)
	} else {
		answer = e.tell(r)
	}
	if e.Pass(bridgetest.Done) == bridgetest.Cut {
		panic(http.ErrAbortHandler)
	}
	_ = json.NewEncoder(w).Encode(answer) // who is gone asks again
}

// take takes a text, once for each Key.
func (e *exchange) take(x text) text {
	e.mu.Lock()
	defer e.mu.Unlock()
	if was, ok := e.took[x.Key]; ok {
		return was
	}
	e.n++
	x.ID = fmt.Sprint(e.n)
	e.took[x.Key] = x
	e.read = append(e.read, x)
	return x
}

// tell forgets what the gateway has, and returns what it has not, as soon as
// there is something.
func (e *exchange) tell(r *http.Request) []text {
	for {
		e.mu.Lock()
		for i, x := range e.wait {
			if x.ID == r.FormValue("have") {
				e.wait = e.wait[i+1:]
				break
			}
		}
		wait, news := e.wait, e.news
		e.mu.Unlock()
		if len(wait) > 0 {
			return wait
		}
		select {
		case <-news:
		case <-r.Context().Done():
			return nil
		}
	}
}

// Texts implements bridgetest.Network.
func (e *exchange) Texts(from bridges.UserID) (texts []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range e.read {
		if x.From == string(from) && x.To == bob {
			texts = append(texts, x.Text)
		}
	}
	return texts
}

// Say implements bridgetest.Network.
func (e *exchange) Say(_ *testing.T, to bridges.UserID, said string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.n++
	e.wait = append(e.wait, text{ID: fmt.Sprint(e.n), From: bob, To: string(to), Text: said})
	close(e.news)
	e.news = make(chan struct{})
}

func TestSuite(t *testing.T) {
	bridgetest.Suite(t, func(t *testing.T) bridgetest.Adapter {
		e := newExchange()
		s := httptest.NewServer(e)
		t.Cleanup(s.Close)
		return bridgetest.Adapter{
			Make: func(*testing.T, bridges.Notes) bridges.Bridge {
				return New(Config{URL: s.URL, Password: password})
			},
			Network: e, Line: e.Line,
			Account: bridges.Account{ID: "alice@example.org", Self: "alice@example.org"},
			Second:  bridges.Account{ID: "carol@example.org", Self: "carol@example.org"},
			Nobody:  "nobody@example.org", Chat: bob,
			Good: []string{bob}, Bad: []string{"1001", "100122", "nobody"},
			Secrets: []string{password},
		}
	})
}
