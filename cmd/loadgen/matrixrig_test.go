package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"causeway/bridges/matrix/appservice"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/cmd/loadgen/client"
	"causeway/cmd/loadgen/home"
)

const matrixDomain = "matrix.localhost"

// matrixConfiguration has what the rig does not know, and its bridge.
const matrixConfiguration = `server: {address: %q}
store: %q
http: {listen: %q, public_url: %q}
media: {max_size: 100MB, fetch_private: ["127.0.0.1"]}
bridges:
  - domain: %s
    network: matrix
    secret: %q
    allow: [%s]
    limits: {account: 100000, bridge: 100000}
    homeserver: {url: %q, name: %s}
    appservice: {registration: %q, listen: %q}
`

// matrixRig is an XMPP server, a homeserver, and a program between them.
type matrixRig struct {
	b      *testing.B
	server *lab.Server
	home   matrixHome
	web    string // of the program; empty: it has none
	meter  string
	alice  *client.Client
	came   atomic.Int64 // texts at alice
	links  chan string  // of files, at alice (XEP-0066)
	people []*matrixPerson
	sent   int

	registration, file, homeAddress, listen string
}

// matrixPerson is somebody on Matrix who has a chat with alice.
type matrixPerson struct{ name, token, room string }

// matrixHome is a homeserver.
type matrixHome struct {
	create func(name string) // makes an account
	say    func(p *matrixPerson, n int)
	told   func() int64  // how many events it has pushed; nil: it does not say
	pace   time.Duration // between two texts, at which it keeps up; 0: it always does
	meter  string
}

// between starts a program between the two, and tells how the meter knows it.
type between func(m *matrixRig) string

func newMatrixRig(b *testing.B, start func(*matrixRig) matrixHome, program between) *matrixRig {
	b.Helper()
	return newMatrixRigWith(b, "", start, program)
}

// newMatrixRigWith has a server with more in its configuration.
func newMatrixRigWith(b *testing.B, extra string, start func(*matrixRig) matrixHome, program between) *matrixRig {
	b.Helper()
	pin(b, 0)
	m := &matrixRig{b: b, links: make(chan string, 1)}
	m.server = lab.Servers["prosody"](b, peer.Options{Bare: true, Users: []string{"alice"}, Components: []string{matrixDomain}, LogLevel: "error", Extra: extra})
	m.configure()
	m.home = start(m)
	pin(b, 1)
	m.meter = fmt.Sprintf("%s,prosody=%d%s", program(m), m.server.PID(), m.home.meter)
	m.joins(client.Config{Address: m.server.C2S, Domain: peer.Domain, User: "alice", Password: peer.Secret, Resource: "load"})
	return m
}

// configure writes the program's configuration, and the registration.
func (m *matrixRig) configure() {
	m.b.Helper()
	ports, err := peer.Ports(3)
	if err != nil {
		m.b.Fatal(err)
	}
	m.web, m.homeAddress, m.listen = peer.Local(ports[0]), peer.Local(ports[1]), peer.Local(ports[2])
	m.registration, m.file = filepath.Join(m.b.TempDir(), "registration.yaml"), filepath.Join(m.b.TempDir(), "config.yaml")
	text := fmt.Sprintf(matrixConfiguration, m.server.Component, "sqlite:"+filepath.Join(m.b.TempDir(), "causeway.db"), m.web, "http://"+m.web, matrixDomain,
		peer.Secret, peer.Domain, "http://"+m.homeAddress, peer.Domain, m.registration, m.listen)
	if err := os.WriteFile(m.file, []byte(text), 0o600); err != nil {
		m.b.Fatal(err)
	}
	program := lab.Build(m.b, "causeway/cmd/causeway")
	if out, err := exec.CommandContext(m.b.Context(), program, "registration", matrixDomain, "--config", m.file).CombinedOutput(); err != nil {
		m.b.Fatalf("%v: %s", err, out)
	}
}

// gatewayBetween starts the whole program.
func gatewayBetween(m *matrixRig) string {
	spec := peer.Spec{Name: "causeway", Path: lab.Build(m.b, "causeway/cmd/causeway"), Args: []string{"run", "--config", m.file}, Ready: ready(m.web)}
	if *profile != "" {
		spec.Path, spec.Env = os.Args[0], []string{profileVariable + "=" + *profile, configVariable + "=" + m.file}
	}
	return fmt.Sprintf("causeway=%d", worker(m.b, lab.Start(m.b, spec)))
}

// bareBetween starts the cheapest program.
func bareBetween(m *matrixRig) string {
	m.web = ""
	log := filepath.Join(m.b.TempDir(), "bare.log")
	p := lab.Start(m.b, peer.Spec{
		Name: "bare", Path: lab.Build(m.b, "causeway/cmd/loadgen"), Log: log,
		Args: []string{
			"bare", "-address", m.server.Component, "-domain", matrixDomain, "-secret", peer.Secret, "-home", "http://" + m.homeAddress,
			"-listen", m.listen, "-registration", m.registration, "-store", filepath.Join(m.b.TempDir(), "bare.db"),
		},
		Ready: func() error {
			if text, err := os.ReadFile(log); err != nil || !bytes.Contains(text, []byte("ready")) {
				return errors.Join(err, errors.New("it is not connected"))
			}
			return nil
		},
	})
	return fmt.Sprintf("bare=%d", p.PID())
}

// synapseHome starts a real homeserver.
func synapseHome(m *matrixRig) matrixHome {
	_, port, _ := net.SplitHostPort(m.homeAddress)
	number, err := net.LookupPort("tcp", port)
	if err != nil {
		m.b.Fatal(err)
	}
	s := lab.Synapse(m.b, peer.SynapseOptions{Registrations: []string{m.registration}, Port: number})
	return matrixHome{create: s.CreateUser, pace: *matrixPace, meter: fmt.Sprintf(",synapse=%d", s.PID()), say: func(p *matrixPerson, n int) {
		m.ask(http.MethodPut, fmt.Sprintf("rooms/%s/send/m.room.message/%s.%d", url.PathEscape(p.room), p.name, n), p.token, says(n))
	}}
}

// pacedHome starts one in this process that does nothing beside.
func pacedHome(pace time.Duration) func(m *matrixRig) matrixHome {
	return func(m *matrixRig) matrixHome {
		r, err := appservice.Load(m.registration)
		if err != nil {
			m.b.Fatal(err)
		}
		l, err := net.Listen("tcp", m.homeAddress)
		if err != nil {
			m.b.Fatal(err)
		}
		h := home.Serve(l, home.Config{Name: peer.Domain, Registration: r, Pace: pace})
		m.b.Cleanup(h.Close)
		return matrixHome{create: func(string) {}, told: h.Pushed, pace: pace, say: func(p *matrixPerson, n int) {
			content, _ := json.Marshal(says(n))
			h.Say(p.room, p.token, "m.room.message", content)
		}}
	}
}

// says is the content of the text with a number.
func says(n int) map[string]string {
	return map[string]string{"msgtype": "m.text", "body": fmt.Sprint("text ", n)}
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
		m.home.create(p.name)
		p.token = m.ask(http.MethodPost, "login", "", map[string]any{
			"type": "m.login.password", "identifier": map[string]string{"type": "m.id.user", "user": p.name}, "password": peer.Secret,
		})
		p.room = m.ask(http.MethodPost, "createRoom", p.token, map[string]any{
			"preset": "trusted_private_chat", "is_direct": true, "invite": []string{"@_xmpp_alice=40localhost:localhost"},
		})
		m.sent++
		m.home.say(p, m.sent)
		m.people = append(m.people, p)
	}
	m.until("the first words", int64(*matrixPeople), m.came.Load)
}

var oobLink = regexp.MustCompile(`<x xmlns=["']jabber:x:oob["']><url>([^<]*)</url>`)

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
		if link := oobLink.FindSubmatch(raw); link != nil {
			m.links <- html.UnescapeString(string(link[1]))
			continue
		}
		m.alice.Courtesy(raw, h)
	}
}

// ask asks the homeserver, and returns the id or token in its answer.
func (m *matrixRig) ask(method, path, token string, question any) string {
	m.b.Helper()
	body, err := json.Marshal(question)
	if err != nil {
		m.b.Fatal(err)
	}
	var said struct {
		Room  string `json:"room_id"`
		Token string `json:"access_token"`
		Event string `json:"event_id"`
	}
	m.decode(m.load(m.request(method, m.homeURL("client/v3/"+path), token, bytes.NewReader(body))), &said)
	return strings.Join([]string{said.Room, said.Token, said.Event}, "")
}

// homeURL is an address at the homeserver.
func (m *matrixRig) homeURL(path string) string {
	return "http://" + m.homeAddress + "/_matrix/" + path
}

// request makes a request; token and body may be empty.
func (m *matrixRig) request(method, address, token string, body io.Reader) *http.Request {
	m.b.Helper()
	q, err := http.NewRequestWithContext(m.b.Context(), method, address, body)
	if err != nil {
		m.b.Fatal(err)
	}
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	return q
}

// load sends a request, and returns the body of the answer, which the caller closes.
func (m *matrixRig) load(q *http.Request) io.ReadCloser {
	m.b.Helper()
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		m.b.Fatal(err)
	}
	if a.StatusCode != http.StatusOK {
		a.Body.Close()
		m.b.Fatalf("%s %s: %s", q.Method, q.URL, a.Status)
	}
	return a.Body
}

// decode reads an answer, and closes it.
func (m *matrixRig) decode(body io.ReadCloser, to any) {
	m.b.Helper()
	defer body.Close()
	if err := json.NewDecoder(body).Decode(to); err != nil {
		m.b.Fatal(err)
	}
}
