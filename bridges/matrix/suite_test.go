package matrix

import (
	"net"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/bridges/takeover"
)

// secondAccount is one beside that of alice.
const secondAccount = bridges.AccountID("carol@example.org")

// adapter is what the suite is told of a bridge that has a configuration.
func adapter(c Config, k takeover.Keeper, listen func(name, address string) (net.Listener, error)) bridgetest.Adapter {
	g := ghosts{prefix: c.UserPrefix, server: c.Homeserver.Name}
	registration, _ := c.load()
	return bridgetest.Adapter{
		Make: func(t *testing.T, n bridges.Notes) bridges.Bridge {
			b, err := New(c, Deps{Log: discard, Metrics: prometheus.NewRegistry(), Notes: n, Listen: listen, Keeper: k})
			if err != nil {
				t.Fatal(err)
			}
			b.gap = 0
			return b
		},
		Account: bridges.Account{ID: alice, Self: g.of(alice)},
		Second:  bridges.Account{ID: secondAccount, Self: g.of(secondAccount)},
		Chat:    bridges.ChatID(bob), Nobody: g.of("nobody@example.org"),
		Good:    []string{"bob:localhost", "@bob:localhost", "bob", "https://matrix.to/#/@bob:localhost"},
		Bad:     []string{"#room:localhost", "a b:localhost", string(g.of(alice))},
		Secrets: []string{string(registration.ASToken), string(registration.HSToken)},
	}
}

// TestSuite runs the suite as the program runs, with a keeper, and without one at each third
// step: that only makes more come again.
func TestSuite(t *testing.T) {
	for name, c := range map[string]struct {
		keeper func() takeover.Keeper
		each   int
	}{
		"with a keeper":    {func() takeover.Keeper { return new(takeover.Memory) }, 1},
		"without a keeper": {func() takeover.Keeper { return nil }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of := func(t *testing.T) bridgetest.Adapter {
				l := new(bridgetest.Line)
				h := newHomeserver(t, l)
				s := setting(t, toHomeserver(t, l, h.front.URL), "127.0.0.1:0")
				a := adapter(s, c.keeper(), h.listen)
				a.Network, a.Line, h.token = h, l, a.Secrets[1]
				return a
			}
			if c.each == 1 {
				bridgetest.Suite(t, of)
			} else {
				bridgetest.RealSuite(t, of, c.each)
			}
		})
	}
}
