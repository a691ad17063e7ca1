package gateway

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component"
	"causeway/component/stanza"
)

// world is what a network, a server and its users saw of a gateway that fails,
// is killed and starts again. It outlives the lives of the gateway. What it
// demands is in world_test.go.
type world struct {
	t      *testing.T
	info   bridges.Info // of the network, in plays
	policy bridges.UnknownPolicy

	mu  sync.Mutex
	rng *rand.Rand

	texts  []*wText           // of the users, in the order of acceptance
	byBody map[string]*wText  // by id, which is the body too
	events []*wEvent          // of the network, in the order of acceptance
	byText map[string]*wEvent // by body
	kills  int
	next   int // to name things
}

// wText is a text of a user.
type wText struct {
	id, user, contact string
	taken             int      // times that the network took it
	maybe             bool     // its outcome was unknown to the gateway, once
	hist              []string // what happened to it
	told              int      // errors that the user read
	repeated          bool     // it may be tried anew after an error, and then out of order
	order             int      // place in the network's log
}

// wEvent is a text of the network.
type wEvent struct {
	body, user, contact string
	ids                 map[string]bool // of the stanzas that the user saw
	bounced             bool
	order               int // place in the user's log
}

const wUsers, wContacts = 3, 3

func wUser(n int) string    { return fmt.Sprintf("user%d@example.org", n%wUsers) }
func wContact(n int) string { return fmt.Sprintf("+1202555010%d", n%wContacts) }

func (w *world) name(kind string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next++
	return fmt.Sprintf("%s%d", kind, w.next)
}

// life is one run of the gateway.
type life struct {
	w       *world
	g       *Gateway
	store   *memStore
	bridge  *bridgetest.Bridge
	cancel  context.CancelFunc
	ended   chan struct{}
	mu      sync.Mutex
	pending []wStanza // written and not settled
}

type wStanza struct {
	key component.Key
	out *stanza.Out
}

func (w *world) live(s *memStore) *life {
	info := bridgetest.SMS()
	info.Unknown = w.policy
	l := &life{w: w, store: s, bridge: bridgetest.New(info), ended: make(chan struct{})}
	l.g = New(Config{Domain: domain, Bridge: l.bridge, Store: s, Allow: []string{"example.org"}, Hold: time.Hour})
	l.bridge.OnSend(l.onSend)
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	go func() {
		defer close(l.ended)
		_ = l.g.Run(ctx, l)
	}()
	synctest.Wait()
	return l
}

// Run implements Link.
func (l *life) Run(ctx context.Context) error {
	l.g.Up(true)
	<-ctx.Done()
	return nil
}

// Request implements Link. Nothing in the stress asks the server.
func (l *life) Request(context.Context, *stanza.Out) (*stanza.Stanza, error) {
	return nil, component.ErrDown
}

// Send implements Link. Only what has a key is looked at.
func (l *life) Send(_ context.Context, o *stanza.Out, key component.Key) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if key != (component.Key{}) && !l.dead() {
		l.pending = append(l.pending, wStanza{key, o})
	}
	return nil
}

func (l *life) dead() bool {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	return l.store.dead
}

// onSend is the network: mostly it works.
func (l *life) onSend(ctx context.Context, m bridges.Message) ([]bridges.MessageID, error) {
	w := l.w
	w.mu.Lock()
	n := w.rng.IntN(100)
	w.mu.Unlock()
	if l.dead() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	switch {
	case n < 20:
		return nil, &bridges.Error{Kind: bridges.Temporary, Text: "Later.", After: time.Duration(n) * time.Second}
	case n < 30:
		return nil, &bridges.Error{Kind: bridges.NotFound, Text: "Nobody."}
	case n < 36:
		w.took(m.Text, n%2 == 0, true)
		return nil, &bridges.Error{Kind: bridges.Unknown, Text: "Perhaps."}
	case n < 39:
		w.took(m.Text, n%2 == 0, true)
		<-ctx.Done()
		return nil, ctx.Err()
	case n < 40:
		w.took(m.Text, false, true)
		panic("the adapter is broken")
	}
	w.took(m.Text, true, false)
	return []bridges.MessageID{bridges.MessageID("net-" + m.Text)}, nil
}

// receive plays a stanza of the server: journalled, unless the machine dies.
func (l *life) receive(xml string, lasts bool) (accepted bool) {
	s := mustParse(l.w.t, xml)
	if !lasts {
		l.g.Handle(s, component.Key{})
		return true
	}
	id, err := l.g.Journal().Append(l.store.machine, &component.Cycle{Stanzas: []*stanza.Stanza{s}})
	if err != nil {
		return false
	}
	if !l.dead() {
		l.g.Handle(s, component.Key{Cycle: id})
	}
	return true
}

// settle says that the server has taken the first n stanzas.
func (l *life) settle(n int) {
	l.mu.Lock()
	n = min(n, len(l.pending))
	taken := slices.Clone(l.pending[:n])
	l.pending = l.pending[n:]
	l.mu.Unlock()
	keys := make([]component.Key, 0, n)
	for _, x := range taken {
		l.w.sees(x.out)
		keys = append(keys, x.key)
	}
	l.g.Settled(keys, func() {})
}

// kill ends a life whose machine has died: the server has some of what was
// written to it.
func (l *life) kill() *memStore {
	l.store.mu.Lock()
	l.store.dead = true
	l.store.die()
	l.store.mu.Unlock()
	s := l.store.crash()
	s.lazy()
	l.g.stop()
	<-l.ended
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	if len(l.pending) > 0 {
		n = l.w.rng.IntN(len(l.pending) + 1)
	}
	for _, x := range l.pending[:n] {
		l.w.sees(x.out)
	}
	l.w.kills++
	return s
}

