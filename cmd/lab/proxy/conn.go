package proxy

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// conn is one client with its connection to the server.
type conn struct {
	p      *Proxy
	number int
	side   [2]*net.TCPConn // where the bytes of a Way come from

	hushed [2]bool // each for the writer of that direction alone

	once  sync.Once
	ended chan struct{}
}

// piece is what one read brought.
type piece struct {
	due  time.Time
	data []byte
	err  error // the last one has it
}

const readSize = 16 << 10

// read takes in what comes, until its side ends.
func (c *conn) read(w Way, queue chan<- piece) {
	defer close(queue)
	from := c.side[w]
	for {
		b := make([]byte, readSize)
		n, err := from.Read(b)
		if errors.Is(err, os.ErrDeadlineExceeded) { // of reset or finish
			n, err = rest(from, b)
			if err == errRest && w == Down {
				err = io.EOF
			}
		}
		c.p.mu.Lock()
		due := time.Now().Add(c.p.delay)
		c.p.mu.Unlock()
		select {
		case queue <- piece{due, b[:n], err}:
		case <-c.ended:
			return
		}
		if err != nil {
			return
		}
	}
}

// write passes on what was read.
func (c *conn) write(w Way, queue <-chan piece) {
	to := c.side[1-w]
	for p := range queue {
		if !c.wait(p.due) || !c.open(w) {
			return
		}
		for b := range c.p.split(p.data) {
			if !c.pass(w, to, b) {
				return
			}
		}
		switch {
		case p.err == nil:
		case p.err == io.EOF && !c.hushed[w]:
			to.CloseWrite()
		default:
			c.end()
		}
	}
}

// wait returns when a piece is due; false: the connection has ended.
func (c *conn) wait(due time.Time) bool {
	d := time.Until(due)
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-c.ended:
		return false
	}
}

// open returns when the direction is not lost. What was read on the way up has
// been acknowledged, so it is not lost any more.
func (c *conn) open(w Way) bool {
	c.p.mu.Lock()
	healed := c.p.lost[w]
	c.p.mu.Unlock()
	if w == Up || healed == nil {
		return true
	}
	select {
	case <-healed:
		return true
	case <-c.ended:
		return false
	}
}

// pass writes b, with the fault that is due in it; false: nothing more follows.
func (c *conn) pass(w Way, to *net.TCPConn, b []byte) bool {
	before, f := c.p.due(w, len(b))
	if f == nil {
		return c.put(w, to, b)
	}
	c.put(w, to, b[:before])
	defer close(f.done)
	switch {
	case f.kind == hush:
		c.hushed[w] = true
		return true
	case w == Up:
		c.end()
	default:
		c.reset()
	}
	return false
}

func (c *conn) put(w Way, to *net.TCPConn, b []byte) bool {
	if len(b) == 0 || c.hushed[w] {
		return true
	}
	if c.p.tap != nil {
		c.p.tap(c.number, w, b)
	}
	if _, err := to.Write(b); err != nil {
		c.end()
		return false
	}
	return true
}

// reset ends a connection when what its client has an acknowledgement for is
// passed on.
func (c *conn) reset() {
	on(c.side[Up], drop)
	c.side[Up].SetReadDeadline(time.Unix(1, 0))
}

// finish ends the way down when what the server has sent is passed on.
func (c *conn) finish() { c.side[Down].SetReadDeadline(time.Unix(1, 0)) }

// end resets the client and closes the side of the server.
func (c *conn) end() {
	c.once.Do(func() {
		close(c.ended)
		abort(c.side[Up])
		c.side[Down].Close()
	})
}

func abort(c *net.TCPConn) {
	c.SetLinger(0)
	c.Close()
}
