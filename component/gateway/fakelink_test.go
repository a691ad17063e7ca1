package gateway

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component"
	"causeway/component/stanza"
	"causeway/component/xep/pubsub"
)

// fakeLink is a link without a socket, for tests in which time is simulated.
// Everything is settled at once, unless hold is set.
type fakeLink struct {
	h    component.Handler
	j    component.Journal
	do   chan func()
	sent chan string // stanzas, as XML
	hold bool
	keys []component.Key
	// answers are what the server says to requests, by the namespace of what is
	// in them: the payload of a result, or an <error/>.
	mu      sync.Mutex
	answers map[string]string
}

// answer sets what the server, or a client, says to requests with a payload of this
// namespace, or for items of this node; "": nothing.
func (l *fakeLink) answer(space, payload string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.answers == nil {
		l.answers = map[string]string{}
	}
	l.answers[space] = payload
}

func (l *fakeLink) answerTo(space string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answers[space]
}

// silence is how long a real link waits for an answer.
const silence = time.Minute

// Request implements Link: without an answer of the test's it takes its time.
func (l *fakeLink) Request(ctx context.Context, o *stanza.Out) (*stanza.Stanza, error) {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	c := *o
	c.ID = newID()
	raw := c.Append(nil)
	l.sent <- string(raw)
	s, err := stanza.Parse(raw)
	if err != nil {
		return nil, err
	}
	for e := range s.Children() {
		space, _ := e.Name()
		node, _, _ := pubsub.Wanted(e)
		if payload := cmp.Or(l.answerTo(node), l.answerTo(space)); payload != "" {
			return answerOf(s, payload)
		}
	}
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

// answerOf is what a Link makes of the answer to a request.
func answerOf(s *stanza.Stanza, payload string) (*stanza.Stanza, error) {
	typ := "result"
	if strings.HasPrefix(payload, "<error") {
		typ = "error"
	}
	a, err := stanza.Parse([]byte(`<iq type='` + typ + `' id='` + s.ID + `' from='` + s.To + `' to='` + s.From + `'>` + payload + `</iq>`))
	if err == nil && typ == "error" {
		return nil, a.Err()
	}
	return a, err
}

func (l *fakeLink) Run(ctx context.Context) error {
	l.h.Up(true)
	for {
		select {
		case <-ctx.Done():
			return nil
		case f := <-l.do:
			f()
		}
	}
}

func (l *fakeLink) Send(_ context.Context, o *stanza.Out, key component.Key) error {
	l.sent <- string(o.Append(nil))
	if key != (component.Key{}) {
		l.do <- func() {
			if l.hold {
				l.keys = append(l.keys, key)
			} else {
				l.h.Settled([]component.Key{key}, func() {})
			}
		}
	}
	return nil
}

// receive plays a journalled stanza of the server.
func (l *fakeLink) receive(t *testing.T, xml string) {
	t.Helper()
	s, err := stanza.Parse([]byte(xml))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	l.do <- func() {
		defer close(done)
		id, err := l.j.Append(context.Background(), &component.Cycle{Stanzas: []*stanza.Stanza{s}})
		if err != nil {
			t.Error(err)
			return
		}
		l.h.Handle(s, component.Key{Cycle: id})
	}
	<-done
}

// settle says that the server has taken all that was held.
func (l *fakeLink) settle() {
	done := make(chan struct{})
	l.do <- func() {
		l.h.Settled(l.keys, func() {})
		l.keys, l.hold = nil, false
		close(done)
	}
	<-done
}

// timeless is a gateway in simulated time.
type timeless struct {
	*fakeLink
	t      *testing.T
	g      *Gateway
	bridge *bridgetest.Bridge
	store  *memStore
	cancel context.CancelFunc
	ended  chan struct{}
	first  []string // what was sent at the start
	opts   []option
}

// inBubble runs f with a gateway where alice is registered.
func inBubble(t *testing.T, f func(r *timeless)) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemStore()
		registered(s, alice, number)
		r := startTimeless(t, s, bridgetest.SMS())
		f(r)
		r.end()
	})
}

func startTimeless(t *testing.T, s *memStore, info bridges.Info, opts ...option) *timeless {
	r := &timeless{t: t, bridge: bridgetest.New(info, number, "+12025550198"), store: s, ended: make(chan struct{}), opts: opts}
	cfg := Config{Domain: domain, Bridge: r.bridge, Store: s, Allow: []string{"example.org"}, Hold: time.Hour}
	for _, o := range opts {
		o(&cfg)
	}
	r.g = New(cfg)
	r.fakeLink = &fakeLink{h: r.g, j: r.g.Journal(), do: make(chan func(), 1000), sent: make(chan string, 1000)}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go func() {
		defer close(r.ended)
		_ = r.g.Run(ctx, r.fakeLink)
	}()
	time.Sleep(greetDelay)
	synctest.Wait()
	r.first = r.drain()
	return r
}

// end stops the gateway in order.
func (r *timeless) end() {
	r.cancel()
	<-r.ended
}

// crash ends the gateway without order and starts another on what is on disk.
func (r *timeless) crash(info bridges.Info) *timeless {
	s := r.store.crash()
	r.g.stop()
	<-r.ended
	return startTimeless(r.t, s, info, r.opts...)
}

// drain forgets what was sent to the server.
func (r *timeless) drain() (all []string) {
	synctest.Wait()
	for len(r.sent) > 0 {
		all = append(all, <-r.sent)
	}
	return all
}

// texts returns what the network was given since the last call.
func (r *timeless) texts() (all []string) {
	synctest.Wait()
	for len(r.bridge.Sent()) > 0 {
		all = append(all, (<-r.bridge.Sent()).Text)
	}
	return all
}

// count counts what is to be done; a message that waits for a report is not.
func (s *memStore) count() (records, parked int) {
	awaited, _ := s.awaited()
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.state.records) - awaited, len(s.state.parked)
}

var zeroKey component.Key

func mustParse(t testing.TB, xml string) *stanza.Stanza {
	t.Helper()
	s, err := stanza.Parse([]byte(xml))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
