package appservice

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const (
	hello  = `{"type":"m.room.message","event_id":"$1","room_id":"!r","sender":"@a:hs","content":{"body":"hello"}}`
	world  = `{"type":"m.room.message","event_id":"$2","room_id":"!r","sender":"@a:hs","content":{"body":"world"}}`
	typing = `{"type":"m.typing","room_id":"!r","content":{"user_ids":["@a:hs"]}}`
)

// ids returns those of events.
func ids(events []Event) (all []string) {
	for _, e := range events {
		all = append(all, e.ID)
	}
	return all
}

// What the homeserver puts is what the handler gets, but for what makes no sense.
func TestTransaction(t *testing.T) {
	for _, c := range []struct {
		name, body string
		events     []string
		ephemeral  int
		skipped    int
	}{
		{"two", `{"events":[` + hello + "," + world + "]}", []string{"$1", "$2"}, 0, 0},
		{"typing", `{"events":[],"ephemeral":[` + typing + `]}`, nil, 1, 0},
		{"more that we do not know", `{"events":[` + hello + `],"de.sorunome.msc2409.to_device":[{}],"org.matrix.msc3202.x":7}`, []string{"$1"}, 0, 0},
		{"nothing", `{}`, nil, 0, 0},
		{"null", `{"events":null}`, nil, 0, 0},
		{"one that makes no sense", `{"events":[` + hello + `,{"type":7},null,"x",` + world + "]}", []string{"$1", "$2"}, 0, 3},
		{"typing that makes no sense", `{"events":[` + hello + `],"ephemeral":[{},` + typing + `]}`, []string{"$1"}, 1, 1},
		{"other events in capitals", `{"events":[` + hello + `],"EVENTS":[` + world + `]}`, []string{"$1"}, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, token)
			if status, answer := r.do(t, "PUT", v1+"/transactions/a%2Fb", c.body); status != 200 || answer != "{}" {
				t.Fatalf("got %d %s", status, answer)
			}
			got := r.taken[0]
			if got.ID != "a/b" || !reflect.DeepEqual(ids(got.Events), c.events) || len(got.Ephemeral) != c.ephemeral {
				t.Errorf("got %+v", got)
			}
			if r.counts[Malformed] != c.skipped || r.counts[Taken] != 1 || strings.Count(r.log.String(), "skipped") != c.skipped {
				t.Errorf("counted %v, said %s", r.counts, r.log.String())
			}
		})
	}
}

// What is no transaction is refused, and the handler does not see it.
func TestBadBody(t *testing.T) {
	for _, body := range []string{"", "hello", "null", "[]", `{"events":`, `{"events":{}}`, `{"events":[]} {}`, `{"events":[],"ephemeral":7}`, "{\"events\":[\"\xff"} {
		r := newRig(t, token)
		status, answer := r.do(t, "PUT", v1+"/transactions/1", body)
		if status != 400 || answer != `{"errcode":"M_NOT_JSON"}` || len(r.taken) != 0 || r.counts[BadBody] != 1 {
			t.Errorf("%q: got %d %s, %v", body, status, answer, r.counts)
		}
	}
}

// An error of the handler is one for the homeserver, which sends it again. It is
// told nothing of ours.
func TestRefused(t *testing.T) {
	r := newRig(t, token)
	var n int
	r.take = func(context.Context, *Transaction) error {
		if n++; n == 1 {
			return errors.New("the disk is full")
		}
		return nil
	}
	for _, want := range []int{500, 200} {
		if status, answer := r.do(t, "PUT", v1+"/transactions/1", `{"events":[`+hello+`]}`); status != want || strings.Contains(answer, "disk") {
			t.Errorf("got %d %s, want %d", status, answer, want)
		}
	}
	if r.counts[Refused] != 1 || r.counts[Taken] != 1 || len(r.taken) != 2 {
		t.Errorf("counted %v", r.counts)
	}
}

// Retries that a homeserver makes at once are handled one after the other.
func TestOneAtATime(t *testing.T) {
	r := newRig(t, token)
	var inside, most atomic.Int32
	r.take = func(context.Context, *Transaction) error {
		if now := inside.Add(1); now > most.Load() {
			most.Store(now)
		}
		inside.Add(-1)
		return nil
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if status, _ := r.do(t, "PUT", v1+"/transactions/1", `{"events":[`+hello+`]}`); status != 200 {
				t.Errorf("got %d", status)
			}
		})
	}
	all.Wait()
	if most.Load() != 1 || len(r.taken) != 20 {
		t.Errorf("%d at once, %d in all", most.Load(), len(r.taken))
	}
}

// A homeserver that has hung up while it waited its turn is not served.
func TestHungUp(t *testing.T) {
	s := NewServer(Config{Handler: &rig{take: func(context.Context, *Transaction) error { return nil }}})
	s.turn <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a := s.transaction(ctx, "1", strings.NewReader("{}")); a != failed {
		t.Errorf("got %v", a)
	}
}

// The first transaction over a connection says so, also behind a question.
func TestFresh(t *testing.T) {
	r := newRig(t, token)
	for n, path := range []string{"users/@x:hs", "transactions/1", "transactions/2", "", "transactions/2", "transactions/3"} {
		if path == "" {
			r.client.CloseIdleConnections()
			continue
		}
		method, body := http.MethodPut, `{"events": []}`
		if n == 0 {
			method, body = http.MethodGet, ""
		}
		if status, _ := r.do(t, method, prefix+"/"+path, body); status != http.StatusOK {
			t.Fatalf("%s: %d", path, status)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var fresh []bool
	for _, x := range r.taken {
		fresh = append(fresh, x.Fresh)
	}
	if !slices.Equal(fresh, []bool{true, false, true, false}) {
		t.Errorf("fresh are %v", fresh)
	}
}
