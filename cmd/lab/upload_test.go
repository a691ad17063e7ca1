package lab_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/component/media"
	"causeway/component/stanza"
	"causeway/component/xep/upload"
)

// TestUpload: a component gets a slot of a real server, puts a file there and
// fetches it again (xeps.md 0363.1–4).
func TestUpload(t *testing.T) {
	for name, start := range lab.Servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, peer.Options{})
			c := join(t, server, "sms.localhost")
			about := c.ask(`<query xmlns='http://jabber.org/protocol/disco#info'/>`)
			query, _ := about.Child("http://jabber.org/protocol/disco#info", "query")
			if n := upload.MaxSize(query); n != 16<<20 {
				t.Errorf("0363.1: at most %d bytes", n)
			}
			refusal := upload.FindRefusal(c.slot(upload.Request{Name: "a.jpg", Size: 1 << 30, Type: "image/jpeg"}).Root())
			if want := (upload.Refusal{TooLarge: true, Max: 16 << 20}); refusal != want {
				t.Errorf("0363.4: %+v", refusal)
			}
			s := movers(t, server)
			for _, size := range []int{5_000_000, 1, 0} {
				c.carry(s, size)
			}
		})
	}
}

// movers returns what moves files to a server and from it.
func movers(t *testing.T, server *lab.Server) *media.Service {
	place, err := media.ParsePlace(server.HTTP)
	if err != nil {
		t.Fatal(err)
	}
	s, err := media.New(media.Config{MaxSize: 16 << 20, Private: []media.Place{place}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// carry puts a file of a size to the server, and gets it again.
func (w *wire) carry(s *media.Service, size int) {
	w.t.Helper()
	answer := w.slot(upload.Request{Name: "ü b.jpg", Size: int64(size), Type: "image/jpeg"})
	slot, ok := upload.Find(answer.Root())
	if !ok && size == 0 {
		return // a server may want no empty files
	}
	file := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(file) // never an error
	to := media.Slot{URL: slot.Put, Header: slot.Header}
	if err := s.Put(w.t.Context(), to, bytes.NewReader(file), int64(size), "image/jpeg"); err != nil {
		w.t.Fatalf("%d bytes to %q: %v", size, answer.Raw(), err)
	}
	got, err := s.Fetch(w.t.Context(), bridges.AccountID("a@localhost"), slot.Get)
	if err != nil {
		w.t.Fatalf("%d bytes: %v", size, err)
	}
	defer got.Close()
	if same, err := io.ReadAll(got); err != nil || !bytes.Equal(same, file) || got.Type != "image/jpeg" || !strings.HasSuffix(got.Name, ".jpg") {
		w.t.Errorf("of %d bytes came %d, %v, as %+v", size, len(same), err, got)
	}
}

// slot asks for one.
func (w *wire) slot(r upload.Request) *stanza.Stanza {
	var b stanza.Writer
	r.Append(&b)
	return w.ask(string(b.Bytes()))
}

// ask sends a question to the upload service and returns the answer.
func (w *wire) ask(payload string) *stanza.Stanza {
	w.t.Helper()
	w.say("<iq type='get' id='u1' from='sms.localhost' to='upload.localhost'>" + payload + "</iq>")
	answer := w.until("<iq [^>]*upload.localhost[^>]*>.*</iq>")
	s, err := stanza.Parse([]byte(answer[strings.Index(answer, "<iq "):]))
	if err != nil {
		w.t.Fatalf("%v in %s", err, answer)
	}
	return s
}
