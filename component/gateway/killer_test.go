package gateway

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component"
	"causeway/mapping"
)

// morgue runs one life after the other on what the last one left: the store,
// and the note. Its network remembers what it was given.
type morgue struct {
	t     *testing.T
	store *memStore
	note  *legacy
	*life
	mu     sync.Mutex
	at     int    // the place at which this life dies, counted; 0: nowhere
	poison string // the step of what has this in it kills
	killed bool
	taken  map[string]int             // by the network, body
	told   map[string]int             // errors, by id
	seen   map[string]map[string]bool // ids by body, of what users saw
	order  []string
	given  map[string][]bridges.MessageID // the network's note, by key
	forgot map[string]bool
}

// remembering is a network whose note outlives the program.
type remembering struct {
	*bridgetest.Bridge
	m *morgue
}

func (r remembering) Remembers() bool { return r.m.note.areas != nil }

func (r remembering) Settled(key string) {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	delete(r.m.given, key)
	r.m.forgot[key] = true
}

func newMorgue(t *testing.T) *morgue {
	m := &morgue{
		t: t, store: newMemStore(), note: &legacy{}, taken: map[string]int{}, told: map[string]int{},
		seen: map[string]map[string]bool{}, given: map[string][]bridges.MessageID{}, forgot: map[string]bool{},
	}
	for i := range wUsers {
		registered(m.store, wUser(i), fmt.Sprintf("+1202555019%d", i))
	}
	m.store.lazy()
	return m
}

// live begins a life, which dies at a place.
func (m *morgue) live(at int) {
	m.at, m.killed, m.store.clean = at, false, false
	b := remembering{bridgetest.New(bridgetest.SMS()), m}
	b.OnSend(m.onSend)
	l := &life{w: &world{t: m.t}, store: m.store, bridge: b.Bridge, ended: make(chan struct{})}
	l.g = New(Config{Domain: domain, Bridge: b, Store: m.store, Allow: []string{"example.org"}, Hold: time.Hour, Keeper: m.note})
	l.g.step = func(string) { m.step(l) }
	m.life = l
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	go func() {
		defer close(l.ended)
		_ = l.g.Run(ctx, l)
	}()
	synctest.Wait()
}

// step passes a place; the dead go no further.
func (m *morgue) step(l *life) {
	m.mu.Lock()
	if m.at--; m.at == 0 {
		m.dieNow(l)
	}
	dead := m.killed || m.life != nil && m.life != l
	m.mu.Unlock()
	if dead {
		<-l.g.work.Done()
	}
}

func (m *morgue) dieNow(l *life) {
	m.killed = true
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	l.store.dead = true
	l.store.die()
}

// onSend is the network: it answers after a while, and once for each key.
func (m *morgue) onSend(ctx context.Context, x bridges.Message) ([]bridges.MessageID, error) {
	l := m.life
	m.mu.Lock()
	if m.poison != "" && strings.Contains(x.Text, m.poison) {
		m.dieNow(l)
	}
	if m.killed {
		m.mu.Unlock()
		<-l.g.work.Done()
		return nil, ctx.Err()
	}
	if m.forgot[x.Key] {
		m.t.Errorf("%s is sent after it was settled", x.Text)
	}
	ids, ok := m.given[x.Key]
	if !ok {
		ids = []bridges.MessageID{bridges.MessageID("net-" + x.Text)}
		m.given[x.Key] = ids
		m.taken[x.Text]++
		m.order = append(m.order, x.Text)
	}
	m.mu.Unlock()
	bridges.Waits(ctx)
	time.Sleep(time.Millisecond)
	return ids, nil
}

// bury ends a life; the server has all that was written and not settled, and
// the link knows that it has.
func (m *morgue) bury() {
	synctest.Wait()
	m.mu.Lock()
	m.dieNow(m.life)
	m.mu.Unlock()
	synctest.Wait()
	m.note = m.note.die()
	s := m.store.crash()
	s.lazy()
	m.g.stop()
	m.cancel()
	<-m.ended
	m.store = s
}

// settle has the server take what was written.
func (m *morgue) settle() {
	m.life.mu.Lock()
	taken := m.life.pending
	m.life.pending = nil
	m.life.mu.Unlock()
	var keys []component.Key
	for _, x := range taken {
		keys = append(keys, x.key)
		if x.out.Type == "error" {
			m.told[x.out.ID]++
			continue
		}
		body := bodyOf(x.out)
		if m.seen[body] == nil {
			m.seen[body] = map[string]bool{}
		}
		m.seen[body][x.out.ID] = true
	}
	m.g.Settled(keys, func() {})
	synctest.Wait()
}

