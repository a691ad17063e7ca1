package gateway

import (
	"sync/atomic"
	"time"
)

// aloneTime bounds how long a suspect keeps others from running.
const aloneTime = time.Second

// crowd lets a suspect run alone. Whoever is running when the program dies has
// one death, and most of these are innocent. From then on a record runs alone:
// a death that another record causes finds it waiting, and only a kill from
// outside in the very moments of its own computing, in two lives in a row,
// looks as if it were the culprit. That is some 100 µs of each life. What does
// not begin to wait in aloneTime, such as an adapter that does not say so,
// holds nobody up any longer; the death of the suspect counts all the same, or
// a culprit that takes its time would go on for ever.
type crowd struct {
	running atomic.Int64 // those that are no suspects
	gate    atomic.Pointer[chan struct{}]
	idle    bell // nobody runs, perhaps
}

// join waits while a suspect runs alone.
func (c *crowd) join() {
	for {
		c.running.Add(1)
		gate := c.gate.Load()
		if gate == nil {
			return
		}
		c.part()
		<-*gate
	}
}

func (c *crowd) part() {
	if c.running.Add(-1) == 0 && c.gate.Load() != nil {
		c.idle.ring()
	}
}

// shut keeps all others out and waits until none runs, both for at most
// aloneTime. It returns what lets them in again. One calls it at a time.
func (c *crowd) shut() (open func()) {
	gate := make(chan struct{})
	c.gate.Store(&gate)
	enter := func() {
		if c.gate.CompareAndSwap(&gate, nil) {
			close(gate)
		}
	}
	late := time.AfterFunc(aloneTime, enter)
	for c.running.Load() > 0 {
		select {
		case <-c.idle:
			continue
		case <-gate:
		}
		break
	}
	return func() {
		late.Stop()
		enter()
	}
}
