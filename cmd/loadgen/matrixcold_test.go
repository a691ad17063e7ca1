package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/mapping"
	"causeway/mapping/sqlite"
)

// BenchmarkMatrixColdStart measures a start with many ghosts: how long until link
// and bridge are up, what the homeserver was asked until all accounts are greeted,
// and what an account that does nothing costs of memory, by the difference to a
// start with none.
func BenchmarkMatrixColdStart(b *testing.B) {
	program := lab.Build(b, "causeway/cmd/causeway")
	server := lab.Servers["prosody"](b, peer.Options{Bare: true, Users: []string{"alice"}, Components: []string{matrixDomain}, LogLevel: "error"})
	empty := coldMatrix(b, program, server, 0)
	var c coldFigures
	for b.Loop() {
		c = coldMatrix(b, program, server, *accounts)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(c.took.Milliseconds()), "ms-to-ready")
	b.ReportMetric(float64(c.asked), "requests")
	b.ReportMetric(float64(empty.asked), "requests-of-none")
	b.ReportMetric(mib(c.ready), "MiB-ready")
	b.ReportMetric(mib(c.greeted), "MiB-greeted")
	b.ReportMetric(mib(empty.greeted), "MiB-of-none")
	b.ReportMetric(float64(c.ready-empty.ready)/float64(*accounts), "B-ready/account")
	b.ReportMetric(float64(c.greeted-empty.greeted)/float64(*accounts), "B-greeted/account")
}

type coldFigures struct {
	took           time.Duration
	asked          int
	ready, greeted int64 // bytes
}

// coldMatrix starts the program on a store with so many ghosts.
func coldMatrix(b *testing.B, program string, server *lab.Server, ghosts int) (c coldFigures) {
	b.Helper()
	home := &countingHome{}
	h := httptest.NewServer(home)
	defer h.Close()
	ports, err := peer.Ports(2)
	if err != nil {
		b.Fatal(err)
	}
	dir, web := b.TempDir(), peer.Local(ports[0])
	store, file := filepath.Join(dir, "causeway.db"), filepath.Join(dir, "config.yaml")
	text := fmt.Sprintf(matrixConfiguration, server.Component, "sqlite:"+store, web, "http://"+web, matrixDomain, peer.Secret, peer.Domain, h.URL, peer.Domain,
		filepath.Join(dir, "registration.yaml"), peer.Local(ports[1]))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	if out, err := exec.CommandContext(b.Context(), program, "registration", matrixDomain, "--config", file).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	seedGhosts(b, store, ghosts)
	began := time.Now()
	p := lab.Start(b, peer.Spec{Name: "causeway", Path: program, Args: []string{"run", "--config", file}})
	awaitReady(b, web)
	c.took = time.Since(began)
	c.ready = residentOf(b, p)
	awaitStanzas(b, web, matrixDomain, 2*ghosts, func() {})
	c.greeted, c.asked = residentOf(b, p), home.count()
	stop(b, p)
	return c
}

func residentOf(b *testing.B, p *peer.Process) int64 { return int64(memory(b, p) * (1 << 20)) }

// countingHome is a homeserver that says that all is well, and counts.
type countingHome struct {
	mu    sync.Mutex
	asked int
}

// ServeHTTP implements http.Handler.
func (h *countingHome) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.asked++
	h.mu.Unlock()
	body := `{"versions": ["v1.16"], "duration_ms": 1}`
	if strings.HasSuffix(r.URL.Path, "/whoami") {
		body = `{"user_id": "@_xmpp_bot:localhost"}`
	}
	_, _ = w.Write([]byte(body))
}

func (h *countingHome) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked
}

// seedGhosts makes a store with many accounts, each with a ghost that the
// homeserver knows, and one chat.
func seedGhosts(b *testing.B, path string, n int) {
	b.Helper()
	s, err := sqlite.Open(b.Context(), sqlite.Options{Path: path})
	if err != nil {
		b.Fatal(err)
	}
	for first := 0; first < n; first += 1000 {
		batch := new(mapping.Batch)
		for i := first; i < min(first+1000, n); i++ {
			seedGhost(batch, i)
		}
		if err := s.Commit(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

func seedGhost(batch *mapping.Batch, i int) {
	name := fmt.Sprintf("user%07d", i)
	account := bridges.AccountID(name + "@" + peer.Domain)
	ghost, person, room := fmt.Sprintf("_xmpp_%s=40localhost:localhost", name), fmt.Sprintf("p%d:localhost", i), fmt.Sprintf("!room%d:localhost", i)
	batch.PutAccounts = append(batch.PutAccounts, mapping.Account{Bridge: matrixDomain, ID: account, Self: bridges.UserID(ghost), Created: time.Now()})
	batch.PutContacts = append(batch.PutContacts, mapping.Contact{
		Bridge: matrixDomain, Account: account, ID: bridges.ChatID(person), Subscription: mapping.SeesContact | mapping.SeenByUs,
	})
	for key, value := range map[string]string{
		"ghost/" + ghost:                  fmt.Sprintf(`{"name":"%s (XMPP)"}`, name),
		"chat/" + ghost + "\x00" + person: fmt.Sprintf(`{"room":%q}`, room),
		"room/" + room:                    fmt.Sprintf(`{"ghost":%q,"person":%q,"ghostIs":"join","personIs":"join"}`, ghost, person),
	} {
		batch.PutNotes = append(batch.PutNotes, mapping.Note{Bridge: matrixDomain, Key: key, Value: []byte(value)})
	}
}
