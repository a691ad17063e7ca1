package smpp

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func BenchmarkEncodeSubmit(b *testing.B) {
	m, buf := submitted(), make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = appendSubmit(buf[:0], m, 7)
	}
}

func BenchmarkDecodeDeliver(b *testing.B) {
	p := pdu{command: cmdDeliver, body: appendSM(nil, submitted())}
	b.ReportAllocs()
	for b.Loop() {
		if _, bad := decodeDelivery(p); bad != OK {
			b.Fatal(bad)
		}
	}
}

func BenchmarkFingerprint(b *testing.B) {
	d := &DeliverSM{SM: *submitted()}
	b.ReportAllocs()
	for b.Loop() {
		d.Fingerprint()
	}
}

// used returns the processor time of who, RUSAGE_SELF or the calling thread.
func used(who int) time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(who, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

const thread = 1 // RUSAGE_THREAD

// answerer is the cheapest centre there can be: it answers what one read
// brings with one write. Its processor time is not the client's.
type answerer struct {
	conn  net.Conn
	heard chan struct{} // for each deliver_sm_resp
	used  time.Duration
}

func (a *answerer) read() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	first := used(thread)
	defer func() { a.used = used(thread) - first }()
	r := bufio.NewReaderSize(a.conn, readSize)
	var out []byte
	for {
		p, size, err := peek(r)
		if err != nil {
			return
		}
		switch start := len(out); {
		case p.command == cmdSubmit:
			out = end(append(begin(out, cmdSubmit|response, OK, p.sequence), "0123456789\x00"...), start)
		case p.command&response == 0:
			out = appendBare(out, p.command|response, OK, p.sequence)
		default:
			a.heard <- struct{}{}
		}
		r.Discard(size)
		if r.Buffered() == 0 && len(out) > 0 {
			if _, err := a.conn.Write(out); err != nil {
				return
			}
			out = out[:0]
		}
	}
}

func peek(r *bufio.Reader) (pdu, int, error) {
	b, err := r.Peek(4)
	if err != nil {
		return pdu{}, 0, err
	}
	if b, err = r.Peek(int(b[2])<<8 | int(b[3])); err != nil {
		return pdu{}, 0, err
	}
	return scan(b)
}

// signal is a Handler that takes everything.
type signal struct{ bound chan struct{} }

func (s signal) Bound() { s.bound <- struct{}{} }

func (signal) Deliver(_ context.Context, _ uint64, batch []*DeliverSM, _ func(func())) []Status {
	return make([]Status, len(batch))
}

func (signal) Answered(uint64, []*DeliverSM) {}

// measure runs a client that is bound to an answerer over loopback, and
// reports the processor time of the client.
func measure(b *testing.B, window int, run func(*Client, *answerer)) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	bound := make(chan struct{}, 1)
	c := New(Config{Address: l.Addr().String(), SystemID: "x", Window: window, Log: discard}, signal{bound})
	ctx, cancel := context.WithCancel(b.Context())
	var client, centre sync.WaitGroup
	client.Go(func() { c.Run(ctx) })
	conn, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	a := &answerer{conn: conn, heard: make(chan struct{}, 1024)}
	centre.Go(a.read)
	<-bound
	b.ReportAllocs()
	b.ResetTimer()
	start := used(syscall.RUSAGE_SELF)
	run(c, a)
	b.StopTimer()
	all := used(syscall.RUSAGE_SELF) - start
	cancel()
	client.Wait()
	conn.Close()
	centre.Wait()
	b.ReportMetric(float64((all-a.used).Nanoseconds())/float64(b.N), "cpu-ns/op")
}

// BenchmarkSubmit is the round trip of a submit.
func BenchmarkSubmit(b *testing.B) {
	for _, window := range []int{1, 10, 256} {
		b.Run(fmt.Sprint("window=", window), func(b *testing.B) {
			measure(b, window, func(c *Client, _ *answerer) { submitAll(b, c, window) })
		})
	}
}

func submitAll(b *testing.B, c *Client, callers int) {
	m := message("The quick brown fox jumps over the lazy dog.")
	var left atomic.Int64
	left.Store(int64(b.N))
	var work sync.WaitGroup
	for range callers {
		work.Go(func() {
			for n := left.Add(-1); n >= 0; n = left.Add(-1) {
				key := strconv.FormatInt(n, 10)
				if _, err := c.Submit(b.Context(), Ticket{Key: key}, m); err != nil {
					b.Error(err)
				}
				c.Settled(key)
			}
		})
	}
	work.Wait()
}

// BenchmarkDeliver is a message in, with 256 under way.
func BenchmarkDeliver(b *testing.B) {
	measure(b, 10, func(_ *Client, a *answerer) {
		var batch []byte
		for i := range uint32(64) {
			start := len(batch)
			batch = end(appendSM(begin(batch, cmdDeliver, OK, i+1), message("The quick brown fox jumps over the lazy dog.")), start)
		}
		one := len(batch) / 64
		for sent, heard := 0, 0; heard < b.N; heard++ {
			for sent < b.N && sent-heard <= 256-64 {
				n := min(64, b.N-sent)
				if _, err := a.conn.Write(batch[:n*one]); err != nil {
					b.Fatal(err)
				}
				sent += n
			}
			<-a.heard
		}
	})
}
