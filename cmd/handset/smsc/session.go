package smsc

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

const (
	bindTime   = 30 * time.Second
	idleTime   = 5 * time.Minute // clients ask "are you there" more often
	writeTime  = 10 * time.Second
	answerTime = 20 * time.Second
)

// session is one connection of a client.
type session struct {
	centre  *Centre
	conn    net.Conn
	bound   bool // only used by serve
	gone    chan struct{}
	answers chan pdu // deliver_sm_resp

	mu   sync.Mutex
	last uint32 // sequence number
}

// serve reads until the connection ends.
func (s *session) serve() {
	defer s.centre.left(s)
	defer close(s.gone)
	defer s.conn.Close()
	log := s.centre.config.Log.With("client", s.conn.RemoteAddr().String())
	s.conn.SetReadDeadline(time.Now().Add(bindTime))
	for {
		p, err := read(s.conn)
		if err == nil {
			err = s.handle(p)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				log.Warn("the connection ends", "err", err)
			}
			return
		}
		if s.bound {
			s.conn.SetReadDeadline(time.Now().Add(idleTime))
		}
	}
}

func (s *session) write(p pdu) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn.SetWriteDeadline(time.Now().Add(writeTime))
	_, err := s.conn.Write(p.bytes())
	return err
}

func (s *session) handle(p pdu) error {
	switch p.command {
	case cmdBindTransceiver, cmdBindReceiver, cmdBindTransmitter:
		return s.bind(p)
	case cmdEnquireLink:
		return s.write(p.answer(statusOK, nil))
	case cmdUnbind:
		return errors.Join(s.write(p.answer(statusOK, nil)), io.EOF)
	case cmdSubmit:
		return s.submit(p)
	case cmdDeliver | cmdReply:
		select {
		case s.answers <- p:
		default: // nobody waits for it
		}
		return nil
	}
	if p.command&cmdReply != 0 {
		return nil
	}
	return s.write(pdu{command: cmdNack, status: statusBadCommand, sequence: p.sequence})
}

func (s *session) bind(p pdu) error {
	f := fields{rest: p.body}
	id, password := f.text(), f.text()
	if f.err != nil {
		return s.write(p.answer(statusBadLength, nil))
	}
	if !s.centre.admits(id, password) {
		return errors.Join(s.write(p.answer(statusBadPassword, nil)), fmt.Errorf("%q: wrong system_id or password", id))
	}
	if err := s.write(p.answer(statusOK, []byte("handset\x00"))); err != nil {
		return err
	}
	s.bound = true
	if p.command != cmdBindTransmitter {
		s.centre.bind(s)
	}
	return nil
}

func (s *session) submit(p pdu) error {
	if !s.bound {
		return s.write(p.answer(statusNotBound, nil))
	}
	m, err := parseShort(p.body)
	if err != nil {
		return s.write(p.answer(statusBadLength, nil))
	}
	if m.to.digits == "" {
		return s.write(p.answer(statusBadNumber, nil))
	}
	return s.centre.take(m, func(id string) error {
		return s.write(p.answer(statusOK, append([]byte(id), 0)))
	})
}

// deliver sends a message and waits for the client's answer. An error means
// that the message may go to the next session.
func (s *session) deliver(m short) (status uint32, err error) {
	s.mu.Lock()
	s.last++
	sequence := s.last
	s.mu.Unlock()
	if err := s.write(pdu{command: cmdDeliver, sequence: sequence, body: m.body()}); err != nil {
		s.conn.Close()
		return 0, err
	}
	late := time.NewTimer(answerTime)
	defer late.Stop()
	for {
		select {
		case p := <-s.answers:
			if p.sequence == sequence {
				return p.status, nil
			}
		case <-s.gone:
			return 0, io.ErrUnexpectedEOF
		case <-late.C:
			s.conn.Close()
			return 0, errors.New("the client does not answer")
		}
	}
}
