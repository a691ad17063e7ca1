package component

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"causeway/component/componenttest"
	"causeway/component/stanza"
)

// lines takes the lines of a log.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	select {
	case l <- string(b):
	default: // nobody will read so many
	}
	return len(b), nil
}

// rig is a link with all that it needs.
type rig struct {
	*Link
	t    testing.TB
	srv  *componenttest.Server
	rec  *recorder
	j    *memory
	logs lines

	cancel context.CancelCauseFunc
	done   chan error
}

// newRig makes a link to a fake server; change it before start.
func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{
		t: t, srv: componenttest.New(t, testDomain, testSecret), rec: newRecorder(t),
		j: &memory{}, logs: make(lines, 1000),
	}
	r.Link = New(Config{
		Domain: testDomain, Address: r.srv.Addr(), Secret: testSecret,
		Log: slog.New(slog.NewTextHandler(r.logs, nil)),
	}, r.rec, r.j)
	r.hasten()
	return r
}

// hasten makes the link impatient, but for a server whose pings the test holds:
// that is not asked again.
func (r *rig) hasten() {
	r.Link.t.silence = time.Hour
	r.Link.t.settle = 10 * time.Millisecond
	r.Link.t.retry[0] = time.Millisecond
	r.Link.t.drain = time.Second
	r.Link.t.quiet = time.Millisecond
}

// readMark is what the reader has noted. Its goroutine
// asks, or it has ended.
func (r *rig) readMark() (m readMark) {
	r.t.Helper()
	if !m.decode(r.note.read.Get()) {
		r.t.Fatal("no mark")
	}
	return m
}

// start runs the link until the test ends.
func (r *rig) start() {
	ctx, cancel := context.WithCancelCause(context.Background())
	r.cancel, r.done = cancel, make(chan error, 1)
	go func() { r.done <- r.Run(ctx) }()
	r.t.Cleanup(func() {
		cancel(nil)
		select {
		case err := <-r.done:
			if err != nil {
				r.t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			r.t.Error("Run does not end")
		}
	})
}

// up starts the link and returns the server's side of the open stream.
func (r *rig) up() *componenttest.Conn {
	r.t.Helper()
	r.start()
	c := r.srv.Accept()
	r.rec.want("up")
	return c
}

// deaf starts the link to a server that reads nothing after the handshake.
func (r *rig) deaf() *componenttest.Conn {
	r.t.Helper()
	r.start()
	s := r.srv.AcceptRaw()
	s.Greet("1", testSecret)
	r.rec.want("up")
	return s
}

// fill sends until a Send would wait, and returns how many did not.
func (r *rig) fill(next func(n uint64) (*stanza.Out, Key)) (n uint64) {
	full, cancel := context.WithCancel(r.t.Context())
	cancel()
	for {
		o, k := next(n)
		if r.Send(full, o, k) != nil {
			return n
		}
		n++
	}
}

// logged waits for a line with all these words and returns it.
func (r *rig) logged(words ...string) string {
	r.t.Helper()
	late := time.After(patience)
	for {
		select {
		case line := <-r.logs:
			if all(line, words) {
				return line
			}
		case <-late:
			r.t.Fatalf("the log does not say %q", words)
		}
	}
}

func all(line string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(line, w) {
			return false
		}
	}
	return true
}

// hears wants the next stanza for the handler to have this id.
func (r *rig) hears(id string) event {
	r.t.Helper()
	e := r.rec.want("stanza")
	if e.s.ID != id {
		r.t.Fatalf("got %s, want %s", e.s.Raw(), id)
	}
	return e
}

// send sends a message; key 0 is none.
func (r *rig) send(id string, key uint64) {
	r.t.Helper()
	if err := r.Send(r.t.Context(), message(id, "text"), Key{Cycle: key}); err != nil {
		r.t.Fatal(err)
	}
}

// chat is a message as the server writes it.
func chat(id string) string {
	return "<message from='u@example.org/r' to='c@" + testDomain + "' id='" + id + "' type='chat'><body>hello</body></message>"
}

// sent is what the server gets of message(id, "text").
func sent(id string) string {
	return "<message from='c@" + testDomain + "' to='u@example.org' id='" + id + "' type='chat'><body>text</body></message>"
}

func message(id, body string) *stanza.Out {
	o := &stanza.Out{Kind: stanza.Message, From: "c@" + testDomain, To: "u@example.org", ID: id, Type: "chat"}
	o.Payload.Leaf("body", "", body)
	return o
}
