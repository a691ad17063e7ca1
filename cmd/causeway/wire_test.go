package main_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"causeway/cmd/lab/peer"
	"causeway/cmd/lab/proxy"
	"causeway/cmd/loadgen/load"
	"causeway/cmd/loadgen/wire"
)

// witness has seen what went between gateway and XMPP server, and which pings
// were answered: a stream is processed in order, so an answer says that the
// other side has what was written before.
type witness struct {
	mu       sync.Mutex
	streams  map[int]*stream
	acked    map[string]bool   // the server has it
	settled  map[string]bool   // and the gateway knows
	taken    map[string]bool   // texts of users that the gateway has, by id
	answers  map[string]string // what was said of a text, by its id
	texts    map[string]string // texts for users, by user, contact and number
	repeated []string          // what was sent again though it was settled
}

// stream is one connection.
type stream struct {
	bytes  [2]bytes.Buffer
	reader [2]*wire.Reader
	sent   []string // by the gateway
	came   []string // texts of users
	asked  map[string]int
	answered
	noted answered // at the last ping
}

// answered is how many of sent the server has answered for, and how many had come by then.
type answered struct{ acked, heard int }

func newWitness() *witness {
	return &witness{
		streams: map[int]*stream{}, acked: map[string]bool{}, settled: map[string]bool{}, taken: map[string]bool{},
		answers: map[string]string{}, texts: map[string]string{},
	}
}

// see is a proxy.Tap.
func (w *witness) see(conn int, way proxy.Way, b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.streams[conn]
	if s == nil {
		s = &stream{asked: map[string]int{}}
		for i := range s.reader {
			s.reader[i] = wire.NewReader(&s.bytes[i])
		}
		w.streams[conn] = s
	}
	s.bytes[way].Write(b)
	for {
		raw, err := s.reader[way].Next()
		if err != nil { // there is no more yet
			return
		}
		if h := wire.ParseHead(raw); way == proxy.Up {
			w.up(s, raw, h)
		} else {
			w.down(s, h)
		}
	}
}

// up is a stanza of the gateway.
func (w *witness) up(s *stream, raw []byte, h wire.Head) {
	key := string(h.Type) + " " + string(h.ID)
	switch {
	case string(h.Name) == "iq" && wire.Child(raw, "ping") != nil:
		w.processed(s)
		s.asked[string(h.ID)] = len(s.sent)
		return
	case string(h.Name) != "message":
		return
	case string(h.Type) == "error":
		w.answers[string(h.ID)] = key
	}
	if received := wire.Child(raw, "received"); received != nil {
		w.answers[string(wire.Attr(received, "id"))] = key
	}
	if body, ok := wire.Text(raw, "body"); ok {
		if n, ok := load.Number([]byte(body)); ok {
			w.texts[textKey(string(h.To), string(h.From), n)] = key
		}
	}
	if w.settled[key] {
		w.repeated = append(w.repeated, string(raw))
	}
	s.sent = append(s.sent, key)
}

// processed follows a ping: it goes when the answer to the last one is processed. But the
// first of a successor does not tell of the answers that the dead one had still to read:
// so of each that comes only those before it are known to be processed.
func (w *witness) processed(s *stream) {
	if s.acked == s.noted.acked && s.heard == s.noted.heard {
		return // to the other address
	}
	for _, key := range s.sent[:s.noted.acked] {
		w.settled[key] = true
	}
	for _, id := range s.came[:s.noted.heard] {
		w.taken[id] = true
	}
	s.noted = s.answered
}

// down is a stanza of the server. A ping of the gateway to its own domain comes back
// as it was, which answers it (component.barrier).
func (w *witness) down(s *stream, h wire.Head) {
	switch kind := string(h.Type); {
	case string(h.Name) == "message" && kind != "error":
		s.came = append(s.came, string(h.ID))
	case string(h.Name) == "iq":
		n, ok := s.asked[string(h.ID)]
		if !ok {
			return
		}
		for _, key := range s.sent[:n] {
			w.acked[key] = true
		}
		s.acked, s.heard = max(s.acked, n), len(s.came)
	}
}

// A server that dies between giving a ping back and answering another has taken what
// was written before them.
func TestWitnessOfAPing(t *testing.T) {
	const text = `<message type='chat' id='m' from='+12025550100@sms.localhost/gateway' to='ann@localhost'><body>#7</body></message>`
	const ping = `<iq type='%s' id='%s' from='sms.localhost' to='%s'>%s</iq>`
	for name, back := range map[string]string{
		"it comes back": fmt.Sprintf(ping, "get", "own", domain, "<ping xmlns='urn:xmpp:ping'/>"),
		"a result":      fmt.Sprintf(ping, "result", "parent", domain, ""),
		"another":       "",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWitness()
			w.see(1, proxy.Up, fmt.Appendf(nil, text+ping+ping,
				"get", "own", domain, "<ping xmlns='urn:xmpp:ping'/>", "get", "parent", peer.Domain, "<ping xmlns='urn:xmpp:ping'/>"))
			w.see(1, proxy.Down, []byte(back))
			if w.handed("ann@localhost", "+12025550100@sms.localhost", 7) != (back != "") {
				t.Errorf("the server has the text: %v", back == "")
			}
		})
	}
}

func textKey(to, from string, number uint64) string {
	to, _, _ = strings.Cut(to, "/")
	from, _, _ = strings.Cut(from, "/")
	return fmt.Sprint(to, " ", from, " ", number)
}

// came returns the texts of users that a connection has brought, by id.
func (w *witness) came(conn int) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.streams[conn].came)
}

// took tells whether the gateway has a user's text.
func (w *witness) took(id string) bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.taken[id]
}

// told tells whether the server has had an answer to a user's text.
func (w *witness) told(id string) bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	key, ok := w.answers[id]
	return ok && w.acked[key]
}

// handed tells whether the server has had a text for a user.
func (w *witness) handed(user, contact string, number uint64) bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	key, ok := w.texts[textKey(user, contact, number)]
	return ok && w.acked[key]
}
