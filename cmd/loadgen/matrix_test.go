package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/cmd/loadgen/client"
)

var (
	matrixTexts  = flag.Int("matrix-texts", 1000, "texts of a round with Matrix, each way")
	matrixPeople = flag.Int("matrix-people", 10, "people of Matrix that they are from and to")
)

const matrixDomain = "matrix.localhost"

// matrixConfiguration has what the rig does not know, and its bridge.
const matrixConfiguration = `server: {address: %q}
store: %q
http: {listen: %q}
bridges:
  - domain: %s
    network: matrix
    secret: %q
    allow: [%s]
    limits: {account: 100000, bridge: 100000}
    homeserver: {url: %q, name: %s}
    appservice: {registration: %q, listen: %q}
`

// BenchmarkMatrix measures what a text costs between an XMPP client and people of
// Matrix, through a real XMPP server, the whole program and a real homeserver, each
// way: processor time of whole processes, the journal included. Nobody on Matrix
// reads what comes, which would cost the homeserver more.
func BenchmarkMatrix(b *testing.B) {
	program := lab.Build(b, "causeway/cmd/causeway")
	m := newMatrixRig(b, program)
	m.round(m.up, *matrixTexts/10)
	m.round(m.down, *matrixTexts/10)
	var up, down []map[string]float64
	for b.Loop() {
		up = append(up, m.round(m.up, *matrixTexts))
		down = append(down, m.round(m.down, *matrixTexts))
	}
	b.ReportMetric(0, "ns/op")
	for way, rounds := range map[string][]map[string]float64{"to-matrix": up, "from-matrix": down} {
		for what := range rounds[0] {
			var all []float64
			for _, r := range rounds {
				all = append(all, r[what])
			}
			slices.Sort(all)
			b.ReportMetric(all[len(all)/2], what+"-"+way)
		}
	}
}

// matrixRig is an XMPP server, a homeserver, and the program between them.
type matrixRig struct {
	b      *testing.B
	home   *lab.Matrix
	web    string
	meter  string
	alice  *client.Client
	came   atomic.Int64 // texts at alice
	people []*matrixPerson
	sent   int
}

// matrixPerson is somebody on Matrix who has a chat with alice.
type matrixPerson struct{ name, token, room string }

func newMatrixRig(b *testing.B, program string) *matrixRig {
	b.Helper()
	pin(b, 0)
	server := lab.Servers["prosody"](b, peer.Options{Bare: true, Users: []string{"alice"}, Components: []string{matrixDomain}, LogLevel: "error"})
	ports, err := peer.Ports(3)
	if err != nil {
		b.Fatal(err)
	}
	m := &matrixRig{b: b, web: peer.Local(ports[0])}
	registration, home := filepath.Join(b.TempDir(), "registration.yaml"), peer.Local(ports[1])
	file := filepath.Join(b.TempDir(), "config.yaml")
	text := fmt.Sprintf(matrixConfiguration, server.Component, "sqlite:"+filepath.Join(b.TempDir(), "causeway.db"), m.web, matrixDomain,
		peer.Secret, peer.Domain, "http://"+home, peer.Domain, registration, peer.Local(ports[2]))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	if out, err := exec.CommandContext(b.Context(), program, "registration", matrixDomain, "--config", file).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	m.home = lab.Synapse(b, peer.SynapseOptions{Registrations: []string{registration}, Port: ports[1]})
	pin(b, 1)
	spec := peer.Spec{Name: "causeway", Path: program, Args: []string{"run", "--config", file}, Ready: ready(m.web)}
	if *profile != "" {
		spec.Path, spec.Env = os.Args[0], []string{profileVariable + "=" + *profile, configVariable + "=" + file}
	}
	gateway := lab.Start(b, spec)
	m.meter = fmt.Sprintf("causeway=%d,synapse=%d,prosody=%d", worker(b, gateway), m.home.PID(), server.PID())
	m.joins(client.Config{Address: server.C2S, Domain: peer.Domain, User: "alice", Password: peer.Secret, Resource: "load"})
	return m
}

