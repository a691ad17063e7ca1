package smpp

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"
)

// unruly is a centre that takes texts and breaks at any octet.
type unruly struct {
	*rand.Rand
	taken map[string]int // by text
	order map[string]int // by person: the last text
	wrong []string
}

// serve answers, throttles, forgets or breaks, until it has broken.
func (u *unruly) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	budget := u.IntN(6000) // octets until it breaks
	for {
		p, size, err := peek(r)
		if err != nil || size > budget {
			return
		}
		budget -= size
		out := appendBare(nil, p.command|response, OK, p.sequence)
		switch {
		case p.command != cmdSubmit:
		case u.IntN(20) == 0:
			out = appendBare(nil, cmdSubmit|response, []Status{Throttling, QueueFull, SystemError, InvalidDest}[u.IntN(4)], p.sequence)
		default:
			out = end(append(begin(nil, cmdSubmit|response, OK, p.sequence), u.take(p)...), 0)
			if u.IntN(100) == 0 {
				out = nil // forgotten
			}
		}
		r.Discard(size)
		if cut := len(out); cut > 0 && u.IntN(80) == 0 {
			conn.Write(out[:u.IntN(cut)])
			return
		}
		if _, err := conn.Write(out); err != nil {
			return
		}
	}
}

// take notes a text and gives it back as its id.
func (u *unruly) take(p pdu) string {
	var m SM
	decodeSM(&m, p.body)
	text := string(m.ShortMessage)
	var person string
	var n int
	fmt.Sscanf(text, "%s %d", &person, &n)
	if last, ok := u.order[person]; ok && n <= last {
		u.wrong = append(u.wrong, fmt.Sprintf("%q came after %d", text, last))
	}
	u.order[person] = n
	u.taken[text]++
	return text
}

// fate is what the client says of a text.
type fate struct {
	text    string
	unknown bool
	refused bool
}

// persist submits n texts one after the other, each until its fate is clear.
func (r *rig) persist(person, n int, fates chan<- fate, fail func(...any)) {
	for i := range n {
		f := fate{text: fmt.Sprintf("p%d %d", person, i)}
		for {
			id, err := r.c.Submit(r.Context(), Ticket{Key: f.text}, message(f.text))
			var s *StatusError
			f.unknown = errors.Is(err, ErrUnknown)
			f.refused = errors.As(err, &s)
			if err == nil && id != f.text {
				fail(f.text, "has the id", id)
			}
			if errors.Is(err, ErrNotBound) {
				time.Sleep(time.Second) // of the bubble
				continue
			}
			break
		}
		fates <- f
	}
}

// Whatever the centre does: what the client says is sent has come once, what
// it says is not has not come, and each person's texts come in order.
func TestFates(t *testing.T) {
	const people, each = 12, 25
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble(t, Config{Window: 8}, func(r *rig) {
				u := &unruly{Rand: rand.New(rand.NewPCG(seed, 1)), taken: map[string]int{}, order: map[string]int{}}
				fates := make(chan fate, people*each)
				for p := range people {
					go r.persist(p, each, fates, func(a ...any) { t.Error(a...) })
				}
				var all []fate
				for len(all) < people*each {
					select {
					case conn := <-r.conns:
						u.serve(conn)
					case f := <-fates:
						all = append(all, f)
					}
				}
				u.check(t, all)
				if r.count(Binds) < 3 || r.count(Accepted) < people*each/2 {
					t.Errorf("this proves little: %v", r.counts)
				}
			})
		})
	}
}

func (u *unruly) check(t *testing.T, all []fate) {
	for _, w := range u.wrong {
		t.Error(w)
	}
	for _, f := range all {
		switch n := u.taken[f.text]; {
		case f.unknown && n <= 1, f.refused && n == 0, !f.unknown && !f.refused && n == 1:
		default:
			t.Errorf("%+v: taken %d times", f, n)
		}
	}
}
