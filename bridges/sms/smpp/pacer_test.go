package smpp

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestRate(t *testing.T) {
	bubble(t, Config{Rate: 10, Window: 100}, func(r *rig) {
		ce := r.bind()
		begin := time.Now()
		for i := range 21 {
			r.submit(fmt.Sprint(i))
		}
		for range 21 {
			p := ce.expect(cmdSubmit)
			ce.say(cmdSubmit|response, OK, p.sequence, "1")
		}
		if d := time.Since(begin); d < 1900*time.Millisecond || d > 2*time.Second {
			t.Errorf("21 submits at 10/s took %s", d)
		}
	})
}

// A burst of throttling answers delays, loses and doubles nothing, and keeps
// the order of one destination, whose next text waits for the one before.
func TestThrottled(t *testing.T) {
	for _, status := range []Status{Throttling, QueueFull} {
		t.Run(status.String(), func(t *testing.T) {
			bubble(t, Config{Window: 8, EnquireEvery: time.Hour}, func(r *rig) {
				ce := r.bind()
				const people, each = 8, 5
				done := make(chan error, people)
				for p := range people {
					go func() { done <- r.talk(p, each) }()
				}
				next := make([]int, people)
				for seen, total := 0, 0; total < people*each; seen++ {
					p := ce.expect(cmdSubmit)
					if seen >= 4 && seen < 20 || seen%11 == 0 {
						ce.say(cmdSubmit|response, status, p.sequence, "")
						continue
					}
					var m SM
					decodeSM(&m, p.body)
					var who, n int
					fmt.Sscanf(string(m.ShortMessage), "%d %d", &who, &n)
					if next[who] != n {
						t.Errorf("person %d: text %d, want %d", who, n, next[who])
					}
					next[who]++
					total++
					ce.say(cmdSubmit|response, OK, p.sequence, "1")
				}
				for range people {
					if err := <-done; err != nil {
						t.Error(err)
					}
				}
				ce.silent()
			})
		})
	}
}

// talk submits n texts one after the other.
func (r *rig) talk(person, n int) error {
	for i := range n {
		if _, err := r.c.Submit(r.Context(), Ticket{Key: fmt.Sprint(person, i)}, message(fmt.Sprint(person, " ", i))); err != nil {
			return err
		}
	}
	return nil
}

// The caller's context bounds how long a throttled message is tried, and the
// error says what kept it.
func TestThrottledTooLong(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		ce := r.bind()
		ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
		defer cancel()
		done := r.submitIn(ctx, "hello")
		times := 0
		go func() {
			for {
				p, ok := ce.hear()
				if !ok {
					return
				}
				if p.command == cmdSubmit {
					times++
				}
				ce.say(p.command|response, Throttling, p.sequence, "")
			}
		}()
		var s *StatusError
		if got := <-done; !errors.As(got.err, &s) || s.Status != Throttling {
			t.Errorf("got %+v", got)
		}
		if times < 4 || times > 8 {
			t.Errorf("it was sent %d times in a minute", times)
		}
		ce.Close()
		synctest.Wait()
	})
}

func TestPacer(t *testing.T) {
	now := time.Unix(1e9, 0)
	p := newPacer(0)
	for range 100 {
		if d := p.take(now); d != 0 {
			t.Fatalf("without a limit: %s", d)
		}
	}
	p.throttled(now, now.Add(-time.Second)) // 100 a second were too many
	p.throttled(now, now.Add(-time.Second)) // an answer to the same burst
	if p.limit != 50 || p.take(now) != firstHold {
		t.Errorf("limit %g, hold %s", p.limit, p.take(now))
	}
	now = now.Add(firstHold)
	if p.take(now) != 0 || p.take(now) != time.Second/50 {
		t.Error("it does not space")
	}
	for range 50 {
		p.accepted()
	}
	if p.limit < 51.9 || p.limit > 52 {
		t.Errorf("after one good second the limit is %g", p.limit)
	}
	for range 100_000 {
		p.accepted()
	}
	if p.limit != 0 {
		t.Errorf("long after, the limit is %g", p.limit)
	}
}

func TestPacerHasBounds(t *testing.T) {
	now := time.Unix(1e9, 0)
	p := newPacer(30)
	for range 40 {
		p.throttled(now, now)
		now = now.Add(time.Second)
	}
	if p.limit != slowest || p.hold.Sub(now) > lastHold {
		t.Errorf("limit %g, hold %s", p.limit, p.hold.Sub(now))
	}
	for range 100_000 {
		p.accepted()
	}
	if p.limit != 30 {
		t.Errorf("limit %g", p.limit)
	}
}