// joins logs alice in, and has people begin chats with her.
func (m *matrixRig) joins(c client.Config) {
	m.b.Helper()
	if err := register(m.b.Context(), c, matrixDomain); err != nil {
		m.b.Fatal(err)
	}
	var err error
	if m.alice, err = client.Dial(m.b.Context(), c); err != nil {
		m.b.Fatal(err)
	}
	var reader sync.WaitGroup
	reader.Go(m.read)
	m.b.Cleanup(func() { m.alice.Close(); reader.Wait() })
	if err := m.alice.Send("<presence/>"); err != nil {
		m.b.Fatal(err)
	}
	for i := range *matrixPeople {
		p := &matrixPerson{name: fmt.Sprintf("p%d", i)}
		m.home.CreateUser(p.name)
		p.token = m.ask(http.MethodPost, "login", "", map[string]any{
			"type": "m.login.password", "identifier": map[string]string{"type": "m.id.user", "user": p.name}, "password": peer.Secret,
		})
		p.room = m.ask(http.MethodPost, "createRoom", p.token, map[string]any{
			"preset": "trusted_private_chat", "is_direct": true, "invite": []string{"@_xmpp_alice=40localhost:localhost"},
		})
		m.says(p)
		m.people = append(m.people, p)
	}
	m.until("the first words", func() bool { return m.came.Load() >= int64(*matrixPeople) })
}

// read counts what comes to alice, until the end.
func (m *matrixRig) read() {
	for {
		raw, h, err := m.alice.Read()
		if err != nil {
			return
		}
		if string(h.Name) == "message" && bytes.Contains(raw, []byte("<body>text ")) {
			m.came.Add(1)
			continue
		}
		m.alice.Courtesy(raw, h)
	}
}

// says has somebody write a text.
func (m *matrixRig) says(p *matrixPerson) {
	m.sent++
	m.ask(http.MethodPut, fmt.Sprintf("rooms/%s/send/m.room.message/%s.%d", url.PathEscape(p.room), p.name, m.sent), p.token,
		map[string]string{"msgtype": "m.text", "body": fmt.Sprint("text ", m.sent)})
}

// up has alice write so many texts, and waits until the homeserver has told of all
// of them.
func (m *matrixRig) up(n int) {
	const own = `causeway_matrix_incoming_total{bridge="matrix.localhost",result="own"}`
	before := metric(m.b, m.web, own)
	for i := range n {
		m.sent++
		p := m.people[i%len(m.people)]
		if err := m.alice.Send("<message type='chat' id='u%d' to='%s\\3alocalhost@%s'><body>to %d</body></message>", m.sent, p.name, matrixDomain, m.sent); err != nil {
			m.b.Fatal(err)
		}
	}
	m.until("the homeserver has all", func() bool { return metric(m.b, m.web, own)-before >= float64(n) })
}

// down has people write so many texts, one after the other, and waits until alice
// has all of them.
func (m *matrixRig) down(n int) {
	before := m.came.Load()
	for i := range n {
		m.says(m.people[i%len(m.people)])
	}
	m.until("alice has all", func() bool { return m.came.Load()-before >= int64(n) })
}

// round tells what a way costs.
func (m *matrixRig) round(way func(int), n int) map[string]float64 {
	m.b.Helper()
	meter, err := newMeter(m.meter)
	if err != nil {
		m.b.Fatal(err)
	}
	const written = "causeway_store_commits_total"
	commits := metric(m.b, m.web, written)
	stop, began := meter.watch(), time.Now()
	way(n)
	took := time.Since(began)
	stop()
	f := map[string]float64{"texts/s": float64(n) / took.Seconds(), "commits": (metric(m.b, m.web, written) - commits) / float64(n)}
	for _, p := range meter.processes {
		f[p.name+"-µs"] = float64(p.used.Microseconds()) / float64(n)
	}
	return f
}

// until waits in long steps: to ask costs the program, too.
func (m *matrixRig) until(what string, is func() bool) {
	m.b.Helper()
	for late := time.Now().Add(2 * time.Minute); !is(); time.Sleep(time.Second) {
		if time.Now().After(late) {
			m.b.Fatal("not within two minutes: ", what)
		}
	}
}

// ask asks the homeserver, and returns the id or token in its answer.
func (m *matrixRig) ask(method, path, token string, question any) string {
	m.b.Helper()
	body, err := json.Marshal(question)
	if err != nil {
		m.b.Fatal(err)
	}
	q, err := http.NewRequestWithContext(m.b.Context(), method, m.home.URL+"/_matrix/client/v3/"+path, bytes.NewReader(body))
	if err != nil {
		m.b.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+token)
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		m.b.Fatal(err)
	}
	defer a.Body.Close()
	var said struct {
		Room  string `json:"room_id"`
		Token string `json:"access_token"`
		Event string `json:"event_id"`
	}
	if err := json.NewDecoder(a.Body).Decode(&said); err != nil || a.StatusCode != http.StatusOK {
		m.b.Fatalf("%s: %s, %v", path, a.Status, err)
	}
	return strings.Join([]string{said.Room, said.Token, said.Event}, "")
}
