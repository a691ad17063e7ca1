// Package proxy is a TCP proxy inside of a test. Between a client and a server
// it does what networks do: it delays, loses one direction, resets, cuts in the
// middle, and falls silent.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Way is a direction.
type Way int

// The directions.
const (
	Up   Way = iota // from the client to the server
	Down            // from the server to the client
)

// Tap gets the bytes that are about to be passed on, by the number of their
// connection, counted from 1. It is called by several goroutines, and by one at
// a time for each connection and direction. It must not block, nor keep b.
type Tap func(conn int, w Way, b []byte)

// Proxy listens for clients and connects each to the server.
type Proxy struct {
	to       string
	tap      Tap
	listener *net.TCPListener
	wg       sync.WaitGroup

	mu     sync.Mutex
	conns  map[*conn]bool
	count  int
	closed bool
	shut   bool
	delay  time.Duration
	piece  int              // the most bytes in one write
	lost   [2]chan struct{} // nil: nothing is lost; closed by Heal
	armed  [2]*fault
}

// Listen starts a proxy for the server at an address. The tap may be nil. The
// caller owes Close.
func Listen(to string, tap Tap) (*Proxy, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false) // it takes no filter
	l, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{to: to, tap: tap, listener: l.(*net.TCPListener), conns: map[*conn]bool{}}
	p.wg.Go(p.accept)
	return p, nil
}

// Address returns what clients connect to.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Close ends all connections and waits for what the proxy started.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	err := p.listener.Close()
	p.each(func(c *conn) { c.end() })
	p.wg.Wait()
	return err
}

// Delay makes every byte that comes from now on take that long.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Shut makes new connections fail by a reset, or ends that. Those that are open
// stay.
func (p *Proxy) Shut(yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shut = yes
}

// Reset ends the connections that are open: the client gets a reset, the server
// an end of file. Nothing is lost on the way up that the client's TCP has an
// acknowledgement for; what is on the way down is lost.
func (p *Proxy) Reset() {
	p.each(func(c *conn) { c.reset() })
}

// Finish gives the clients that are connected an end of file behind all that
// the servers have sent them until now. What the servers send later is lost.
func (p *Proxy) Finish() {
	p.each(func(c *conn) { c.finish() })
}

// Split cuts what is passed on at random places, into pieces of max bytes at
// most, each a segment of its own.
func (p *Proxy) Split(max int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.piece = max
}

// split cuts b at random places, if Split says so.
func (p *Proxy) split(b []byte) iter.Seq[[]byte] {
	p.mu.Lock()
	most := p.piece
	p.mu.Unlock()
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			n := len(b)
			if most > 0 {
				n = min(n, 1+rand.IntN(most))
			}
			if !yield(b[:n]) {
				return
			}
			b = b[n:]
		}
	}
}

// Segments bounds the segments of clients that connect from now on, and so
// what their kernel takes when nobody reads: some ten thousand bytes.
func (p *Proxy) Segments(max int) error {
	return on(p.listener, func(fd int) error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG, max) })
}

// Lose loses all packets of one direction until Heal. The way up they vanish as
// on a wire: nothing is acknowledged, nobody can connect, and TCP sends them
// again. The way down is dammed: what the server sends waits.
func (p *Proxy) Lose(w Way) error {
	p.mu.Lock()
	p.lost[w] = make(chan struct{})
	p.mu.Unlock()
	if w == Down {
		return nil
	}
	return p.filter(drop)
}

// Heal ends what Lose began.
func (p *Proxy) Heal() error {
	p.mu.Lock()
	up := p.lost[Up] != nil
	for i, c := range p.lost {
		if c != nil {
			close(c)
			p.lost[i] = nil
		}
	}
	p.mu.Unlock()
	if !up {
		return nil
	}
	return p.filter(pass)
}

// filter changes what the kernel lets through from clients.
func (p *Proxy) filter(set func(fd int) error) error {
	errs := []error{on(p.listener, set)}
	p.each(func(c *conn) { errs = append(errs, on(c.side[Up], set)) })
	return errors.Join(errs...)
}

func (p *Proxy) each(f func(*conn)) {
	p.mu.Lock()
	all := make([]*conn, 0, len(p.conns))
	for c := range p.conns {
		all = append(all, c)
	}
	p.mu.Unlock()
	for _, c := range all {
		f(c)
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		p.wg.Go(func() { p.serve(client) })
	}
}

// serve passes on the bytes of one connection until it ends.
func (p *Proxy) serve(client *net.TCPConn) {
	c, err := p.connect(client)
	if err != nil {
		abort(client)
		return
	}
	var work sync.WaitGroup
	for _, w := range []Way{Up, Down} {
		queue := make(chan piece, 1000)
		work.Go(func() { c.read(w, queue) })
		work.Go(func() { c.write(w, queue) })
	}
	work.Wait()
	c.end()
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
}

const dialTime = 5 * time.Second

func (p *Proxy) connect(client *net.TCPConn) (*conn, error) {
	p.mu.Lock()
	shut := p.shut || p.closed
	p.mu.Unlock()
	if shut {
		return nil, errors.New("proxy: shut")
	}
	server, err := net.DialTimeout("tcp", p.to, dialTime)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	c := &conn{p: p, number: p.count, side: [2]*net.TCPConn{client, server.(*net.TCPConn)}, ended: make(chan struct{})}
	p.conns[c] = true
	if p.closed {
		c.end()
	}
	return c, nil
}
