package main_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"causeway/cmd/lab/peer"
)

// otherNotes makes a program that reads none of the notes of this one.
const otherNotes = "-X causeway/cmd/causeway/app.noteFormats=link/other"

func TestUpgradeToOtherNotesBesideProsody(t *testing.T) { t.Parallel(); otherNotesRead(t, "prosody") }

func TestUpgradeToOtherNotesBesideEjabberd(t *testing.T) { t.Parallel(); otherNotesRead(t, "ejabberd") }

// otherNotesRead upgrades under load to a program that does not read the notes
// of this one. The connections are closed in order and made anew, so texts that
// come in between are refused by the XMPP server, and nothing else happens. What
// ejabberd routes as a stream ends it neither writes nor refuses: its process for
// the stream ends with what is still in its queue.
func otherNotesRead(t *testing.T, server string) {
	lossy := server == "ejabberd"
	k := newTraffic(t, setup{server: server, stuck: outOfReach, orders: true, whole: !lossy, link: true, rate: killRate, program: installed(t, program)})
	k.beginStuck()
	k.await(k.flow())
	k.upgrade(built(t, "notes", "-ldflags", otherNotes))
	k.await(k.flow())
	k.finish()
	k.verdict(allowed{refused: true, lost: lossy})
	if n := k.connections(); n != 2 {
		t.Errorf("the XMPP server has seen %d component connections", n)
	}
}

// A worker that dies at once is started ten times; then the keeper says why it
// ends.
func TestWorkerThatDiesAtOnce(t *testing.T) {
	t.Parallel()
	g := newGateway(t, settings{Program: built(t, "broken", "-tags", "broken")})
	g.launch(func() error { return nil })
	late := time.After(patience)
	select {
	case <-g.Done():
	case <-late:
		t.Fatalf("the keeper goes on:\n%s", peer.Tail(g.log))
	}
	if code := g.ExitCode(); code != 1 {
		t.Errorf("exit status %d", code)
	}
	log, err := os.ReadFile(g.log)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(log), "the worker has ended"); n != 10 {
		t.Errorf("%d workers have ended", n)
	}
	if !strings.Contains(string(log), `reason="signal: killed"`) {
		t.Errorf("the log does not say why:\n%s", log)
	}
}
