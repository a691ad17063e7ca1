package main_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/cmd/loadgen/centre"
	"causeway/cmd/loadgen/client"
	"causeway/cmd/loadgen/load"
)

// TestFlood has one user send at full speed. What is beyond its share is
// refused, each text with its id and words that a person can read; others lose
// nothing meanwhile. How long their texts take is logged, and not judged: before
// the flood, beside one that the server alone refuses, and during one of the
// gateway.
func TestFlood(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		f := newFlood(t, server, "ann", "ben", "cat", "fay")
		f.others("before")
		f.during("beside", "discord."+peer.Domain) // which is not connected
		f.told(f.during("during", domain))
		if n := f.gateway.metric("causeway_gateway_refused_total", `"limit"`); n == 0 {
			t.Error("no refusal was counted")
		}
	})
}

// flood is users under load beside a gateway that lets each have little under
// way.
type flood struct {
	t       *testing.T
	server  *lab.Server
	gateway *gateway
}

func newFlood(t *testing.T, server string, users ...string) *flood {
	s := lab.Servers[server](t, peer.Options{Users: users, LogLevel: "error", Bare: true})
	c, err := centre.Listen("127.0.0.1:0", centre.Config{Password: peer.Secret})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	f := &flood{t: t, server: s, gateway: newGateway(t, settings{
		Server: s.Component, Centre: c.Address(), Account: 50, LogLevel: "info",
	})}
	f.gateway.start()
	r := &rig{t: t, server: s, gateway: f.gateway}
	for _, name := range users {
		if err := r.registered(t, name).Close(); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// user is the load of one user to contacts of its own.
func (f *flood) user(name, run, to string, contacts int) load.Config {
	c := load.Config{
		Client: client.Config{Address: f.server.C2S, Domain: peer.Domain, User: name, Password: peer.Secret, Resource: run},
		Run:    name + run, Size: 60, Patience: patience,
	}
	for _, n := range centre.Numbers("1202555%04d", 100*len(name)+int(name[0]), contacts) {
		c.Contacts = append(c.Contacts, "+"+n+"@"+to)
	}
	return c
}

// others has three users send texts at the pace of people, and wants a receipt
// for each.
func (f *flood) others(run string) {
	f.t.Helper()
	var all []load.Config
	for _, name := range []string{"ann", "ben", "cat"} {
		c := f.user(name, run, domain, 4)
		c.Window, c.Rate, c.Count = 8, 20, 100
		all = append(all, c)
	}
	r, err := load.Many(within(f.t), all)
	if err != nil || r.Err() != nil || r.Answered != 300 {
		f.t.Errorf("%s: %d answered of 300: %v, %v", run, r.Answered, err, r.Err())
	}
	f.t.Logf("others %s the flood: round trip 50%% %v, 99%% %v", run, r.Latency.Quantile(.5), r.Latency.Quantile(.99))
}

// during has fay flood a domain, and the others send as soon as something of
// that is refused.
func (f *flood) during(run, to string) (r *load.Report) {
	f.t.Helper()
	stop, refused := make(chan struct{}), make(chan struct{})
	first := sync.OnceFunc(func() { close(refused) })
	c := f.user("fay", run, to, 5)
	c.Window, c.Stop = 5000, stop
	c.Outcome = func(_ int, o load.Outcome, _ string) {
		if o == load.Failed {
			first()
		}
	}
	ctx, cancel := context.WithTimeout(f.t.Context(), 2*patience)
	defer cancel()
	var flooding sync.WaitGroup
	flooding.Go(func() {
		var err error
		if r, err = load.Run(ctx, c); err != nil {
			f.t.Errorf("the flood: %v", err)
		}
		first() // or nobody would wait in vain
	})
	<-refused
	f.others(run)
	close(stop)
	flooding.Wait()
	f.t.Logf("fay %s: %d texts at %.0f/s, %d delivered, refused %v", run, r.Sent, float64(r.Sent)/r.Took.Seconds(), r.Answered, r.Failed)
	return r
}

// told wants an answer to each text of the flood: a receipt, or an error with
// the condition and words of a full queue.
func (f *flood) told(r *load.Report) {
	f.t.Helper()
	refused := 0
	for why, n := range r.Failed {
		refused += n
		if !strings.HasPrefix(why, "resource-constraint: ") || len(strings.Fields(why)) < 4 {
			f.t.Errorf("%d texts of the flood are refused with %q", n, why)
		}
	}
	if r.Unanswered > 0 || r.Repeated > 0 || r.Answered+refused != r.Sent || refused == 0 {
		f.t.Errorf("%d sent, %d unanswered, %d answered twice", r.Sent, r.Unanswered, r.Repeated)
	}
}
