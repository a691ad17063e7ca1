package main_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/cmd/lab/proxy"
)

// fault is something that happens to a neighbour, or on the way to it, under
// load both ways, and what it may do to texts.
type fault struct {
	strike func(k *traffic)
	may    allowed
	setup  setup
}

// faultRate is texts a second of each user, both ways: many run at once.
const faultRate = 10

// faultPlaces are for the faults under way, of all tests, and faultStarts for those
// that start: ejabberd takes a processor.
var faultPlaces, faultStarts = make(chan struct{}, 8), make(chan struct{}, 2)

// meanwhile is how long a fault lasts that nothing ends by itself.
const meanwhile = 3 * time.Second

// suffer has the faults happen, several at a time: most of their time is spent
// in waiting.
func suffer(t *testing.T, faults map[string]fault) {
	var all sync.WaitGroup
	defer all.Wait()
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		f := faults[name]
		f.setup.rate = faultRate
		all.Go(func() {
			faultPlaces <- struct{}{}
			defer func() { <-faultPlaces }()
			t.Run(name, func(t *testing.T) {
				k := inTurn(t, f.setup)
				k.begin()
				k.await(k.flow())
				f.strike(k)
				k.await(k.flow())
				k.finish()
				k.verdict(f.may)
			})
		})
	}
}

// inTurn starts what takes part, not all at once.
func inTurn(t *testing.T, s setup) *traffic {
	t.Helper()
	faultStarts <- struct{}{}
	defer func() { <-faultStarts }()
	return newTraffic(t, s)
}

// up waits until link and bind are up again.
func (k *traffic) up() {
	k.t.Helper()
	lab.Await(k.t, "ready", func() bool { return k.gateway.ready() == nil })
}

// What the log says of a new link or bind.
const (
	linked = "the link is up"
	bound  = "bound to the SMS centre"
)

// anew does something that ends the link or the bind, and waits for the next.
func (k *traffic) anew(line string, end func()) {
	k.t.Helper()
	before := k.gateway.count(line)
	end()
	lab.Await(k.t, line+" again", func() bool { return k.gateway.count(line) > before })
	k.up()
}

// happened waits for a fault of a proxy.
func (k *traffic) happened(what <-chan struct{}) {
	k.t.Helper()
	select {
	case <-what:
	case <-within(k.t).Done():
		k.t.Fatal("there is no traffic to disturb")
	}
}

// lost loses one direction of a way for a while.
func lost(of func(k *traffic) *proxy.Proxy, w proxy.Way, d time.Duration) func(k *traffic) {
	return func(k *traffic) {
		if err := of(k).Lose(w); err != nil {
			k.t.Fatal(err)
		}
		<-time.After(d)
		if err := of(k).Heal(); err != nil {
			k.t.Fatal(err)
		}
		k.up()
	}
}

// delayed makes a way slow.
func delayed(of func(k *traffic) *proxy.Proxy) func(k *traffic) {
	return func(k *traffic) {
		of(k).Delay(200 * time.Millisecond)
		<-time.After(2 * meanwhile)
	}
}

func link(k *traffic) *proxy.Proxy { return k.link }
func bind(k *traffic) *proxy.Proxy { return k.bind }

// TestFaultsOfTheLink: the XMPP server, and the way to it.
func TestFaultsOfTheLink(t *testing.T) {
	t.Parallel()
	faults := map[string]fault{}
	lossy := allowed{lost: true, refused: true, again: true}
	for server := range lab.Servers {
		clean := setup{server: server, link: true, whole: true, orders: true}
		broken := setup{server: server, link: true, orders: true}
		for name, f := range map[string]fault{
			"delay of 200 ms":       {delayed(link), allowed{}, clean},
			"way down lost 30 s":    {lost(link, proxy.Down, 30*time.Second), allowed{}, clean},
			"way up lost 30 s":      {lost(link, proxy.Up, 30*time.Second), allowed{}, clean},
			"stopped 20 s":          {serverStopped, allowed{}, clean},
			"cut in mid-stanza":     {linkCut, lossy, broken},
			"wrong secret at first": {secretAtFirst, lossy, broken},
			"killed and restarted":  {serverKilled, allowed{lost: true, refused: true, again: true, died: true}, setup{server: server, link: true}},
		} {
			faults[server+" "+name] = f
		}
	}
	faults["prosody wrong secret meanwhile"] = fault{secretWrong, lossy, setup{server: "prosody", link: true, orders: true}}
	// ejabberd takes a second component for a domain beside the first.
	for policy, strike := range map[string]func(*traffic){"kick_new": conflict, "kick_old": replaced} {
		faults["prosody second component, "+policy] = fault{strike, lossy, setup{
			server: "prosody", link: true, orders: true, xmpp: fmt.Sprintf("component_conflict_resolve = %q", policy),
		}}
	}
	suffer(t, faults)
}

// linkCut resets the link in the midst of stanzas, in both directions.
func linkCut(k *traffic) {
	for n := range 6 {
		k.anew(linked, func() { k.happened(k.link.Cut(proxy.Way(n%2), rand.N(10_000))) })
	}
}

func serverStopped(k *traffic) { paused(k.t, k.server.Process, 20*time.Second) }

// serverKilled kills the XMPP server and starts it again. The users are back
// before the gateway, so that what the server does for those who are away does
// not count here.
func serverKilled(k *traffic) {
	for range 2 {
		k.link.Shut(true)
		before := k.logins()
		k.server.Kill()
		k.gateway.awaitDown("XMPP server")
		k.server.Restart()
		k.loggedIn(before)
		k.link.Shut(false)
		k.up()
	}
}

// paused stops a program by SIGSTOP for a while.
func paused(t *testing.T, p *peer.Process, d time.Duration) {
	t.Helper()
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	<-time.After(d)
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
}