// write plays n texts of users, in as many conversations as there are.
func (m *morgue) write(from, n int) (bodies []string) {
	for i := from; i < from+n; i++ {
		x := &wText{id: lasting(fmt.Sprintf("t%d", i)), user: wUser(i), contact: fmt.Sprintf("+1202555%04d", i)}
		if m.receive(x.xml(), true) {
			bodies = append(bodies, x.id)
		}
	}
	return bodies
}

// deliver has the network hand over a text, which may be the end.
func (m *morgue) deliver(n int) {
	g, machine := m.g, m.store.machine
	d := bridges.Delivery{Account: bridges.AccountID(wUser(n)), Stream: 7, Offset: uint64(n + 1), Event: sms(fmt.Sprint("in", n))}
	go func() { _ = g.Deliver(machine, []bridges.Delivery{d}) }()
}

// calm lives on until everything has come to its end.
func (m *morgue) calm() {
	m.poison = ""
	m.live(0)
	m.g.Ready()
	for range 5 {
		time.Sleep(time.Minute)
		synctest.Wait()
		m.settle()
	}
}

// once demands that each text was sent once or its sender told, and no more.
func (m *morgue) once(bodies []string, told ...string) {
	m.t.Helper()
	for _, b := range bodies {
		want := 1
		for _, x := range told {
			if x == b {
				want = 0
			}
		}
		if m.taken[b] != want || m.told[b] != 1-want {
			m.t.Errorf("%s was sent %d times, and its sender told %d times", b, m.taken[b], m.told[b])
		}
	}
}

// A culprit costs exactly three deaths, and nobody else is put away.
func TestCulpritCostsThreeDeaths(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMorgue(t)
		m.live(0)
		m.poison = lasting("t150")
		bodies := m.write(100, 100)
		deaths := 0
		for ; deaths < 10; deaths++ {
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if !m.killed {
				break
			}
			m.bury()
			m.live(0)
		}
		if deaths != 3 {
			t.Errorf("%d deaths", deaths)
		}
		m.settle()
		if q := m.store.state.quarantined; len(q) != 1 || !strings.Contains(string(q[0].Record.Data), lasting("t150")) {
			t.Errorf("in quarantine: %v", q)
		}
		m.once(bodies, lasting("t150"))
		m.end()
	})
}

func (m *morgue) end() {
	m.cancel()
	<-m.ended
}

// Whoever kills from outside, at whatever place, loses and doubles nothing,
// leaves nothing in doubt, and puts no innocent away.
func TestKilledFromOutside(t *testing.T) {
	seeds := 20
	if os.Getenv("KILLTIME") != "" { // make soak
		seeds = 200
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { killedFromOutside(t, rand.New(rand.NewPCG(seed, 2))) })
		})
	}
}

func killedFromOutside(t *testing.T, rng *rand.Rand) {
	m := newMorgue(t)
	var bodies []string
	for i := range 50 {
		place := 0 // mostly they come while everything waits
		if rng.IntN(5) == 0 {
			place = 1 + rng.IntN(210)
		}
		m.live(place)
		bodies = append(bodies, m.write(i*20, 1+rng.IntN(20))...)
		m.deliver(i)
		time.Sleep(time.Duration(rng.IntN(2000)) * time.Microsecond)
		m.bury()
	}
	m.calm()
	if n := len(m.store.state.quarantined); n != 0 {
		t.Errorf("%d innocents are in quarantine", n)
	}
	m.once(bodies)
	for body, ids := range m.seen {
		if len(ids) != 1 {
			t.Errorf("%s came with %d ids", body, len(ids))
		}
	}
	m.end()
}

// What kills while it is decoded at the start is put away, too.
func TestKillsAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMorgue(t)
		m.live(0)
		m.bury()
		b := &mapping.Batch{Cycles: []*mapping.Cycle{{Bridge: domain, Records: []mapping.Record{
			{Kind: mapping.FromXMPP, Data: []byte(`<iq type='set' id='q' from='user1@example.org/x' to='` + domain + `'><x`)},
			{Kind: mapping.FromNetwork, Data: []byte(`{"k":"message"`)},
		}}}}
		_ = m.store.Commit(context.Background(), b)
		for range 3 {
			m.live(1) // at the first record
			m.bury()
		}
		m.live(0)
		m.settle()
		if m.told["q"] != 1 || len(m.store.state.quarantined) != 2 {
			t.Errorf("told %v, in quarantine %v", m.told, m.store.state.quarantined)
		}
		m.end()
	})
}
