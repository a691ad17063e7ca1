package main_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"causeway/cmd/lab"
	"causeway/cmd/lab/proxy"
)

// What happens to the homeserver, to the worker and on the way between them, one
// after the other under load both ways, costs no text, doubles none, and changes no
// order (issue 6).
func TestMatrixFaults(t *testing.T) { each(t, matrixFaults) }

func matrixFaults(t *testing.T, server string) {
	w := &weather{t: t}
	m := newMatrixRigWith(t, matrixSetup{server: server, asked: w.ask, pushed: w.push})
	d := m.dialogue(t)
	for _, f := range []struct {
		name   string
		strike func()
	}{
		{"the homeserver is killed", func() { m.home.Kill(); m.home.Restart() }},
		{"the homeserver stands still", func() { paused(t, m.home.Process, 20*time.Second) }},
		{"the worker stands still", func() { m.gateway.workerStopped(20 * time.Second) }},
		{"the homeserver limits, fails and hangs up", func() { w.storms(asking, len(troubles)) }},
		{"transactions come twice, by half and in no order", func() { w.storms(pushing, len(oddities)) }},
		{"a first text meets a storm", func() { d.firstText(w) }},
	} {
		d.flows()
		t.Log(f.name)
		began := time.Now()
		f.strike()
		d.flows()
		t.Logf("%s: over after %s", f.name, time.Since(began).Round(time.Millisecond))
	}
	d.finish()
	w.verdict()
}

// workerStopped stops the worker by SIGSTOP for a while.
func (g *gateway) workerStopped(d time.Duration) {
	g.t.Helper()
	pid := g.worker()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		g.t.Fatal(err)
	}
	<-time.After(d)
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		g.t.Fatal(err)
	}
}

// firstText has alice write to somebody new while requests fail: one room is made.
func (d *dialogue) firstText(w *weather) {
	d.t.Helper()
	carol := lab.Nio(d.t, d.home, "carol", "autojoin")
	w.set(asking, true)
	defer w.set(asking, false)
	for _, text := range []string{"one", "two", "three"} {
		d.alice.Send(matrixJID("carol"), text, text)
	}
	room := said(carol, "one")
	carol.WaitMessage(room, "two")
	carol.WaitMessage(room, "three")
}

// way is a direction of requests.
type way int

const (
	asking  way = iota // of the homeserver
	pushing            // by the homeserver
)

// weather is what happens to requests on their way while there is a storm.
type weather struct {
	t *testing.T

	mu    sync.Mutex
	storm [2]bool
	came  [2]int         // requests in a storm
	met   [2]int         // those to which something happened
	count map[string]int // how often what happened
	rooms int            // that were asked for in a storm

	turn  sync.Mutex        // of transactions: one at a time, while the gateway may ask
	older []*proxy.Exchange // the newest of them, repeated later
	held  *proxy.Exchange   // one that the homeserver takes for taken
}

func (w *weather) set(which way, on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.storm[which] = on
}

// storms has a storm until each of so many kinds of things has happened, and some
// more than once.
func (w *weather) storms(which way, kinds int) {
	w.t.Helper()
	w.set(which, true)
	defer w.set(which, false)
	lab.Await(w.t, "a storm of all kinds", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.met[which] >= 3*kinds
	})
}

// next tells whether something happens to this request, and what of so many
// kinds: to every second in a storm. The caller holds the lock.
func (w *weather) next(which way, kinds int) (kind int, happens bool) {
	if !w.storm[which] {
		return 0, false
	}
	if w.came[which]++; w.came[which]%2 == 1 {
		return 0, false
	}
	w.met[which]++
	return w.met[which] % kinds, true
}

// happens counts what happens to a request. The caller holds the lock.
func (w *weather) happens(what string) {
	if w.count == nil {
		w.count = map[string]int{}
	}
	w.count[what]++
}

// verdict wants everything to have happened.
func (w *weather) verdict() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.count) != len(troubles)+len(oddities) {
		w.t.Errorf("only this happened: %v", w.count)
	}
	w.t.Logf("%v", w.count)
}

// trouble is what becomes of a request to the homeserver.
type trouble struct {
	name string
	do   func(e *proxy.Exchange)
}

// limited is an answer of a homeserver that limits: the header, or the older member
// of the body, says how long.
func limited(header, body string) proxy.Answer {
	a := proxy.Answer{Status: http.StatusTooManyRequests, Header: http.Header{}, Body: []byte(`{"errcode":"M_LIMIT_EXCEEDED","error":"slowly"` + body + `}`)}
	if header != "" {
		a.Header.Set("Retry-After", header)
	}
	return a
}

