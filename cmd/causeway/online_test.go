package main_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/cmd/causeway/app"
	"causeway/cmd/causeway/config"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/cmd/loadgen/centre"
	"causeway/component"
	"causeway/component/stanza"
	"causeway/mapping"
	"causeway/mapping/sqlite"
)

const (
	crowdDomain = "matrix." + peer.Domain
	crowdSize   = 10_000
	crowdKnows  = 3        // contacts of each
	crowdHeap   = 16 << 20 // what may be left of it in memory: a bounded cache
)

// TestManyComeOnline has 10,000 registered users come online through a real
// server as fast as it lets them, which is well within a minute, see their
// contacts, and leave. Each is answered once, and memory returns. The users are
// those of another component, since so many clients are more than this machine
// has room for.
func TestManyComeOnline(t *testing.T) {
	s := lab.Prosody(t, peer.Options{Users: []string{}, LogLevel: "error", Bare: true})
	c := joinCrowd(t, s)
	serveCrowd(t, s)
	c.await(t, "greeting", "", crowdSize) // the gateway has come online
	before := bridgetest.LiveHeap()
	began := time.Now()
	c.show(t, "")
	c.await(t, "presence of contacts", "contact", crowdKnows*crowdSize)
	t.Logf("%d users were answered in %v", crowdSize, time.Since(began).Round(time.Millisecond))
	online := bridgetest.LiveHeap()
	c.show(t, "unavailable")
	c.await(t, "farewell", "unavailable", crowdSize)
	after := bridgetest.LiveHeap()
	t.Logf("heap before %d KiB, online %d KiB, after %d KiB", before>>10, online>>10, after>>10)
	if after > before+crowdHeap {
		t.Errorf("%d octets of the heap do not return", after-before)
	}
	c.once(t)
}

// serveCrowd runs the whole program, in this process, on a store in which all
// of the crowd are registered.
func serveCrowd(t *testing.T, s *lab.Server) {
	t.Helper()
	sms, err := centre.Listen("127.0.0.1:0", centre.Config{Password: peer.Secret})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sms.Close() })
	g := newGateway(t, settings{Server: s.Component, Centre: sms.Address(), Allow: crowdDomain, LogLevel: "error"})
	register(t, filepath.Join(g.set.Dir, "causeway.db"))
	cfg, err := config.Load(g.config, os.LookupEnv, app.Networks())
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), cfg, app.Options{Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
}

func register(t *testing.T, file string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: file})
	if err != nil {
		t.Fatal(err)
	}
	b := new(mapping.Batch)
	for i := range crowdSize {
		id := bridges.AccountID(member(i))
		b.PutAccounts = append(b.PutAccounts, mapping.Account{
			Bridge: domain, ID: id, Self: bridges.UserID(fmt.Sprintf("+1202%07d", i)), Created: time.Now(),
		})
		for n := range crowdKnows {
			b.PutContacts = append(b.PutContacts, mapping.Contact{
				Bridge: domain, Account: id, ID: bridges.ChatID(fmt.Sprintf("+1202555%04d", n)), Subscription: mapping.SeesContact,
			})
		}
	}
	if err := s.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func member(i int) string { return fmt.Sprintf("u%d@%s", i, crowdDomain) }

// crowd is a component whose users come online, and what they are shown.
type crowd struct {
	*component.Link
	up chan struct{}

	mu    sync.Mutex
	total map[string]int // by kind: greetings "", contact, and other types
	shown [crowdSize * crowdKnows]uint8
	more  chan struct{} // holds one
}

func (c *crowd) Up(bool)                                { c.up <- struct{}{} }
func (c *crowd) Down(error)                             {}
func (c *crowd) Settled(_ []component.Key, done func()) { done() }
func (c *crowd) Handle(s *stanza.Stanza, _ component.Key) {
	if s.Kind != stanza.Presence {
		return
	}
	kind := s.Type
	c.mu.Lock()
	if kind == "" && strings.Contains(s.From, "@") {
		kind = "contact"
		c.shown[index(s)]++
	}
	c.total[kind]++
	c.mu.Unlock()
	select {
	case c.more <- struct{}{}:
	default:
	}
}

// index is the place of a user and the contact that it is shown.
func index(s *stanza.Stanza) int {
	user, _, _ := strings.Cut(s.To[1:], "@")
	phone, _, _ := strings.Cut(s.From, "@")
	i, err := strconv.Atoi(user)
	n, err2 := strconv.Atoi(phone[len(phone)-4:])
	if err != nil || err2 != nil {
		panic("presence of " + s.From + " for " + s.To)
	}
	return i*crowdKnows + n
}

func (c *crowd) Append(context.Context, *component.Cycle) (uint64, error) { return 1, nil }
func (c *crowd) Last(context.Context, uint64) (uint64, error)             { return 0, nil }

func joinCrowd(t *testing.T, s *lab.Server) *crowd {
	t.Helper()
	c := &crowd{up: make(chan struct{}, 1), total: map[string]int{}, more: make(chan struct{}, 1)}
	c.Link = component.New(component.Config{Domain: crowdDomain, Address: s.Component, Secret: peer.Secret}, c, c)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	<-c.up
	return c
}

// show has all users send presence of a type.
func (c *crowd) show(t *testing.T, kind string) {
	t.Helper()
	for i := range crowdSize {
		o := &stanza.Out{Kind: stanza.Presence, Type: kind, From: member(i) + "/phone", To: domain}
		if err := c.Send(t.Context(), o, component.Key{}); err != nil {
			t.Fatal(err)
		}
	}
}

// await blocks until n of a kind have come, as long as more come.
func (c *crowd) await(t *testing.T, what, kind string, n int) {
	t.Helper()
	for {
		c.mu.Lock()
		got := c.total[kind]
		c.mu.Unlock()
		if got >= n {
			return
		}
		select {
		case <-c.more:
		case <-time.After(patience):
			t.Fatalf("%s: %d of %d have come", what, got, n)
		}
	}
}

// once wants that nobody was shown a contact twice.
func (c *crowd) once(t *testing.T) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.total["error"] > 0 {
		t.Errorf("%d errors came", c.total["error"])
	}
	for i, n := range c.shown {
		if n != 1 {
			t.Fatalf("%s was shown a contact %d times", member(i/crowdKnows), n)
		}
	}
}
