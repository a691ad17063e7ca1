package componenttest

import (
	"io"
	"net"
	"runtime"
	"strings"
	"time"

	"causeway/bridges/takeover"
)

// Write sends bytes as they are.
func (c *Conn) Write(s string) {
	c.t.Helper()
	_ = c.net.SetWriteDeadline(time.Now().Add(Patience))
	if _, err := io.WriteString(c.net, s); err != nil {
		c.t.Fatalf("componenttest: write: %v", err)
	}
}

// SendCut sends one stanza in pieces. No answer to a ping comes between them.
// Unlike other methods it may be called by another goroutine.
func (c *Conn) SendCut(pieces ...string) error {
	c.out.Lock()
	defer c.out.Unlock()
	for _, p := range pieces {
		if _, err := io.WriteString(c.net, p); err != nil {
			return err
		}
	}
	return nil
}

// Send sends XML, in which "$name" stands for what a Receive has kept.
func (c *Conn) Send(s string) {
	c.t.Helper()
	c.Write(fill(s, c.vars))
}

// Next returns the next stanza; the end of the stream comes as <end/>.
func (c *Conn) Next() *Node {
	c.t.Helper()
	late := time.NewTimer(Patience)
	defer late.Stop()
	for {
		c.mu.Lock()
		if len(c.nodes) > 0 {
			n := c.nodes[0]
			c.nodes = c.nodes[1:]
			c.mu.Unlock()
			return n
		}
		err := c.err
		c.mu.Unlock()
		if err != nil {
			c.t.Fatalf("componenttest: the component has gone: %v", err)
		}
		select {
		case <-c.more:
		case <-late.C:
			c.t.Fatal("componenttest: no stanza comes")
		}
	}
}

// Receive wants the next stanza to match a pattern (see the package's match):
// "*" is any value, "$name" keeps it, <any/> stands for all further children.
func (c *Conn) Receive(pattern string) *Node {
	c.t.Helper()
	p := c.pattern(pattern)
	n := c.Next()
	if why := match(n, p, c.vars); why != "" {
		c.t.Fatalf("componenttest: %s\n got %s\nwant %s", why, n, pattern)
	}
	return n
}

// ReceiveAll wants the next stanzas to match the patterns, in any order.
func (c *Conn) ReceiveAll(patterns ...string) {
	c.t.Helper()
	for len(patterns) > 0 {
		n := c.Next()
		i := 0
		for i < len(patterns) && match(n, c.pattern(patterns[i]), c.vars) != "" {
			i++
		}
		if i == len(patterns) {
			c.t.Fatalf("componenttest: unexpected %s\nwanted one of:\n%s", n, strings.Join(patterns, "\n"))
		}
		patterns = append(patterns[:i:i], patterns[i+1:]...)
	}
}

func (c *Conn) pattern(s string) *Node {
	c.t.Helper()
	p, err := Parse(s)
	if err != nil {
		c.t.Fatalf("componenttest: pattern %s: %v", s, err)
	}
	return p
}

// Eof waits until the component has closed its side and returns what came
// before, <end/> included.
func (c *Conn) Eof() (rest []*Node) {
	c.t.Helper()
	late := time.NewTimer(Patience)
	defer late.Stop()
	for {
		c.mu.Lock()
		if c.err != nil {
			defer c.mu.Unlock()
			rest, c.nodes = c.nodes, nil
			return rest
		}
		c.mu.Unlock()
		select {
		case <-c.more:
		case <-late.C:
			c.t.Fatal("componenttest: the component stays")
		}
	}
}

// End sends </stream:stream>.
func (c *Conn) End() { c.t.Helper(); c.Write("</stream:stream>") }

// HalfClose ends the server's side of a TCP connection alone: the component
// reads end of file, unless it has gone already.
func (c *Conn) HalfClose() { _ = c.net.(*net.TCPConn).CloseWrite() }

// Delivered waits until all that was sent is in the component's kernel. What
// is not is lost by Reset, and by Close when something came that was not read.
func (c *Conn) Delivered() {
	c.t.Helper()
	late := time.Now().Add(Patience)
	for k := takeover.Count(c.net); !k.OK || k.Acked != k.Written; k = takeover.Count(c.net) {
		if time.Now().After(late) {
			c.t.Fatal("componenttest: what was sent does not arrive")
		}
		runtime.Gosched()
	}
}

// Reset ends a TCP connection as a crash does: the component gets RST.
func (c *Conn) Reset() {
	_ = c.net.(*net.TCPConn).SetLinger(0)
	_ = c.net.Close()
}

// Close closes the connection.
func (c *Conn) Close() { _ = c.net.Close() }