// unwell is an answer of what stands in front of a homeserver.
func unwell(status int) proxy.Answer {
	return proxy.Answer{Status: status, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte("<html>not now</html>")}
}

var troubles = []trouble{
	{"429 with Retry-After", func(e *proxy.Exchange) { e.Give(limited("1", "")) }},
	{"500 after the deed", func(e *proxy.Exchange) { e.Pass(); e.Give(unwell(http.StatusInternalServerError)) }},
	{"reset before the deed", func(e *proxy.Exchange) { e.Reset() }},
	{"half an answer", func(e *proxy.Exchange) { e.Halve(e.Pass()) }},
	{"429 with retry_after_ms", func(e *proxy.Exchange) { e.Give(limited("", `,"retry_after_ms":300`)) }},
	{"reset after the deed", func(e *proxy.Exchange) { e.Pass(); e.Reset() }},
	{"503 before the deed", func(e *proxy.Exchange) { e.Give(unwell(http.StatusServiceUnavailable)) }},
}

// lostAnswer is the one of troubles that leaves a room behind that nobody knows.
const lostAnswer = 5

// ask is what happens to requests to the homeserver.
func (w *weather) ask(e *proxy.Exchange) {
	w.mu.Lock()
	kind, happens := w.next(asking, len(troubles))
	if w.storm[asking] && strings.HasSuffix(e.Request.URL.Path, "/createRoom") {
		if w.rooms++; w.rooms == 1 {
			kind, happens = lostAnswer, true
		}
	}
	if happens {
		w.happens(troubles[kind].name)
	}
	w.mu.Unlock()
	if happens {
		troubles[kind].do(e)
	} else {
		e.Give(e.Pass())
	}
}

// oddity is what becomes of a transaction, which the homeserver is told.
type oddity struct {
	name string
	do   func(w *weather, e *proxy.Exchange) proxy.Answer
}

var taken = proxy.Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte("{}")}

var oddities = []oddity{
	{"twice", func(_ *weather, e *proxy.Exchange) proxy.Answer { e.Pass(); return e.Pass() }},
	{"an older one again", func(w *weather, e *proxy.Exchange) proxy.Answer {
		w.older[0].Repeat(w.t.Context())
		return e.Pass()
	}},
	{"half of it before", func(w *weather, e *proxy.Exchange) proxy.Answer {
		whole := e.Body
		e.Body = half(w.t, whole)
		e.Pass()
		e.Body = whole
		return e.Pass()
	}},
	{"behind the next one", func(w *weather, e *proxy.Exchange) proxy.Answer { w.held = e; return taken }},
	{"taken, and not told", func(_ *weather, e *proxy.Exchange) proxy.Answer { e.Pass(); return proxy.Answer{} }},
}

// push is what happens to what the homeserver pushes, one after the other.
func (w *weather) push(e *proxy.Exchange) {
	if !strings.Contains(e.Request.URL.Path, "/transactions/") {
		e.Give(e.Pass())
		return
	}
	w.turn.Lock()
	defer w.turn.Unlock()
	if held := w.held; held != nil {
		w.held = nil
		a := e.Pass() // not before the other one
		held.Repeat(w.t.Context())
		e.Give(a)
		return
	}
	if w.older = append(w.older, e); len(w.older) > 5 {
		w.older = w.older[1:]
	}
	w.mu.Lock()
	kind, happens := w.next(pushing, len(oddities))
	if happens {
		w.happens(oddities[kind].name)
	}
	w.mu.Unlock()
	if !happens {
		e.Give(e.Pass())
		return
	}
	e.Give(oddities[kind].do(w, e))
}

// half returns a transaction with the first half of its events.
func half(t *testing.T, body []byte) []byte {
	var tx map[string]json.RawMessage
	var events []json.RawMessage
	if err := json.Unmarshal(body, &tx); err != nil {
		t.Error(err)
		return body
	}
	if err := json.Unmarshal(tx["events"], &events); err != nil {
		t.Error(err)
		return body
	}
	fewer, err := json.Marshal(events[:len(events)/2])
	if err != nil {
		t.Error(err)
	}
	tx["events"] = fewer
	less, err := json.Marshal(tx)
	if err != nil {
		t.Error(err)
	}
	return less
}
