package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"causeway/cmd/lab/peer"
	"causeway/mapping"
	"causeway/mapping/sqlite"
)

// outcome checks what a command says and with which status it ends.
func (g *gateway) outcome(want int, words []string, args ...string) {
	g.t.Helper()
	status, out := g.command(args...)
	if status != want {
		g.t.Errorf("%s: exit status %d, want %d:\n%s", args, status, want, out)
	}
	for _, w := range words {
		if !regexp.MustCompile(w).MatchString(out) {
			g.t.Errorf("%s: %q is not in\n%s", args, w, out)
		}
	}
}

// TestStore looks into the store of a program that runs and copies it, and
// does the same after it was stopped.
func TestStore(t *testing.T) {
	t.Parallel()
	r := newRig(t, "prosody", peer.Node)
	u := r.registered(t, "alice")
	u.Send(contact, "s1", "Is it stored?")
	sent := r.centre.Next("submit")
	r.barrier(u, phone)

	g := r.gateway
	file := filepath.Join(g.set.Dir, "copy")
	whole := []string{`integrity +ok`, `quarantine +0`, g.set.Dir + "/causeway.db, version 4"}
	line := regexp.QuoteMeta(domain) + ` +1 +` // accounts, then cycles and what is not settled
	g.outcome(0, append(whole, fmt.Sprintf(`in use by +process %d on `, g.worker()), line+`[1-9]\d* +[1-9]\d* +0`), "store", "info")
	g.outcome(0, []string{file}, "store", "backup", file)
	g.outcome(1, []string{"exists already"}, "store", "backup", file)
	if status := r.centre.Report(sent, true); status != 0 {
		t.Errorf("the report is answered by %#x", status)
	}
	u.Wait("the receipt: the program goes on", receipt("s1"))
	g.stop()
	g.outcome(0, append(whole, `in use by +nobody`, line+`0 +0 +0`), "store", "info")
	g.outcome(0, nil, "store", "backup", file+"2")

	for _, f := range []string{file, file + "2"} {
		s, err := sqlite.Open(t.Context(), sqlite.Options{Path: f})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok, err := s.Account(t.Context(), domain, "alice@localhost"); !ok || err != nil {
			t.Errorf("%s: alice is there: %t, %v", f, ok, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// storeOf makes a store with a record in quarantine.
func storeOf(t *testing.T, g *gateway) (path string) {
	t.Helper()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	quarantine(t, g, []mapping.Quarantined{
		{Key: mapping.Key{Cycle: 12, Index: 3}, Bridge: domain, Reason: "panic: one", At: at, Record: mapping.Record{Kind: mapping.FromXMPP, Data: []byte("<message>hidden</message>")}},
		{Key: mapping.Key{Cycle: 13}, Bridge: domain, Reason: "two\x1b[2J", At: at, Record: mapping.Record{Data: []byte("\x1b[2J")}},
	})
	return filepath.Join(g.set.Dir, "causeway.db")
}

func TestStoreQuarantine(t *testing.T) {
	t.Parallel()
	g := newGateway(t, settings{Server: "127.0.0.1:1", Centre: "127.0.0.1:1"})
	storeOf(t, g)
	words := []string{
		`2026-01-02T03:04:05Z  ` + domain + `  12/3  stanza from XMPP, 25 bytes: panic: one\n`,
		`2026-01-02T03:04:05Z  ` + domain + `  13/0  damaged cycle, 4 bytes: "two\\x1b\[2J"\n`,
	}
	g.outcome(0, words, "store", "quarantine")
	g.outcome(0, append(words, `\n<message>hidden</message>\n`, `\n"\\x1b\[2J"\n`), "store", "quarantine", "--show")
	g.outcome(0, []string{`quarantine +2`}, "store", "info")
	if _, out := g.command("store", "quarantine"); strings.Contains(out, "hidden") {
		t.Errorf("it shows texts:\n%s", out)
	}
}

// TestStoreQuarantineChanges: one record is shown, one put back, one dropped;
// not while the program runs, and not one that is not there.
func TestStoreQuarantineChanges(t *testing.T) {
	t.Parallel()
	r := newRig(t, "prosody", peer.Node)
	r.registered(t, "alice")
	g := r.gateway
	inUse := []string{"only while causeway is stopped", "is in use by process"}
	g.outcome(1, inUse, "store", "quarantine", "drop", "12/3")
	g.outcome(1, inUse, "store", "quarantine", "retry", "12/3")
	g.stop()
	text := "<message type='chat' from='alice@localhost/x' to='" + contact + "' id='again'><body>Once more</body></message>"
	quarantine(t, g, []mapping.Quarantined{
		{Key: mapping.Key{Cycle: 1 << 40, Index: 3}, Bridge: domain, Reason: "panic: one", At: time.Now(), Record: mapping.Record{Kind: mapping.FromXMPP, Data: []byte(text)}},
		{Key: mapping.Key{Cycle: 13}, Bridge: domain, Reason: "two", At: time.Now(), Record: mapping.Record{Data: []byte("?")}},
	})
	const key = "1099511627776/3"
	g.outcome(0, []string{`key +` + key, `from +alice@localhost/x`, `to +\` + contact, `reason +panic: one`, `

` + regexp.QuoteMeta(text) + `
`},
		"store", "quarantine", "show", key)
	g.outcome(2, []string{`"12" is no key`}, "store", "quarantine", "show", "12")
	for _, verb := range []string{"show", "drop", "retry"} {
		g.outcome(1, []string{"12/3: .*there is no such record in quarantine"}, "store", "quarantine", verb, "12/3")
	}
	g.outcome(1, []string{"13/0: .*damaged cycle"}, "store", "quarantine", "retry", "13/0")
	g.outcome(0, []string{"13/0 is deleted"}, "store", "quarantine", "drop", "13/0")
	g.outcome(0, []string{key + " is in the queue again"}, "store", "quarantine", "retry", key)
	g.outcome(0, []string{`quarantine +0`, `integrity +ok`}, "store", "info")
	g.start()
	if sent := r.centre.Next("submit"); sent.Text != "Once more" {
		t.Errorf("sent was %+v", sent)
	}
}

// quarantine puts records into the quarantine of a program that is stopped.
func quarantine(t *testing.T, g *gateway, all []mapping.Quarantined) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(g.set.Dir, "causeway.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Commit(t.Context(), &mapping.Batch{Quarantine: all}); err != nil {
		t.Fatal(err)
	}
}

// TestStoreFails: exit status 1 for a store that is not there or not whole, 2
// for wrong use.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	g := newGateway(t, settings{Server: "127.0.0.1:1", Centre: "127.0.0.1:1"})
	file := filepath.Join(g.set.Dir, "copy")
	for _, args := range [][]string{{"info"}, {"quarantine"}, {"quarantine", "drop", "1/0"}, {"quarantine", "retry", "1/0"}, {"backup", file}} {
		g.outcome(1, []string{"there is no store at " + g.set.Dir}, append([]string{"store"}, args...)...)
	}
	path := storeOf(t, g)
	g.outcome(2, nil, "store")
	g.outcome(2, nil, "store", "backup")
	g.outcome(2, nil, "store", "info", "--show")
	if err := os.WriteFile(path, []byte("no store"), 0o600); err != nil {
		t.Fatal(err)
	}
	g.outcome(1, []string{"not a database"}, "store", "info")
	g.configure(func(s *settings) { s.Extra = "htttp: {}\n" })
	g.outcome(2, []string{"htttp"}, "store", "info")
}

// TestStoreDamaged: the check of a store that is not whole fails.
func TestStoreDamaged(t *testing.T) {
	t.Parallel()
	g := newGateway(t, settings{Server: "127.0.0.1:1", Centre: "127.0.0.1:1"})
	f, err := os.OpenFile(storeOf(t, g), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(strings.Repeat("x", 4096)), 4096); err != nil {
		t.Fatal(err)
	}
	g.outcome(1, []string{`integrity +DAMAGED`, "the store is damaged, see above"}, "store", "info")
}
