package lab_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

func TestServers(t *testing.T) {
	for name, start := range lab.Servers {
		for setup, bare := range map[string]bool{"full": false, "bare": true} {
			t.Run(name+" "+setup, func(t *testing.T) {
				t.Parallel()
				s := start(t, peer.Options{Bare: bare})
				talk(t, s, "before")
				s.Kill()
				s.Restart()
				talk(t, s, "after a kill")
			})
		}
	}
}

// talk has two users exchange one message.
func talk(t *testing.T, s *lab.Server, text string) {
	alice, bob := lab.Slixmpp(t, s, "alice"), lab.Slixmpp(t, s, "bob")
	alice.Send("bob@localhost", "1", text)
	bob.Wait("the message", func(e peer.Event) bool {
		return e.Event == "message" && e.Body == text && strings.HasPrefix(e.From, "alice@localhost")
	})
}

func TestContactsAreThere(t *testing.T) {
	s := lab.Prosody(t, peer.Options{Users: []string{"alice"}, Contacts: map[string]string{"sms.localhost": "Texts"}})
	alice := lab.Slixmpp(t, s, "alice")
	if want := []string{"sms.localhost"}; !slices.Equal(alice.Roster, want) {
		t.Errorf("the roster is %v, want %v", alice.Roster, want)
	}
}

func TestMissingProgramNamesTheLine(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := peer.Prosody(t.Context(), peer.Options{Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "apt-get install -y --no-install-recommends prosody") {
		t.Errorf("got %v", err)
	}
}

func TestEarlyEndShowsTheLog(t *testing.T) {
	ports, err := peer.Ports(1)
	if err != nil {
		t.Fatal(err)
	}
	p, err := peer.Start(t.Context(), peer.Spec{
		Path: "sh", Args: []string{"-c", "echo no luck; exit 3"}, Log: t.TempDir() + "/log",
		Ready: peer.Accepting(peer.Local(ports[0])),
	})
	if err == nil {
		p.Kill()
		t.Fatal("a program that has ended counts as ready")
	}
	if !errors.Is(err, peer.ErrExited) || !strings.Contains(err.Error(), "no luck") {
		t.Errorf("the error does not show the log: %v", err)
	}
}
