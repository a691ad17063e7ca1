// Package phone is the handset of the demo: one phone on an SMS centre of its
// own, with a web page and an HTTP API. It is an aid to look at and test the
// gateway with, and no part of it.
package phone

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"causeway/cmd/handset/smsc"
)

// maxMessages is how many are remembered.
const maxMessages = 300

// Config says who the phone is.
type Config struct {
	SMPP     string // the address to listen on
	Password string // that the gateway must give; empty: any
	Number   string // of the phone
	Peer     string // whom it writes to before anybody has written to it; may be empty
	Log      *slog.Logger
}

// Kind says which way a message went.
type Kind string

// The kinds.
const (
	Received Kind = "received" // to this phone
	Sent     Kind = "sent"     // by this phone
	Lost     Kind = "lost"     // to a number that no phone has
)

// Stage says how far a message is.
type Stage string

// The stages. A received message goes from Waiting to Confirmed, one that asks
// for no report is Unasked; a sent one goes from Sending to Accepted or Failed.
const (
	Waiting   Stage = "waiting"
	Confirmed Stage = "confirmed"
	Unasked   Stage = "unasked"
	Sending   Stage = "sending"
	Accepted  Stage = "accepted"
	Failed    Stage = "failed"
)

// Message is a text as the phone shows it.
type Message struct {
	ID    int       `json:"id"`
	Kind  Kind      `json:"kind"`
	From  string    `json:"from"`
	To    string    `json:"to"`
	Text  string    `json:"text"`
	Parts int       `json:"parts"`
	At    time.Time `json:"at"`
	Stage Stage     `json:"stage"`
	// Report is the state that was reported, once Confirmed.
	Report smsc.State `json:"report,omitempty"`
	Note   string     `json:"note,omitempty"` // what went wrong

	source smsc.Text
}

// State is all that a page shows.
type State struct {
	Number   string    `json:"number"`
	Peer     string    `json:"peer"`
	Bound    bool      `json:"bound"`   // the gateway is connected
	Confirm  bool      `json:"confirm"` // pages confirm what they show
	Messages []Message `json:"messages"`
}

// Phone is a running handset and its SMS centre.
type Phone struct {
	config Config
	centre *smsc.Centre

	mu       sync.Mutex
	messages []*Message
	lastID   int
	confirm  bool
	watchers map[*watcher]bool
}

// New starts the SMS centre of a phone. The caller owes Close.
func New(c Config) (*Phone, error) {
	p := &Phone{config: c, confirm: true, watchers: map[*watcher]bool{}}
	p.mu.Lock() // no text before the centre is known
	defer p.mu.Unlock()
	var err error
	p.centre, err = smsc.Listen(c.SMPP, smsc.Config{Password: c.Password, Text: p.receive, Changed: p.changed, Log: c.Log})
	return p, err
}

// Address returns where the SMS centre listens.
func (p *Phone) Address() string { return p.centre.Address() }

// Close stops the SMS centre and ends all watchers.
func (p *Phone) Close() error {
	err := p.centre.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.watchers {
		p.drop(w)
	}
	return err
}

// State returns what there is now.
func (p *Phone) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state()
}

func (p *Phone) state() State {
	s := State{Number: p.config.Number, Peer: p.config.Peer, Bound: p.centre.Bound(), Confirm: p.confirm, Messages: []Message{}}
	for _, m := range p.messages {
		s.Messages = append(s.Messages, *m)
	}
	return s
}

// changed shows that the gateway has come or gone.
func (p *Phone) changed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tell("state", p.state())
}

// SetConfirm says whether pages confirm the delivery of what they show.
func (p *Phone) SetConfirm(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.confirm = on
	p.tell("state", p.state())
}

// receive takes a text from the gateway. No phone has another number than ours.
func (p *Phone) receive(t smsc.Text) {
	p.mu.Lock()
	m := &Message{Kind: Received, From: t.From, To: t.To, Text: t.Body, Parts: t.Parts, Stage: Waiting, source: t}
	if len(t.IDs) == 0 {
		m.Stage = Unasked
	}
	if t.To != p.config.Number {
		m.Kind, m.Note = Lost, "no phone has the number "+t.To
	}
	p.add(m)
	p.mu.Unlock()
	if m.Kind == Lost {
		if _, err := p.Report(m.ID, smsc.Undeliverable); err != nil {
			p.config.Log.Warn("cannot report", "err", err)
		}
	}
}

// add remembers a message and shows it. mu is held.
func (p *Phone) add(m *Message) {
	p.lastID++
	m.ID, m.At = p.lastID, time.Now()
	p.messages = append(p.messages, m)
	if n := len(p.messages); n > maxMessages {
		p.messages = slices.Clone(p.messages[n-maxMessages:])
	}
	p.tell("message", *m)
}

func (p *Phone) find(id int) (*Message, bool) {
	i := slices.IndexFunc(p.messages, func(m *Message) bool { return m.ID == id })
	if i < 0 {
		return nil, false
	}
	return p.messages[i], true
}

// Report sends the delivery report of a received message: the phone has it, or
// never will. A second one changes nothing.
func (p *Phone) Report(id int, s smsc.State) (Message, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, ok := p.find(id)
	switch {
	case !ok || m.Kind == Sent:
		return Message{}, fmt.Errorf("there is no received message %d", id)
	case !s.Known():
		return Message{}, fmt.Errorf("%q is no state of a delivery report", s)
	case m.Stage != Waiting:
		return *m, nil
	}
	if err := p.centre.Report(m.source, s, func(error) {}); err != nil {
		return *m, err
	}
	m.Stage, m.Report = Confirmed, s
	p.tell("message", *m)
	return *m, nil
}

// Send sends a text from the phone.
func (p *Phone) Send(to, text string) (Message, error) {
	if to == "" || text == "" {
		return Message{}, fmt.Errorf("a number and a text are needed")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	m := &Message{Kind: Sent, From: p.config.Number, To: to, Text: text, Parts: 1, Stage: Sending}
	p.add(m)
	if err := p.centre.Send(m.From, to, text, func(err error) { p.accepted(m, err) }); err != nil {
		m.Stage, m.Note = Failed, err.Error()
		p.tell("message", *m)
		return *m, err
	}
	return *m, nil
}

func (p *Phone) accepted(m *Message, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m.Stage = Accepted
	if err != nil {
		m.Stage, m.Note = Failed, err.Error()
	}
	p.tell("message", *m)
}
