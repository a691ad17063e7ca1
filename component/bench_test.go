package component

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"causeway/bridges/takeover"
	"causeway/component/componenttest"
	"causeway/component/stanza"
)

const (
	benchMessages = 40_000
	benchPeer     = "COMPONENT_BENCH_PEER"
)

// benchMessage is what a server sends of a chat message.
var benchMessage = []byte("<message to='+12025550100@" + testDomain + "' from='alice@example.org/phone.8f3a' " +
	"id='7c9e6679-7425-40de-944b-e07fc1f90ae7' type='chat' xml:lang='en'><body>The train is late, I am there at a quarter past.</body>" +
	"<request xmlns='urn:xmpp:receipts'/><active xmlns='http://jabber.org/protocol/chatstates'/></message>")

// TestPeer is no test: run by the benchmark in a process of its own, it is the
// server. On each connection it has so many messages under way as the variable
// says, and closes when all have come back.
func TestPeer(t *testing.T) {
	window, err := strconv.Atoi(os.Getenv(benchPeer))
	if err != nil {
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(os.Stdout, l.Addr().String()+"\n")
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		componenttest.NewConn(t, c, testDomain).Greet("1", testSecret)
		_ = c.SetDeadline(time.Time{})
		circulate(c, window)
	}
}

func circulate(c net.Conn, window int) {
	defer c.Close()
	out := bytes.Repeat(benchMessage, window)
	in := make([]byte, 256<<10)
	end := []byte("</message>")
	kept, left := 0, benchMessages-window
	n := window
	for back := 0; back < benchMessages; {
		if _, err := c.Write(out[:n*len(benchMessage)]); err != nil {
			return
		}
		got, err := c.Read(in[kept:])
		if err != nil {
			return
		}
		got += kept
		came := bytes.Count(in[:got], end)
		kept = copy(in, in[max(got-len(end)+1, bytes.LastIndexByte(in[:got], '>')+1):got])
		back += came
		n = min(came, left)
		left -= n
	}
}

// startPeer runs TestPeer in another process.
func startPeer(b *testing.B, window int) (addr string) {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestPeer$")
	cmd.Env = append(os.Environ(), benchPeer+"="+strconv.Itoa(window))
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	addr, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(addr)
}

// cost is the time of a run, and the processor time that this process used.
type cost struct{ wall, cpu time.Duration }

func (c *cost) add(f func()) {
	start, before := time.Now(), processorTime()
	f()
	c.wall += time.Since(start)
	c.cpu += processorTime() - before
}

func processorTime() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// replier answers each message with one of the same size.
type replier struct {
	l    *Link
	down chan struct{}
}

func (r *replier) Up(bool)                      {}
func (r *replier) Settled(_ []Key, done func()) { done() }
func (r *replier) Down(error)                   { close(r.down) }

func (r *replier) Handle(s *stanza.Stanza, _ Key) {
	if s.Kind != stanza.Message {
		return
	}
	body, _ := s.Body()
	o := stanza.Out{Kind: stanza.Message, From: s.To, To: s.From, ID: s.ID, Type: s.Type, Lang: s.Lang}
	o.Payload.Leaf("body", "", body).Leaf("request", "urn:xmpp:receipts", "").
		Leaf("active", "http://jabber.org/protocol/chatstates", "")
	_ = r.l.Send(context.Background(), &o, Key{})
}

// Append and Last are a journal that costs nothing.
func (r *replier) Append(context.Context, *Cycle) (uint64, error) { return 1, nil }
func (r *replier) Last(context.Context, uint64) (uint64, error)   { return 0, nil }

// byLink receives, notes and answers all messages by a link.
func byLink(addr string) {
	r := &replier{down: make(chan struct{})}
	r.l = New(Config{Domain: testDomain, Address: addr, Secret: testSecret}, r, r)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.l.Run(ctx) }()
	<-r.down
	cancel()
	<-done
}

// byCopy gives back the same bytes by the same system calls.
func byCopy(b *testing.B, addr string) {
	l := New(Config{Domain: testDomain, Address: addr, Secret: testSecret}, nil, nil)
	conn, err := l.dial(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	src := takeover.NewSource(conn)
	if _, _, err := l.shake(context.Background(), conn, src); err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, peekSize)
	for {
		n, err := src.Peek(buf)
		if err != nil {
			return
		}
		if src.Consume(buf[:n]) != nil {
			return
		}
		if _, err := conn.Write(buf[:n]); err != nil {
			return
		}
	}
}

// BenchmarkLink compares the link (receive, note, answer) with a bare copy of
// the same bytes by the same system calls, in the same run, with the server in
// another process: for one message after the other, and for many under way.
// ratio is that of the rates, cpu-ratio that of the processor time.
func BenchmarkLink(b *testing.B) {
	for _, window := range []int{1, 16, 256} {
		b.Run("window="+strconv.Itoa(window), func(b *testing.B) { againstCopy(b, window) })
	}
}

func againstCopy(b *testing.B, window int) {
	addr := startPeer(b, window)
	var link, bare cost
	for b.Loop() {
		bare.add(func() { byCopy(b, addr) })
		link.add(func() { byLink(addr) })
	}
	n := float64(b.N) * benchMessages
	b.ReportMetric(float64(bare.wall)/float64(link.wall), "ratio")
	b.ReportMetric(float64(bare.cpu)/float64(link.cpu), "cpu-ratio")
	b.ReportMetric(float64(link.wall)/n, "ns/message")
	b.ReportMetric(float64(bare.wall)/n, "bare-ns/message")
	b.ReportMetric(float64(link.cpu)/n, "cpu-ns/message")
	b.ReportMetric(float64(bare.cpu)/n, "bare-cpu-ns/message")
}
