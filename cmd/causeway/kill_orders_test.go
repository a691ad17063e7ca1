package main_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"causeway/cmd/lab/peer"
	"causeway/cmd/loadgen/client"
	"causeway/cmd/loadgen/wire"
)

// order is one IQ set, which has an id, or a subscription to a contact, that a
// user sends.
type order struct{ id, contact, stanza string }

func iq(id, payload string) order {
	return order{id, "", fmt.Sprintf("<iq type='set' to='%s' id='%s'>%s</iq>", domain, id, payload)}
}

// registering registers and leaves in turn.
func registering(n int) order {
	if n%2 == 0 {
		return iq(fmt.Sprint("join-", n), "<query xmlns='jabber:iq:register'/>")
	}
	return iq(fmt.Sprint("leave-", n), "<query xmlns='jabber:iq:register'><remove/></query>")
}

// subscribing registers, and then subscribes and asks for a command in turn.
func subscribing(n int) order {
	switch {
	case n < 10:
		return iq(fmt.Sprint("enter-", n), "<query xmlns='jabber:iq:register'/>")
	case n%2 == 0:
		contact := fmt.Sprintf("+1202555%04d", 100+n/2%conversations)
		return order{"", contact, fmt.Sprintf("<presence type='subscribe' to='%s@%s'/>", contact, domain)}
	}
	return iq(fmt.Sprint("status-", n), "<command xmlns='http://jabber.org/protocol/commands' node='status' action='execute'/>")
}

// orders is a user that gives them, and what came back.
type orders struct {
	plan  func(n int) order
	every time.Duration
	cl    *client.Client
	read  sync.WaitGroup

	mu       sync.Mutex
	sent     []string
	contacts map[string]bool           // to whom it has asked to subscribe
	got      map[string]map[string]int // answers by id, as they came
	welcomes map[string]bool           // stanza ids
	pong     chan struct{}             // a ping is answered; holds one
}

func newOrders(t *testing.T, name, address string, every time.Duration, plan func(n int) order) *orders {
	t.Helper()
	cl, err := client.Dial(within(t), client.Config{
		Address: address, Domain: peer.Domain, User: name, Password: peer.Secret, Resource: "orders",
	})
	if err != nil {
		t.Fatal(err)
	}
	o := &orders{plan: plan, every: every, cl: cl, contacts: map[string]bool{}, got: map[string]map[string]int{}, welcomes: map[string]bool{}, pong: make(chan struct{}, 1)}
	if err := cl.Send("<presence/>"); err != nil {
		t.Fatal(err)
	}
	o.read.Go(o.listen)
	t.Cleanup(func() {
		cl.Close()
		o.read.Wait()
	})
	return o
}

// give sends order after order until stop is closed.
func (o *orders) give(stop <-chan struct{}) {
	beat := time.NewTicker(o.every)
	defer beat.Stop()
	for n := 0; ; n++ {
		next := o.plan(n)
		o.note(next)
		if o.cl.Send("%s", next.stanza) != nil {
			return
		}
		select {
		case <-stop:
			return
		case <-beat.C:
		}
	}
}

func (o *orders) note(next order) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if next.id != "" {
		o.sent = append(o.sent, next.id)
	} else {
		o.contacts[next.contact] = true
	}
}

func (o *orders) listen() {
	for {
		raw, h, err := o.cl.Read()
		if err != nil {
			return
		}
		o.seen(raw, h)
		o.cl.Courtesy(raw, h)
	}
}

func (o *orders) seen(raw []byte, h wire.Head) {
	o.mu.Lock()
	defer o.mu.Unlock()
	id, kind := string(h.ID), string(h.Type)
	switch {
	case string(h.Name) == "iq" && id == lastPing:
		o.pong <- struct{}{}
	case string(h.Name) == "iq" && (kind == "result" || kind == "error"):
		if o.got[id] == nil {
			o.got[id] = map[string]int{}
		}
		o.got[id][string(raw)]++
	case string(h.Name) == "message" && string(h.From) == domain:
		if body, _ := wire.Text(raw, "body"); e164.MatchString(body) {
			o.welcomes[id] = true
		}
	}
}

// ping waits for the answer to a ping.
func (o *orders) ping(ctx context.Context, to string) error {
	if err := o.cl.Send("<iq type='get' id='%s' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>", lastPing, to); err != nil {
		return err
	}
	select {
	case <-o.pong:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s does not answer the ping: %w", to, ctx.Err())
	}
}

const lastPing = "ping"

func (o *orders) ids() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sent[:len(o.sent):len(o.sent)]
}

// answers counts the different answers to an id.
func (o *orders) answers(id string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.got[id])
}

// repeated tells whether an answer came twice.
func (o *orders) repeated(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, times := range o.got[id] {
		n += times
	}
	return n > 1
}

// results counts the orders of a kind that were carried out.
func (o *orders) results(kind string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for id, answers := range o.got {
		for raw := range answers {
			if strings.HasPrefix(id, kind) && string(wire.ParseHead([]byte(raw)).Type) == "result" {
				n++
			}
		}
	}
	return n
}
