package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/cmd/loadgen/client"
	"causeway/cmd/loadgen/load"
)

const (
	gatewayDomain = "sms.localhost"
	swapDomain    = "swap.localhost"
	stuckNumber   = "12025559999"
	stuckJID      = "+" + stuckNumber + "@" + gatewayDomain
)

// programs builds the gateway and this package.
func programs(b *testing.B) (gateway, aid string) {
	b.Helper()
	return lab.Build(b, "causeway/cmd/causeway"), lab.Build(b, "causeway/cmd/loadgen")
}

// rig is an XMPP server with what is measured on it, each a process of its own.
// The client is this process.
type rig struct {
	b            *testing.B
	program, aid string
	server       *lab.Server
	rounds       int
}

// side is one of the two components that are compared.
type side struct {
	load  load.Config
	meter string // the processes, as newMeter takes them
	web   string // the gateway's web server
}

func newRig(b *testing.B, server, program, aid string) *rig {
	b.Helper()
	pin(b, 0)
	s := lab.Servers[server](b, peer.Options{
		Bare: true, Users: []string{"alice"}, Components: []string{gatewayDomain, swapDomain}, LogLevel: "error",
	})
	pin(b, 1)
	return &rig{b: b, program: program, aid: aid, server: s}
}

func (r *rig) side(domain string, processes map[string]*peer.Process) *side {
	s := &side{meter: fmt.Sprintf("server=%d", r.server.PID()), load: load.Config{
		Client: client.Config{
			Address: r.server.C2S, Domain: peer.Domain,
			User: "alice", Password: peer.Secret, Resource: "load",
		},
		Window: window, Size: 60, Patience: time.Minute,
	}}
	for name, p := range processes {
		s.meter += fmt.Sprintf(",%s=%d", name, worker(r.b, p))
	}
	for i := range contacts {
		s.load.Contacts = append(s.load.Contacts, fmt.Sprintf("+1202555%04d@%s", 100+i, domain))
	}
	return s
}

// worker returns the process that does the work: the child of a keeper that has
// its name, as the one on standby does not, else the program itself.
func worker(b *testing.B, p *peer.Process) int {
	b.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", p.PID()))
	if err != nil {
		b.Fatal(err)
	}
	for _, t := range threads { // any may have started it
		children, _ := os.ReadFile(t)
		for _, child := range strings.Fields(string(children)) {
			if pid, err := strconv.Atoi(child); err == nil && nameOf(pid) == nameOf(p.PID()) {
				return pid
			}
		}
	}
	return p.PID()
}

func nameOf(pid int) string {
	name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)) // it may just have ended
	return string(name)
}

// startSwap starts the cheapest possible component.
func (r *rig) startSwap() *side {
	r.b.Helper()
	log := filepath.Join(r.b.TempDir(), "swap.log")
	p := lab.Start(r.b, peer.Spec{
		Name: "swap", Path: r.aid, Log: log,
		Args: []string{"swap", "-address", r.server.Component, "-domain", swapDomain, "-secret", peer.Secret},
		Ready: func() error {
			if text, err := os.ReadFile(log); err != nil || !bytes.Contains(text, []byte("ready")) {
				return errors.Join(err, errors.New("it is not connected"))
			}
			return nil
		},
	})
	s := r.side(swapDomain, map[string]*peer.Process{"component": p})
	s.load.Echo = true
	return s
}

const configuration = `server: {address: %q}
store: %q
http: {listen: %q}
bridges:
  - domain: %s
    network: sms
    secret: %q
    allow: [%s]
    region: US
    numbers: {pool: ["+12025550199"]}
    connectors:
      - smpp: {address: %q, system_id: causeway, password: secret, window: 256}
`

// startGateway starts the program and an SMS centre, and registers the user.
func (r *rig) startGateway() *side {
	r.b.Helper()
	dir := r.b.TempDir()
	centre, spec, web := r.configure(filepath.Join(dir, "causeway.db"))
	if *profile != "" {
		spec.Path, spec.Env = os.Args[0], []string{profileVariable + "=" + *profile, configVariable + "=" + spec.Args[2]}
	}
	s := r.side(gatewayDomain, map[string]*peer.Process{"component": lab.Start(r.b, spec), "centre": centre})
	s.web = web
	if err := register(r.b.Context(), s.load.Client, gatewayDomain); err != nil {
		r.b.Fatal(err)
	}
	return s
}

// configure starts an SMS centre, and tells how to start the program with it
// and with a store, and where its web server will be.
func (r *rig) configure(store string, centreArgs ...string) (centre *peer.Process, spec peer.Spec, web string) {
	r.b.Helper()
	ports, err := peer.Ports(2)
	if err != nil {
		r.b.Fatal(err)
	}
	smpp, web := peer.Local(ports[0]), peer.Local(ports[1])
	centre = lab.Start(r.b, peer.Spec{
		Name: "centre", Path: r.aid, Args: append([]string{"centre", "-address", smpp, "-stuck", stuckNumber}, centreArgs...),
		Ready: peer.Accepting(smpp),
	})
	file := filepath.Join(r.b.TempDir(), "config.yaml")
	text := fmt.Sprintf(configuration, r.server.Component, "sqlite:"+store, web, gatewayDomain, peer.Secret, peer.Domain, smpp)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		r.b.Fatal(err)
	}
	return centre, peer.Spec{
		Name: "causeway", Path: r.program, Args: []string{"run", "--config", file}, Ready: ready(web),
	}, web
}

func ready(web string) func() error {
	return func() error {
		resp, err := http.Get("http://" + web + "/readyz")
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return errors.New(resp.Status)
		}
		return nil
	}
}

// figures are those of one round. Times are µs of processor time a round trip.
type figures struct {
	rate     float64 // round trips a second
	p50, p99 time.Duration
	time     map[string]float64
	memory   []int64 // of the component, a sample a second
	commits  float64 // a round trip
}

// round sends texts and waits for the last answer. Anything else than one
// answer each, in order, fails the benchmark.
func (r *rig) round(s *side, n int) figures {
	r.b.Helper()
	r.rounds++
	c := s.load
	c.Count, c.Run = n, fmt.Sprintf("r%d", r.rounds)
	m, err := newMeter(s.meter)
	if err != nil {
		r.b.Fatal(err)
	}
	commits := s.commits(r.b)
	stop := m.watch()
	report, err := load.Run(r.b.Context(), c)
	stop()
	if err = errors.Join(err, report.Err()); err != nil {
		r.b.Fatal(err)
	}
	f := figures{
		rate: report.Rate(), p50: report.Latency.Quantile(.5), p99: report.Latency.Quantile(.99), time: map[string]float64{},
	}
	f.commits = (s.commits(r.b) - commits) / float64(report.Answered)
	for _, p := range m.processes {
		f.time[p.name] = float64(p.used.Microseconds()) / float64(report.Answered)
		if p.name == "component" {
			f.memory = p.memory
		}
	}
	return f
}

// commits asks the gateway how many transactions its store has written.
func (s *side) commits(b *testing.B) float64 {
	b.Helper()
	if s.web == "" {
		return 0
	}
	return metric(b, s.web, "causeway_store_commits_total")
}

// metric asks a gateway's web server for one value, by its name and labels.
func metric(b *testing.B, web, name string) float64 {
	b.Helper()
	resp, err := http.Get("http://" + web + "/metrics")
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\n"+name+" ")
	line, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.ParseFloat(line, 64)
	if !ok || err != nil {
		b.Fatalf("%s %q: %v", name, line, err)
	}
	return n
}
