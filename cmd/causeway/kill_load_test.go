package main_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"causeway/cmd/lab/peer"
	"causeway/cmd/loadgen/centre"
	"causeway/cmd/loadgen/client"
	"causeway/cmd/loadgen/ledger"
	"causeway/cmd/loadgen/load"
	"causeway/cmd/loadgen/wire"
)

// sender is a user under load and what became of its texts.
type sender struct {
	name, number string
	config       load.Config
	moved        int // texts that the centre has begun to send to it
	report       *load.Report
	err          error

	mu      sync.Mutex
	sent    []string
	answer  map[string]*answers
	came    map[string]string   // stanza id, by contact and number
	order   map[string][]uint64 // numbers by contact, as they came
	late    []string            // what was out of order, with what was before
	changed []string            // what came again with another id
	logins  int                 // presence of its own that came back
}

// answers are what came back for one id.
type answers struct {
	receipts map[string]int // by their own stanza ids
	errors   []string       // condition and text
}

const stuckTexts = 30

func newSender(name, number, address string, stuck bool) *sender {
	s := &sender{name: name, number: number, answer: map[string]*answers{}, came: map[string]string{}, order: map[string][]uint64{}}
	s.config = load.Config{
		Client: client.Config{Address: address, Domain: peer.Domain, User: name, Password: peer.Secret, Resource: "load"},
		Run:    name, Window: 64, Rate: 150, Size: 60, LongEvery: 9, LongSize: 400,
		Patience: 500 * time.Millisecond, Reconnect: true,
		Seen: s.seen, Inbound: s.inbound, Sent: func(n int) { s.note(fmt.Sprintf("%s-%d", name, n)) },
	}
	for _, n := range centre.Numbers("1202555%04d", 100, conversations) {
		s.config.Contacts = append(s.config.Contacts, "+"+n+"@"+domain)
	}
	if stuck {
		s.config.Stuck, s.config.StuckCount = []string{"+" + stuckPhone + "@" + domain}, stuckTexts
		s.config.SentStuck = func(n int) { s.note(fmt.Sprintf("%s-s%d", name, n)) }
	}
	return s
}

func (s *sender) load(ctx context.Context, stop, done <-chan struct{}) {
	s.config.Stop, s.config.Done = stop, done
	s.report, s.err = load.Run(ctx, s.config)
}

func (s *sender) note(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, id)
}

func (s *sender) seen(raw []byte, h wire.Head) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch string(h.Name) {
	case "presence":
		if string(h.From) == s.name+"@"+peer.Domain+"/"+s.config.Client.Resource {
			s.logins++
		}
		return
	case "message":
	default:
		return
	}
	if string(h.Type) == "error" {
		a := s.at(string(h.ID))
		text, _ := wire.Text(raw, "text")
		a.errors = append(a.errors, string(h.From)+": "+text)
		return
	}
	if received := wire.Child(raw, "received"); received != nil {
		s.at(string(wire.Attr(received, "id"))).receipts[string(h.ID)]++
	}
}

// repeated tells whether anything was said twice.
func (a *answers) repeated() bool {
	n := len(a.errors)
	for _, times := range a.receipts {
		n += times
	}
	return n > 1
}

// at returns the answers to an id. The caller holds the lock.
func (s *sender) at(id string) *answers {
	a := s.answer[id]
	if a == nil {
		a = &answers{receipts: map[string]int{}}
		s.answer[id] = a
	}
	return a
}

func (s *sender) inbound(from, id string, number uint64, v ledger.Verdict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order[from] = append(s.order[from], number)
	if v == ledger.Late {
		o := s.order[from]
		s.late = append(s.late, fmt.Sprint(time.Now().Format("05.000"), " ", from, " ", id, " ", o[max(0, len(o)-12):]))
	}
	key := from + "#" + strconv.FormatUint(number, 10)
	if before, ok := s.came[key]; ok && before != id {
		s.changed = append(s.changed, key)
	}
	s.came[key] = id
}

func (s *sender) cameCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.came)
}

// has tells whether a text of a contact has come.
func (s *sender) has(contact string, number uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.came[contact+"#"+strconv.FormatUint(number, 10)]
	return ok
}

func (s *sender) ids() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent[:len(s.sent):len(s.sent)]
}

func (s *sender) answered(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answer[id] != nil
}

// answeredCount counts the texts that have an answer.
func (s *sender) answeredCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.answer)
}

// place returns conversation and number under which the centre books a text.
func (s *sender) place(id string) (conversation string, number uint64) {
	text := strings.TrimPrefix(id, s.name+"-")
	if stuck, ok := strings.CutPrefix(text, "s"); ok {
		n, _ := strconv.ParseUint(stuck, 10, 64)
		return s.number + ">" + stuckPhone, n
	}
	n, _ := strconv.Atoi(text)
	contact, _, _ := strings.Cut(s.config.Contacts[n%conversations], "@")
	return s.number + ">" + contact[1:], uint64(n / conversations)
}

// arrived tells whether the centre has a text or a part of it.
func (k *traffic) arrived(s *sender, id string) bool {
	conversation, number := s.place(id)
	return k.centre.Texts.Has(conversation, number)
}
