package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"causeway/cmd/loadgen/load"
)

// meter follows processor time and memory of processes.
type meter struct {
	began     time.Time
	processes []*process
}

type process struct {
	name   string
	pid    int
	before time.Duration
	used   time.Duration
	memory []int64 // a sample a second
}

// newMeter takes NAME=PID,NAME=PID; the load generator itself is always there.
func newMeter(pids string) (*meter, error) {
	m := &meter{processes: []*process{{name: "loadgen", pid: os.Getpid()}}}
	for _, p := range strings.FieldsFunc(pids, func(r rune) bool { return r == ',' }) {
		name, number, _ := strings.Cut(p, "=")
		pid, err := strconv.Atoi(number)
		if err != nil {
			return nil, fmt.Errorf("-pids %s: want NAME=PID: %w", p, err)
		}
		m.processes = append(m.processes, &process{name: name, pid: pid})
	}
	return m, nil
}

// watch begins; the function that it returns ends it.
func (m *meter) watch() (stop func()) {
	m.began = time.Now()
	for _, p := range m.processes {
		p.before, _ = load.Processor(p.pid)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { m.sample(done) })
	return func() {
		close(done)
		wg.Wait()
		for _, p := range m.processes {
			now, _ := load.Processor(p.pid)
			p.used = now - p.before
		}
	}
}

func (m *meter) sample(done chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		for _, p := range m.processes {
			if n, err := load.Memory(p.pid); err == nil {
				p.memory = append(p.memory, n)
			}
		}
		select {
		case <-done:
			return
		case <-tick.C:
		}
	}
}

func (m *meter) print(w io.Writer, roundTrips int) {
	for _, p := range m.processes {
		fmt.Fprintf(w, "%s: processor time %v", p.name, p.used)
		if roundTrips > 0 {
			fmt.Fprintf(w, ", %.1f µs a round trip", float64(p.used.Nanoseconds())/1000/float64(roundTrips))
		}
		if n := len(p.memory); n > 0 {
			fmt.Fprintf(w, "; memory MiB start %.1f, half %.1f, end %.1f", mib(p.memory[0]), mib(p.memory[n/2]), mib(p.memory[n-1]))
		}
		fmt.Fprintln(w)
	}
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }
