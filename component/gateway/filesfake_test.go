package gateway

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component/media"
	"causeway/component/xep/oob"
	"causeway/component/xep/sfs"
)

// fakeMedia moves no files anywhere: what is put is kept, and what is fetched is
// what a test has put there.
type fakeMedia struct {
	*media.Service // spools

	mu      sync.Mutex
	put     map[string]string // what came to an address
	web     map[string]func() *bridges.Content
	fails   []error // of the next calls
	linked  bool    // it has links
	sources []media.Source
	log     strings.Builder
}

func newFakeMedia(t *testing.T) *fakeMedia {
	t.Helper()
	s, err := media.New(media.Config{MaxSize: 1 << 20, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &fakeMedia{Service: s, put: map[string]string{}, web: map[string]func() *bridges.Content{}}
}

// failure takes the next error.
func (m *fakeMedia) failure() (err error) {
	if len(m.fails) > 0 {
		err, m.fails = m.fails[0], m.fails[1:]
	}
	return err
}

// Write takes what the operator is told.
func (m *fakeMedia) Write(line []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.log.Write(line)
}

// told returns all of it.
func (m *fakeMedia) told() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.log.String()
}

// Put implements Media.
func (m *fakeMedia) Put(_ context.Context, slot media.Slot, from io.Reader, size int64, typ string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failure(); err != nil {
		return err
	}
	data, err := io.ReadAll(from)
	if err == nil && int64(len(data)) != size {
		err = io.ErrUnexpectedEOF
	}
	m.put[slot.URL] = typ + " " + slot.Header.Get("Authorization") + " " + string(data)
	return err
}

// Fetch implements Media.
func (m *fakeMedia) Fetch(_ context.Context, _ bridges.AccountID, link string) (*bridges.Content, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failure(); err != nil {
		return nil, err
	}
	if m.web[link] == nil {
		return nil, &bridges.Error{Kind: bridges.NotFound, Text: "There is no such file."}
	}
	return m.web[link](), nil
}

// serves gives the web a file of five bytes, of which some come.
func (m *fakeMedia) serves(link, data string, size int64) {
	m.web[link] = func() *bridges.Content {
		c := bridgetest.ContentOf("b.png", "image/png", []byte(data))
		c.Size = size
		return c
	}
}

// Link implements Media.
func (m *fakeMedia) Link(domain string, _ bridges.AccountID, f bridges.File, _ time.Time) (string, bool) {
	return "https://own.example/" + domain + "/" + f.ID + "/" + f.Name, m.linked
}

// Register implements Media.
func (m *fakeMedia) Register(_ string, from media.Source) { m.sources = append(m.sources, from) }

// withFiles is the info of a network that carries files.
func withFiles() bridges.Info {
	info := bridgetest.Rich()
	info.Can |= bridges.CanFiles
	info.Can &^= bridges.CanReceipts
	return info
}

// inFiles runs f with a gateway of such a network, whose server takes files.
func inFiles(t *testing.T, f func(r *timeless, m *fakeMedia)) {
	t.Helper()
	m := newFakeMedia(t)
	synctest.Test(t, func(t *testing.T) {
		s := newMemStore()
		registered(s, alice, number)
		r := startTimeless(t, s, withFiles(), func(c *Config) {
			c.Media, c.Log = m, slog.New(slog.NewTextHandler(m, &slog.HandlerOptions{Level: slog.LevelWarn}))
		})
		r.serves("<field var='max-file-size'><value>1000</value></field>")
		defer func() { r.end() }()
		f(r, m)
	})
}

const slotPayload = `<slot xmlns='urn:xmpp:http:upload:0'><put url='https://put.example/1'><header name='Authorization'>x</header></put><get url='https://get.example/1/a.png'/></slot>`

// serves gives the server an upload service.
func (r *timeless) serves(fields string) {
	r.answer("http://jabber.org/protocol/disco#items", `<query xmlns='http://jabber.org/protocol/disco#items'><item jid='upload.example.org'/></query>`)
	r.answer("http://jabber.org/protocol/disco#info", `<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:http:upload:0'/>`+
		`<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE'><value>urn:xmpp:http:upload:0</value></field>`+fields+`</x></query>`)
	r.answer("urn:xmpp:http:upload:0", slotPayload)
}

// fiveBytes are of what nobody can see what it is.
const fiveBytes = "\x012345"

// aPicture is a message with a file.
func aPicture(id, text string) bridges.Message {
	return bridges.Message{ID: bridges.MessageID(id), Chat: phone, From: phone, Text: text, File: &bridges.File{
		ID: "f1", Name: "a.png", Type: "image/png", Size: 5, Width: 3, Height: 4,
	}}
}

// gives has the network give the bytes of its files.
func (r *timeless) gives(data string, size int64) {
	r.bridge.OnOpen(func(context.Context, bridges.File) (*bridges.Content, error) {
		return &bridges.Content{ReadCloser: io.NopCloser(strings.NewReader(data)), Size: size, Type: "image/png"}, nil
	})
}

// delivers hands events of the network to the gateway.
func (r *timeless) delivers(events ...bridges.Event) {
	r.t.Helper()
	if err := r.bridge.Host().Deliver(context.Background(), toAlice(events...)); err != nil {
		r.t.Fatal(err)
	}
	synctest.Wait()
}

// showed returns what alice was shown: texts, and files by their address.
func (r *timeless) showed() (all []string) {
	r.t.Helper()
	for _, xml := range r.drain() {
		if !strings.HasPrefix(xml, "<message") {
			continue
		}
		s := mustParse(r.t, xml)
		body, _ := s.Body()
		links := oob.Find(s)
		files := sfs.Find(s)
		what := body
		if len(links) > 0 || len(files) > 0 {
			if len(files) != 1 || len(links) != 1 || links[0].URL != body || files[0].URL != body {
				r.t.Errorf("0066.1, 0447.2: %s", xml)
			}
			what = "file " + body
		}
		for _, about := range []struct{ space, name string }{{"urn:xmpp:message-correct:0", "replace"}, {"urn:xmpp:message-retract:1", "retract"}, {"urn:xmpp:reply:0", "reply"}} {
			if e, ok := s.Child(about.space, about.name); ok {
				what = about.name + " " + e.Attr("id") + ": " + what
			}
		}
		all = append(all, what)
	}
	return all
}

// stanzaOf is the id of the stanza that a message of the network became.
func (r *timeless) stanzaOf(id bridges.MessageID) string {
	r.t.Helper()
	m, ok, err := r.store.MessageByID(context.Background(), domain, id)
	if err != nil || !ok {
		r.t.Fatalf("%s is not known: %v", strconv.Quote(string(id)), err)
	}
	return m.Stanza
}

var errTemporary = &bridges.Error{Kind: bridges.Temporary, Text: "Not now.", Cause: errors.New("503")}

// atHand returns what is in a channel already.
func atHand[T any](t *testing.T, ch <-chan T) (x T) {
	t.Helper()
	synctest.Wait()
	select {
	case x = <-ch:
	default:
		t.Fatalf("no %T came", x)
	}
	return x
}
