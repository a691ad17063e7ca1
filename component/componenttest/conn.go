package componenttest

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/xml"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// Conn is the server's side of one connection. Its methods fail the test when
// a step does not come true within Patience. One goroutine uses it.
type Conn struct {
	t      testing.TB
	net    net.Conn
	domain string
	d      *xml.Decoder
	vars   map[string]string

	out   sync.Mutex // held while a stanza is written
	mu    sync.Mutex
	hold  bool // pings are not answered
	nodes []*Node
	err   error         // of reading; set when all has come
	more  chan struct{} // holds one
	serve sync.WaitGroup
}

// NewConn is the server's side of a connection of the caller's, e.g. a pipe.
// It is closed when the test ends.
func NewConn(t testing.TB, c net.Conn, domain string) *Conn {
	conn := &Conn{
		t: t, net: c, domain: domain, d: xml.NewDecoder(c),
		vars: map[string]string{}, more: make(chan struct{}, 1),
	}
	t.Cleanup(func() {
		_ = c.Close()
		conn.serve.Wait()
	})
	return conn
}

// ReadHeader reads the component's stream header and returns its attributes.
func (c *Conn) ReadHeader() map[string]string {
	c.t.Helper()
	_ = c.net.SetReadDeadline(time.Now().Add(Patience))
	for {
		t, err := c.d.Token()
		if err != nil {
			c.t.Fatalf("componenttest: stream header: %v", err)
		}
		if start, ok := t.(xml.StartElement); ok {
			attrs := map[string]string{}
			for _, a := range start.Attr {
				attrs[a.Name.Local] = a.Value
			}
			return attrs
		}
	}
}

// Header returns the server's stream header with an id.
func (c *Conn) Header(id string) string {
	return "<?xml version='1.0'?><stream:stream xmlns='" + NSComponent +
		"' xmlns:stream='http://etherx.jabber.org/streams' from='" + c.domain + "' id='" + id + "'>"
}

// ReadHandshake reads <handshake/> and returns its digest.
func (c *Conn) ReadHandshake() string {
	c.t.Helper()
	for {
		t, err := c.d.Token()
		if err != nil {
			c.t.Fatalf("componenttest: handshake: %v", err)
		}
		if start, ok := t.(xml.StartElement); ok {
			n, err := readNode(c.d, start)
			if err != nil || n.Local != "handshake" {
				c.t.Fatalf("componenttest: handshake: %v, %v", n, err)
			}
			return n.Text
		}
	}
}

// Handshake plays the server's part until the stream is open, and reads on.
func (c *Conn) Handshake(id, secret string) {
	c.t.Helper()
	c.Greet(id, secret)
	c.Open()
}

// Greet is Handshake without Open: nothing more is read.
func (c *Conn) Greet(id, secret string) {
	c.t.Helper()
	if to := c.ReadHeader()["to"]; to != c.domain {
		c.t.Fatalf("componenttest: stream to %q, not %q", to, c.domain)
	}
	c.Write(c.Header(id))
	sum := sha1.Sum([]byte(id + secret))
	if got, want := c.ReadHandshake(), hex.EncodeToString(sum[:]); got != want {
		c.t.Fatalf("componenttest: digest %q, not %q", got, want)
	}
	c.Write("<handshake/>")
}

// Open begins to read stanzas; Handshake does it.
func (c *Conn) Open() {
	_ = c.net.SetReadDeadline(time.Time{})
	c.serve.Go(c.read)
}

// HoldPings makes settlement pings come to Receive and Next like other
// stanzas; otherwise they are answered and never seen.
func (c *Conn) HoldPings() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hold = true
}

// AnswerPings undoes HoldPings, and answers the pings that came meanwhile.
func (c *Conn) AnswerPings() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hold = false
	rest := c.nodes[:0]
	for _, n := range c.nodes {
		if c.isPing(n) {
			c.AnswerPing(n)
		} else {
			rest = append(rest, n)
		}
	}
	c.nodes = rest
}

func (c *Conn) read() {
	for {
		n, err := c.readOne()
		c.mu.Lock()
		switch {
		case err != nil:
			c.err = err
		case !c.hold && c.isPing(n):
			c.AnswerPing(n)
		default:
			c.nodes = append(c.nodes, n)
		}
		c.mu.Unlock()
		select {
		case c.more <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (c *Conn) readOne() (*Node, error) {
	for {
		t, err := c.d.Token()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return readNode(c.d, t)
		case xml.EndElement:
			return &Node{Space: "http://etherx.jabber.org/streams", Local: "end"}, nil
		}
	}
}

func (c *Conn) isPing(n *Node) bool {
	if n.Local != "iq" || n.Attr["type"] != "get" || n.Attr["from"] != c.domain || n.Child("urn:xmpp:ping", "ping") == nil { // XEP-0199
		return false
	}
	_, parent, _ := strings.Cut(c.domain, ".")
	to := n.Attr["to"]
	return to == c.domain || to == parent
}

// AnswerPing answers a ping as real servers do: one to the component's own
// domain is given back to it.
func (c *Conn) AnswerPing(n *Node) {
	c.out.Lock()
	defer c.out.Unlock()
	to := n.Attr["to"]
	if to == c.domain {
		_, _ = c.net.Write([]byte(n.String()))
		return
	}
	_, _ = c.net.Write([]byte("<iq type='result' id='" + n.Attr["id"] + "' from='" + to + "' to='" + c.domain + "'/>"))
}
