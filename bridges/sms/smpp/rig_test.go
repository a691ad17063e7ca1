package smpp

import (
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var discard = slog.New(slog.DiscardHandler)

// rig is a client whose connections end in the test, in a bubble where time
// passes only while everybody waits.
type rig struct {
	*testing.T
	c      *Client
	h      *recorder
	conns  chan net.Conn
	stop   context.CancelFunc
	ended  chan error
	mu     sync.Mutex
	counts map[Event]int
}

// bubble runs a test of a client with cfg in a bubble.
func bubble(t *testing.T, cfg Config, test func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, cfg)
		test(r)
		r.stop()
		if err := <-r.ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func start(t *testing.T, cfg Config) *rig {
	ctx, stop := context.WithCancel(t.Context())
	r := &rig{
		T: t, h: &recorder{}, conns: make(chan net.Conn), stop: stop,
		ended: make(chan error, 1), counts: map[Event]int{},
	}
	cfg.Address, cfg.SystemID, cfg.Password = "centre.test:2775", "causeway", "secret"
	cfg.Log = discard
	cfg.Count = func(e Event) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.counts[e]++
	}
	r.c = New(cfg, r.h)
	r.c.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		select {
		case r.conns <- theirs:
			return ours, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	go func() { r.ended <- r.c.Run(ctx) }()
	return r
}

// pass lets time pass in the bubble; outside none does.
func (r *rig) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (r *rig) count(e Event) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts[e]
}

// centre is the other end of a connection.
type centre struct {
	*rig
	net.Conn
	last uint32
}

// accept waits for the next connection. A test's end closes it.
func (r *rig) accept() *centre {
	ce := &centre{rig: r, Conn: <-r.conns}
	r.Cleanup(func() { ce.Conn.Close() })
	return ce
}

// bind accepts a connection and its bind.
func (r *rig) bind() *centre {
	r.Helper()
	ce := r.accept()
	p := ce.expect(cmdBindTransceiver)
	ce.say(cmdBindTransceiver|response, OK, p.sequence, "centre\x00")
	synctest.Wait()
	return ce
}

// hear reads a PDU; ok is false when the client has closed.
func (ce *centre) hear() (p pdu, ok bool) {
	head := make([]byte, headerSize)
	if _, err := io.ReadFull(ce.Conn, head); err != nil {
		return pdu{}, false
	}
	body := make([]byte, int(head[2])<<8|int(head[3])-headerSize)
	if _, err := io.ReadFull(ce.Conn, body); err != nil {
		return pdu{}, false
	}
	p, _, err := scan(append(head, body...))
	if err != nil {
		ce.Fatal(err)
	}
	return p, true
}

func (ce *centre) expect(c command) pdu {
	ce.Helper()
	p, ok := ce.hear()
	if !ok || p.command != c {
		ce.Fatalf("got command %#x (connection open: %v), want %#x", p.command, ok, c)
	}
	return p
}

// silent fails if the client has written anything.
func (ce *centre) silent() {
	ce.Helper()
	ce.SetReadDeadline(time.Now().Add(time.Nanosecond))
	defer ce.SetReadDeadline(time.Time{})
	if p, ok := ce.hear(); ok {
		ce.Fatalf("unexpected command %#x", p.command)
	}
}

// gone waits until the client has closed, reading what it still says.
func (ce *centre) gone() {
	for ok := true; ok; {
		_, ok = ce.hear()
	}
}

func (ce *centre) raw(b string) {
	ce.Helper()
	if _, err := io.WriteString(ce.Conn, b); err != nil {
		ce.Fatal(err)
	}
}

func (ce *centre) say(c command, s Status, sequence uint32, body string) {
	ce.Helper()
	ce.raw(string(end(append(begin(nil, c, s, sequence), body...), 0)))
}

// deliver sends a deliver_sm and returns its sequence number.
func (ce *centre) deliver(text string) uint32 {
	ce.Helper()
	ce.last++
	ce.say(cmdDeliver, OK, ce.last, string(appendSM(nil, &SM{
		Source: Address{1, 1, "12025550100"}, Dest: Address{1, 1, "12025550199"}, ShortMessage: []byte(text),
	})))
	return ce.last
}

// result is what became of a submit.
type result struct {
	id  string
	err error
}

// submit submits a text from a goroutine and returns once nothing moves.
func (r *rig) submit(text string) <-chan result { return r.submitIn(r.Context(), text) }

func (r *rig) submitIn(ctx context.Context, text string) <-chan result {
	done := make(chan result, 1)
	go func() {
		id, err := r.c.Submit(ctx, Ticket{Key: text}, message(text))
		done <- result{id, err}
	}()
	synctest.Wait()
	return done
}

func message(text string) *SubmitSM {
	return &SubmitSM{
		Source: Address{1, 1, "12025550199"}, Dest: Address{1, 1, "12025550100"}, ShortMessage: []byte(text),
	}
}

// recorder is a Handler that notes what it gets.
type recorder struct {
	mu       sync.Mutex
	bound    int
	streams  []uint64
	batches  []string // texts, joined by a space
	answered []string
	do       func(batch []*DeliverSM) []Status // nil: all OK
}

// hold lets what is delivered wait until release is closed.
func (h *recorder) hold() (release chan struct{}) {
	release = make(chan struct{})
	h.do = func(b []*DeliverSM) []Status { <-release; return make([]Status, len(b)) }
	return release
}

func (h *recorder) Bound() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bound++
}

func (h *recorder) Deliver(_ context.Context, stream uint64, batch []*DeliverSM, _ func(func())) []Status {
	h.mu.Lock()
	h.batches = append(h.batches, texts(batch))
	h.streams = append(h.streams, stream)
	do := h.do
	h.mu.Unlock()
	if do != nil {
		return do(batch)
	}
	return make([]Status, len(batch))
}

func (h *recorder) Answered(_ uint64, batch []*DeliverSM) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answered = append(h.answered, texts(batch))
}

// got returns the batches and what was answered, each joined by a comma.
func (h *recorder) got() (batches, answered string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.batches, ","), strings.Join(h.answered, ",")
}

func texts(batch []*DeliverSM) string {
	t := make([]string, len(batch))
	for i, d := range batch {
		t[i] = string(d.Payload())
	}
	return strings.Join(t, " ")
}

// waiting is a Handler whose Deliver waits for the end of the bind.
type waiting struct {
	*recorder
	ended bool
}

func (h *waiting) Deliver(ctx context.Context, _ uint64, _ []*DeliverSM, _ func(func())) []Status {
	<-ctx.Done()
	h.ended = true
	return nil
}
