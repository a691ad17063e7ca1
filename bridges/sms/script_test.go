package sms

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
)

// scriptedCentre is an SMS centre that answers each submit_sm as a test says.
type scriptedCentre struct {
	net.Listener
	wg sync.WaitGroup

	mu      sync.Mutex
	conns   []net.Conn
	answers []answer
	got     []string // the octets of what was submitted
	n       int
}

// answer is what a submit_sm gets: a status, an empty id, or the end of the
// connection.
type answer struct {
	status uint32
	noID   bool
	hangUp bool
}

func newScript(t *testing.T, answers ...answer) *scriptedCentre {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scriptedCentre{Listener: l, answers: answers}
	s.wg.Go(s.accept)
	t.Cleanup(s.end)
	return s
}

func (s *scriptedCentre) address() string { return s.Addr().String() }

// end closes the centre and all binds to it.
func (s *scriptedCentre) end() {
	s.Close()
	s.mu.Lock()
	for _, c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

func (s *scriptedCentre) accept() {
	for {
		c, err := s.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, c)
		s.mu.Unlock()
		s.wg.Go(func() { s.serve(c) })
	}
}

func (s *scriptedCentre) serve(c net.Conn) {
	defer c.Close()
	for {
		var head [16]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[:])-16)
		if _, err := io.ReadFull(c, body); err != nil {
			return
		}
		status, reply := uint32(0), []byte("centre\x00")
		switch command := binary.BigEndian.Uint32(head[4:]); {
		case command == 0x04:
			a, id := s.submitted(body)
			if a.hangUp {
				return
			}
			status, reply = a.status, append([]byte(id), 0)
		case command&0x80000000 != 0:
			continue
		case command == 0x06, command == 0x15:
			reply = nil
		}
		out := binary.BigEndian.AppendUint32(nil, uint32(16+len(reply)))
		out = binary.BigEndian.AppendUint32(out, binary.BigEndian.Uint32(head[4:])|0x80000000)
		out = binary.BigEndian.AppendUint32(out, status)
		out = append(append(out, head[12:]...), reply...)
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

// submitted notes a submit_sm and returns its answer: what is not scripted is
// taken.
func (s *scriptedCentre) submitted(body []byte) (answer, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, string(body))
	s.n++
	var a answer
	if len(s.answers) > 0 {
		a, s.answers = s.answers[0], s.answers[1:]
	}
	if a.noID {
		return a, ""
	}
	return a, fmt.Sprintf("%04d", s.n)
}

// submits returns what was submitted.
func (s *scriptedCentre) submits() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.got...)
}
