package load

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"causeway/cmd/loadgen/client"
	"causeway/cmd/loadgen/wire"
)

// answer says what the fake server does with one message.
type answer func(out, raw []byte, h wire.Head) []byte

func receipt(out, _ []byte, h wire.Head) []byte {
	return fmt.Appendf(out, "<message from='%s' to='a@b/c'><received xmlns='urn:xmpp:receipts' id='%s'/></message>", h.To, h.ID)
}

func echo(out, raw []byte, h wire.Head) []byte {
	out = fmt.Appendf(out, "<message from='%s' id='%s'>", h.To, h.ID)
	return append(out, raw[h.Size:]...)
}

// fake serves one client: it logs anybody in and lets f answer messages.
func fake(t testing.TB, f answer) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn, f)
		}
	}()
	return l.Addr().String()
}

const features = "<stream:stream id='1'><stream:features/>"

func serve(conn net.Conn, f answer) {
	defer conn.Close()
	in := wire.NewReader(conn)
	out := []byte(features)
	for {
		if !in.Buffered() {
			if _, err := conn.Write(out); err != nil {
				return
			}
			out = out[:0]
		}
		raw, err := in.Next()
		if err != nil {
			return
		}
		switch h := wire.ParseHead(raw); string(h.Name) {
		case "auth":
			out = append(out, "<success/>"+features...)
		case "iq":
			out = append(out, "<iq type='result' id='bind'><bind><jid>a@b/c</jid></bind></iq>"...)
		case "message":
			out = f(out, raw, h)
		}
	}
}

func config(address string) Config {
	return Config{
		Client: client.Config{Address: address, Domain: "b", User: "a"}, Contacts: []string{"1@x", "2@x", "3@x"},
		Run: "t", Window: 16, Count: 1000, Size: 40, LongEvery: 10, LongSize: 300, Patience: 10 * time.Second,
	}
}

func TestRun(t *testing.T) {
	var seen, errors int
	for name, c := range map[string]struct {
		answer answer
		change func(*Config)
		want   string // within the report's error; empty: none
		given  int
	}{
		"receipts": {answer: receipt},
		"echo":     {answer: echo, change: func(c *Config) { c.Echo = true }},
		"stuck contact": {answer: func(out, raw []byte, h wire.Head) []byte {
			if string(h.To) == "s@x" {
				return out
			}
			return receipt(out, raw, h)
		}, change: func(c *Config) { c.Stuck, c.StuckCount = []string{"s@x"}, 10 }},
		"one lost": {answer: func(out, raw []byte, h wire.Head) []byte {
			if seen++; seen == 500 {
				return out
			}
			return receipt(out, raw, h)
		}, change: func(c *Config) { c.Patience = 50 * time.Millisecond }, want: "1 texts without an answer", given: 1},
		"errors": {answer: func(out, raw []byte, h wire.Head) []byte {
			if errors++; errors%2 == 0 {
				return receipt(out, raw, h)
			}
			return fmt.Appendf(out, "<message type='error' from='%s' id='%s'><error type='wait'><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>"+
				"later</text><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>", h.To, h.ID)
		}, want: "500 errors remote-server-timeout: later"},
		"twice": {answer: func(out, raw []byte, h wire.Head) []byte {
			return receipt(echo(receipt(out, raw, h), raw, h), raw, h)
		}, want: "1000 repeated answers"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(fake(t, c.answer))
			if c.change != nil {
				c.change(&cfg)
			}
			if c.want == "1000 repeated answers" {
				cfg.Linger = 200 * time.Millisecond
			}
			report, err := Run(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if report.Sent != 1000 || report.GivenUp != c.given {
				t.Errorf("sent %d, given up %d", report.Sent, report.GivenUp)
			}
			if err := report.Err(); c.want == "" && err != nil || c.want != "" && !strings.Contains(fmt.Sprint(err), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestHistogram(t *testing.T) {
	var h Histogram
	for i := 1; i <= 1000; i++ {
		h.Add(time.Duration(i) * time.Microsecond)
	}
	for q, want := range map[float64]time.Duration{.5: 500 * time.Microsecond, .99: 990 * time.Microsecond, 1: time.Millisecond} {
		if got := h.Quantile(q); got < want || got > want+want/16 {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	c := config(fake(b, receipt))
	c.Count, c.Window, c.LongEvery = b.N, 256, 0
	report, err := Run(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(report.Rate(), "messages/s")
}
