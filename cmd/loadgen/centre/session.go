package centre

import (
	"bufio"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"
)

// session is one connection of a client.
type session struct {
	centre *Centre
	conn   net.Conn
	in     *bufio.Reader

	mu   sync.Mutex
	out  []byte
	seq  uint32
	sent map[uint32]uint64 // deliver_sm under way: sequence number to delivery
	wake chan struct{}
	done chan struct{}
}

func newSession(c *Centre, conn net.Conn) *session {
	return &session{
		centre: c, conn: conn, in: bufio.NewReaderSize(conn, 64<<10),
		sent: map[uint32]uint64{}, wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
}

func (s *session) read() {
	defer close(s.done)
	defer s.conn.Close()
	defer s.centre.gone(s)
	var buf []byte
	for {
		var p pdu
		var err error
		if p, buf, err = readPDU(s.in, buf); err != nil {
			return
		}
		if !s.handle(p) {
			s.flush()
			return
		}
		if s.in.Buffered() == 0 {
			s.flush()
		}
	}
}

// handle answers one PDU and tells whether the session goes on.
func (s *session) handle(p pdu) bool {
	switch p.command {
	case bindReceiver, bindTransmit, bindTransceive:
		return s.bind(p)
	case submitSM:
		s.submit(p)
	case deliverSM | response:
		s.mu.Lock()
		id, ok := s.sent[p.seq]
		delete(s.sent, p.seq)
		s.mu.Unlock()
		if ok {
			s.centre.answered(id, p.status)
		}
	case enquireLink:
		s.send(enquireLink|response, 0, p.seq, nil)
	case unbind:
		s.send(unbind|response, 0, p.seq, nil)
	case enquireLink | response, genericNack:
	default:
		s.send(genericNack, badCommand, p.seq, nil)
	}
	return true
}

func (s *session) bind(p pdu) bool {
	c := cut{rest: p.body}
	c.string()
	if want := s.centre.config.Password; string(c.string()) != want && want != "" {
		s.send(p.command|response, badPassword, p.seq, nil)
		return false
	}
	s.send(p.command|response, 0, p.seq, []byte("centre\x00"))
	if p.command != bindTransmit {
		s.centre.takes(s)
	}
	return true
}

func (s *session) submit(p pdu) {
	t, err := parseText(p.body)
	if err != nil {
		s.send(genericNack, badCommand, p.seq, nil)
		return
	}
	id, status := s.centre.accepted(t)
	switch status {
	case Silent:
	case 0:
		s.send(submitSM|response, 0, p.seq, append([]byte(id), 0))
		if t.registered&1 != 0 {
			s.centre.receipt(string(t.source), string(t.dest), id)
		}
	default:
		s.send(submitSM|response, status, p.seq, nil)
	}
}

// send queues a PDU.
func (s *session) send(command, status, seq uint32, body []byte) {
	s.mu.Lock()
	s.out = appendPDU(s.out, command, status, seq, body)
	s.mu.Unlock()
}

// say queues bytes that are no PDU.
func (s *session) say(b []byte) {
	s.mu.Lock()
	s.out = append(s.out, b...)
	s.mu.Unlock()
	s.flush()
}

// deliver queues a deliver_sm.
func (s *session) deliver(id uint64, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq = s.seq%0x7FFFFFFF + 1
	s.sent[s.seq] = id
	s.out = appendPDU(s.out, deliverSM, 0, s.seq, body)
}

func (s *session) flush() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *session) write() {
	var busy []byte
	for {
		select {
		case <-s.wake:
		case <-s.done:
			return
		}
		s.mu.Lock()
		busy, s.out = s.out, busy[:0]
		s.mu.Unlock()
		s.conn.SetWriteDeadline(time.Now().Add(time.Minute))
		if _, err := s.conn.Write(busy); err != nil {
			s.conn.Close()
			return
		}
	}
}

// receiptText is the body of a delivery receipt (SMPP v3.4, appendix B).
func receiptText(id string, delivered bool) []byte {
	state, count, code := "DELIVRD", "001", "000"
	if !delivered {
		state, count, code = "UNDELIV", "000", "001"
	}
	now := time.Now().UTC().Format("0601021504")
	return fmt.Appendf(nil, "id:%s sub:001 dlvrd:%s submit date:%s done date:%s stat:%s err:%s text:", id, count, now, now, state, code)
}

func messageID(n uint64) string {
	id := strconv.FormatUint(n, 16)
	return "00000000"[:max(0, 8-len(id))] + id
}
