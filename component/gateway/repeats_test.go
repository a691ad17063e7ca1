package gateway

import (
	"context"
	"strings"
	"testing"
	"time"

	"causeway/bridges/bridgetest"
	"causeway/mapping"
)

func TestRepeats(t *testing.T) {
	r, start := newRepeats(), time.Unix(1_700_000_000, 0)
	hash := func(n int) [16]byte { return repeatHash(alice, phone, string(rune(n)), "x") }
	for n := range 100 {
		r.add(hash(n), start.Add(time.Duration(n)*repeatTime/10))
	}
	now := start.Add(99 * repeatTime / 10)
	r.expire(now)
	for n := range 100 {
		age := time.Duration(99-n) * repeatTime / 10
		switch known := r.has(hash(n), now); {
		case age <= repeatTime && !known:
			t.Errorf("forgotten after %v", age)
		case age > repeatTime+repeatSpan && known:
			t.Errorf("known after %v", age)
		}
	}
	r.add(hash(99), now) // twice is once
	n := 0
	for _, s := range r.spans {
		n += len(s.hashes)
	}
	if n != r.hashes || n > 14 {
		t.Errorf("%d are counted, %d in memory", r.hashes, n)
	}
	r.expire(now.Add(repeatTime + repeatSpan + time.Second))
	if r.hashes != 0 || len(r.spans) != 0 {
		t.Errorf("%d are left", r.hashes)
	}
}

// slowBook is a store that takes long to tell what was sent.
type slowBook struct {
	*memStore
	read chan struct{}
}

func (s *slowBook) RecentSent(ctx context.Context, bridge string, since time.Time, f func(mapping.Sent) error) error {
	select {
	case <-s.read:
		return s.memStore.RecentSent(ctx, bridge, since, f)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestTheBookIsReadBehind: after a start all but texts is handled at once. A
// text waits until it is known what was sent before.
func TestTheBookIsReadBehind(t *testing.T) {
	s := &slowBook{newMemStore(), make(chan struct{})}
	registered(s, alice, number)
	again := repeatHash(alice, phone, lasting("again"), "hello")
	if err := s.Commit(t.Context(), &mapping.Batch{PutSent: []mapping.Sent{{Bridge: domain, Hash: again, At: time.Now()}}}); err != nil {
		t.Fatal(err)
	}
	r := start(t, s, bridgetest.SMS())
	r.greeting()
	r.Send(text(lasting("again"), "hello") + text("other", "how are you"))
	r.barrier(alice)
	if n := len(r.bridge.Sent()); n > 0 {
		t.Fatalf("%d texts were sent before the book was read", n)
	}
	close(s.read)
	r.wantOnPhone("how are you")
	r.barrier(alice)
}

func TestUniqueIDs(t *testing.T) {
	for id, want := range map[string]bool{
		"": false, "a10": false, "purple1a2b3c4d": false, "1764187301123": false,
		"my-own-client-message-12":             false,
		"12345678901234567890":                 false,
		"8a1f0c52-0d3f-4f6e-9a51-0123456789ab": true,
		"x9pCWq3mVf4hTzKbD2sLrA":               true,
		"0e2f4c5a6b7d8e9f0a1b2c3d4e5f6a7b":     true,
		"1f3c9d77-55d1-4c1f-8d35-aabbccdd-12":  true,
	} {
		if got := isUnique(id); got != want {
			t.Errorf("%q is unique: %v", id, got)
		}
	}
}

// TestCountedIDs: a client that counts begins anew with its session, and what it
// says then is new, to a contact and to the gateway. Within a session it repeats.
func TestCountedIDs(t *testing.T) {
	r := newRig(t)
	const from = alice + "/phone"
	says := func(to, body string) {
		r.Send(`<message type='chat' id='a10' from='` + from + `' to='` + to + `'><body>` + body + `</body></message>`)
	}
	session := func() {
		r.Send(`<presence type='unavailable' from='` + from + `' to='` + phone + "@" + domain + `'/>`)
		r.Send(`<presence from='` + from + `' to='` + phone + "@" + domain + `'/>`)
	}
	for range 2 { // of the first it is not known when it began
		says(phone+"@"+domain, "ok")
		r.wantOnPhone("ok")
	}
	for range 2 {
		session()
		for range 2 {
			says(phone+"@"+domain, "ok")
		}
		r.wantOnPhone("ok")
	}
	says(phone+"@"+domain, "no")
	r.wantOnPhone("no")
	for range 2 {
		session()
		for range 2 {
			says(domain, "contacts")
		}
		if got := r.answer(alice); !strings.HasPrefix(got, "You have no contacts") {
			t.Errorf("the order got %q", got)
		}
	}
	r.barrier(alice)
}
