package peer

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

//go:embed nio.py
var nioScript []byte

// MatrixEvent is what a Matrix client saw. Fields that do not belong to it are
// empty.
type MatrixEvent struct {
	Event      string          `json:"event"` // ready, message, member, typing, receipt, presence, redaction, other, failed, ended
	Room       string          `json:"room"`
	Sender     string          `json:"sender"`
	ID         string          `json:"id"`   // of the event; with a receipt of the one that is read
	Type       string          `json:"type"` // m.room.message, ...; m.read of a receipt
	StateKey   *string         `json:"state_key"`
	Content    json.RawMessage `json:"content"`
	Body       string          `json:"body"`
	User       string          `json:"user"` // whose membership or receipt it is
	Membership string          `json:"membership"`
	IsDirect   bool            `json:"is_direct"`
	Users      []string        `json:"users"` // who is typing
	Redacts    string          `json:"redacts"`
	Text       string          `json:"text"` // of a failure
}

// MatrixAnswer is the answer to a command.
type MatrixAnswer struct {
	Room string `json:"room"`
	ID   string `json:"id"`  // of an event
	URL  string `json:"url"` // mxc
	// Error is what the server said, beginning with its code (M_FORBIDDEN).
	Error string `json:"error"`
}

func (e MatrixEvent) failure() (string, bool) { return e.Text, e.Event == "failed" }

// Nio is a matrix-nio client that is logged in.
type Nio struct {
	*Lines
	UserID string

	events chan MatrixEvent
	ended  chan struct{}

	mu    sync.Mutex
	calls int
	open  map[int]chan MatrixAnswer
}

// nioEvents bounds what a client has seen and nobody has asked for.
const nioEvents = 4096

// StartNio logs a user of CreateUser in. dir takes its script and log, manners
// are more arguments of nio.py. The caller owes Close.
func StartNio(ctx context.Context, dir string, s *Synapse, localpart string, manners ...string) (*Nio, error) {
	interpreter, err := environment()
	if err != nil {
		return nil, err
	}
	script := filepath.Join(dir, "client.py") // another name than that of the module that it imports
	if err := os.WriteFile(script, nioScript, 0o600); err != nil {
		return nil, err
	}
	l, err := StartLines(ctx, Spec{
		Name: "nio " + localpart, Path: interpreter, Args: append([]string{script, s.URL, localpart, Secret}, manners...),
		Log: filepath.Join(dir, "nio-"+localpart+".log"),
	})
	if err != nil {
		return nil, err
	}
	c := &Nio{Lines: l, events: make(chan MatrixEvent, nioEvents), ended: make(chan struct{}), open: map[int]chan MatrixAnswer{}}
	go c.decode()
	e, err := c.Wait(ctx, func(e MatrixEvent) bool { return e.Event == "ready" }, nil)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("log-in of %s: %w", localpart, err), c.Close())
	}
	c.UserID = e.User
	return c, nil
}

func (c *Nio) decode() {
	defer close(c.ended)
	defer close(c.events)
	for line := range c.Said() {
		var e struct {
			MatrixEvent
			Call int `json:"call"`
		}
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		if e.Event == "answer" {
			c.answer(e.Call, line)
			continue
		}
		select {
		case c.events <- e.MatrixEvent:
		case <-c.gone:
			return
		}
	}
}

func (c *Nio) answer(call int, line []byte) {
	var a MatrixAnswer
	if err := json.Unmarshal(line, &a); err != nil {
		a.Error = err.Error()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if ch, ok := c.open[call]; ok {
		ch <- a
		delete(c.open, call)
	}
}

// Close ends the client.
func (c *Nio) Close() error {
	err := c.Stop()
	<-c.ended
	return err
}

// Do has the client do something and blocks until the server has answered;
// nio.py says what it can do. While the server is down it waits for it. An
// answer that is an error is an error.
func (c *Nio) Do(ctx context.Context, command map[string]any) (MatrixAnswer, error) {
	ch := make(chan MatrixAnswer, 1)
	c.mu.Lock()
	c.calls++
	call := c.calls
	c.open[call] = ch
	c.mu.Unlock()
	told := map[string]any{"call": call}
	for k, v := range command {
		told[k] = v
	}
	if err := c.Tell(told); err != nil {
		return MatrixAnswer{}, err
	}
	select {
	case a := <-ch:
		if a.Error != "" {
			return a, fmt.Errorf("%s: %s", command["do"], a.Error)
		}
		return a, nil
	case <-c.ended:
		return MatrixAnswer{}, fmt.Errorf("%s: the client has ended\n%s", command["do"], c.Tail())
	case <-ctx.Done():
		return MatrixAnswer{}, fmt.Errorf("%s: %w\n%s", command["do"], ctx.Err(), c.Tail())
	}
}

// Wait returns the next event that fits, at the latest when ctx ends. Those
// before it are given to skip, unless that is nil.
func (c *Nio) Wait(ctx context.Context, fits func(MatrixEvent) bool, skip func(MatrixEvent)) (MatrixEvent, error) {
	return await(ctx, c.Lines, c.events, fits, skip)
}
