// Package bare is the cheapest program between an XMPP server and a homeserver that
// does not lose texts: one commit of SQLite for each, the packages of the standard
// library for HTTP, and nothing else. It is the ceiling that benchmarks compare a
// gateway with; it knows one user and one room.
package bare

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"causeway/bridges/matrix/appservice"
	"causeway/cmd/loadgen/swap"
	"causeway/cmd/loadgen/wire"
)

// Config says what to be between.
type Config struct {
	Component    swap.Config
	Home         string // the homeserver's address, http://HOST:PORT
	Listen       string // where the homeserver pushes to, HOST:PORT
	Registration appservice.Registration
	Store        string // the database file
	User, Ghost  string // the JID, and the id of who stands for it
}

// bare has mu for conn and store.
type bare struct {
	Config
	client http.Client

	mu    sync.Mutex
	conn  net.Conn
	store *sqlite.Conn
	n     int
}

// Run carries texts until the server ends the stream, something fails or ctx ends.
func Run(ctx context.Context, c Config, ready func()) (err error) {
	b := &bare{Config: c}
	if b.store, err = open(c.Store); err != nil {
		return err
	}
	defer b.store.Close()
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	conn, in, err := swap.Dial(ctx, c.Component)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	b.conn = conn
	s := &http.Server{Handler: b}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	var work sync.WaitGroup
	work.Go(func() { _ = s.Serve(l) })
	defer work.Wait()
	defer s.Close()
	ready()
	for {
		raw, err := in.Next()
		if err != nil {
			return err
		}
		if err := b.stanza(raw); err != nil {
			return err
		}
	}
}

func open(file string) (*sqlite.Conn, error) {
	c, err := sqlite.OpenConn(file)
	if err != nil {
		return nil, err
	}
	for _, text := range []string{
		"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA wal_autocheckpoint = 4000",
		"CREATE TABLE texts (n INTEGER PRIMARY KEY, raw BLOB NOT NULL)",
	} {
		if err := sqlitex.ExecuteTransient(c, text, nil); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

// keep commits one text. The caller holds mu.
func (b *bare) keep(raw []byte) error {
	b.n++
	return sqlitex.Execute(b.store, "INSERT INTO texts VALUES (?, ?)", &sqlitex.ExecOptions{Args: []any{b.n, raw}})
}

// stanza sends a text to the homeserver, and says yes to all that asks something.
func (b *bare) stanza(raw []byte) error {
	h := wire.ParseHead(raw)
	b.mu.Lock()
	defer b.mu.Unlock()
	if string(h.Name) == "iq" && (string(h.Type) == "get" || string(h.Type) == "set") {
		_, err := fmt.Fprintf(b.conn, "<iq type='result' id='%s' from='%s' to='%s'/>", h.ID, b.Component.Domain, h.From)
		return err
	}
	body, ok := wire.Text(raw, "body")
	if string(h.Name) != "message" || !ok {
		return nil
	}
	if err := b.keep(raw); err != nil {
		return err
	}
	go b.send(fmt.Sprint("t", b.n), body)
	return nil
}

// send panics when the homeserver does not take a text: then there is no figure.
func (b *bare) send(txn, body string) {
	content, err := json.Marshal(map[string]string{"msgtype": "m.text", "body": body})
	if err != nil {
		panic(err)
	}
	address := b.Home + "/_matrix/client/v3/rooms/" + url.PathEscape("!bare:localhost") + "/send/m.room.message/" + txn + "?user_id=" + url.QueryEscape(b.Ghost)
	q, err := http.NewRequest(http.MethodPut, address, strings.NewReader(string(content)))
	if err != nil {
		panic(err)
	}
	q.Header.Set("Authorization", "Bearer "+string(b.Registration.ASToken))
	a, err := b.client.Do(q)
	if err != nil {
		panic(err)
	}
	defer a.Body.Close()
	var said struct {
		ID string `json:"event_id"`
	}
	raw, err := io.ReadAll(a.Body)
	if err == nil {
		err = json.Unmarshal(raw, &said)
	}
	if err != nil || said.ID == "" {
		panic(fmt.Sprint(a.Status, err))
	}
}

// ServeHTTP takes a transaction: what others say in it goes to the user.
func (b *bare) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var t struct {
		Events []struct {
			Type, Sender string
			Content      struct{ Body string }
		}
	}
	raw, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(raw, &t)
	}
	var out []byte
	for _, e := range t.Events {
		if e.Type == "m.room.message" && e.Sender != b.Ghost {
			out = fmt.Appendf(out, "<message from='%s@%s/bare' to='%s' type='chat'><body>%s</body></message>",
				strings.ReplaceAll(e.Sender[1:], ":", "\\3a"), b.Component.Domain, b.User, wire.Escape(e.Content.Body))
		}
	}
	if err == nil && out != nil {
		err = b.says(raw, out)
	}
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	_, _ = w.Write([]byte("{}"))
}

// says commits a transaction and writes its stanzas.
func (b *bare) says(raw, stanzas []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.keep(raw); err != nil {
		return err
	}
	_, err := b.conn.Write(stanzas)
	return err
}