// act is one thing that happens.
func (l *life) act() {
	w := l.w
	w.mu.Lock()
	n, user, contact := w.rng.IntN(100), wUser(w.rng.IntN(wUsers)), wContact(w.rng.IntN(wContacts))
	w.mu.Unlock()
	switch {
	case n < 40:
		l.write(user, contact)
	case n < 45:
		l.repeat()
	case n < 65:
		l.arrive(user, contact)
	case n < 72:
		l.bounce()
	case n < 78:
		l.receive(available(user+"/r", domain), false)
	case n < 90:
		l.settle(n - 77)
	case n < 97:
		time.Sleep(time.Duration(n-89) * time.Second)
	case n < 98:
		l.turns(offText)
	case n < 99:
		l.turns("")
	default:
		l.g.Ready()
	}
	if n%3 > 0 {
		synctest.Wait()
	}
}

func (l *life) write(user, contact string) {
	x := &wText{id: lasting(l.w.name("t")), user: user, contact: contact}
	l.w.written(x)
	if l.receive(x.xml(), true) {
		l.w.accepted(x)
	}
}

func (x *wText) xml() string {
	return "<message type='chat' id='" + x.id + "' from='" + x.user + "/r' to='" + x.contact + "@" + domain + "'><body>" + x.id + "</body></message>"
}

// repeat is a client that resumes: it sends one of its last texts again.
func (l *life) repeat() {
	w := l.w
	w.mu.Lock()
	if len(w.texts) == 0 {
		w.mu.Unlock()
		return
	}
	x := w.texts[max(0, len(w.texts)-1-w.rng.IntN(8))]
	x.repeated = true
	w.note(x, "repeated")
	w.mu.Unlock()
	l.receive(x.xml(), true)
}

func (l *life) arrive(user, contact string) {
	e := &wEvent{body: l.w.name("e"), user: user, contact: contact, ids: map[string]bool{}}
	l.w.comes(e)
	err := l.g.Deliver(l.store.machine, []bridges.Delivery{{
		Account: bridges.AccountID(user),
		Event:   bridges.Message{Chat: bridges.ChatID(contact), From: bridges.UserID(contact), Text: e.body},
	}})
	if err == nil {
		l.w.arrived(e)
	}
}

// bounce has the server return a text of the network that it was just given.
func (l *life) bounce() {
	l.mu.Lock()
	i := slices.IndexFunc(l.pending, func(x wStanza) bool { return x.out.Kind == stanza.Message && x.out.Type == "chat" })
	if i < 0 {
		l.mu.Unlock()
		return
	}
	o := l.pending[i].out
	l.mu.Unlock()
	l.w.returned(o)
	l.receive("<message type='error' id='"+o.ID+"' from='"+bare(o.To)+"' to='"+o.From+"'><error type='cancel'/></message>", true)
}

func TestStress(t *testing.T) {
	for _, policy := range []bridges.UnknownPolicy{bridges.Report, bridges.Resend} {
		for seed := range uint64(stressSeeds) {
			t.Run(fmt.Sprint("policy ", policy, " seed ", seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { stress(t, policy, seed) })
			})
		}
	}
}

// stressSeeds is how many worlds are tried with each policy.
const stressSeeds = 15

func stress(t *testing.T, policy bridges.UnknownPolicy, seed uint64) {
	w := &world{t: t, policy: policy, rng: rand.New(rand.NewPCG(seed, 1)), byBody: map[string]*wText{}, byText: map[string]*wEvent{}}
	s := newMemStore()
	for i := range wUsers {
		registered(s, wUser(i), fmt.Sprintf("+1202555019%d", i))
	}
	s.lazy()
	for range 8 {
		w.mu.Lock()
		s.dieAt, s.dieBefore = s.commits+1+w.rng.IntN(120), w.rng.IntN(2) == 0
		w.mu.Unlock()
		s.clean = false
		l := w.live(s)
		for i := 0; i < 150 && !l.dead(); i++ {
			l.act()
		}
		s = l.kill()
	}
	l := w.live(s)
	l.bridge.OnSend(func(_ context.Context, m bridges.Message) ([]bridges.MessageID, error) {
		w.took(m.Text, true, false)
		return []bridges.MessageID{bridges.MessageID("net-" + m.Text)}, nil
	})
	l.turns("")
	for i := range 10 {
		for u := range wUsers {
			l.receive(available(fmt.Sprint(wUser(u), "/", i), domain), false)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		l.settle(1 << 20)
		synctest.Wait()
	}
	w.check()
	l.checkIdle()
	l.cancel()
	<-l.ended
}

// checkIdle checks that nothing is left.
func (l *life) checkIdle() {
	n, p := l.store.count()
	if n != 0 || p != 0 {
		l.w.t.Errorf("%d records and %d rows are left", n, p)
		for _, x := range l.store.state.parked {
			l.w.t.Logf("parked: %s %s", x.Conversation, x.Record.Data)
		}
		for k, x := range l.store.state.records {
			l.w.t.Logf("record: %v %d %.200q", k, x.Kind, x.Data)
		}
	}
	r := &l.g.router
	if r.unsettled != 0 || len(r.users) != 0 || len(l.g.flights.byKey) != 0 || l.g.flights.inbound != 0 || l.g.people.waiting.Load() != 0 {
		l.w.t.Errorf("in memory: %d unsettled, %d users, %d flights, %d inbound, %d waiting",
			r.unsettled, len(r.users), len(l.g.flights.byKey), l.g.flights.inbound, l.g.people.waiting.Load())
	}
}
