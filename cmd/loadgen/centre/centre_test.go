package centre

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"
)

// phone is a client of a centre that answers what the test tells it to.
type phone struct {
	t    *testing.T
	conn net.Conn
	buf  []byte
}

func dial(t *testing.T, c *Centre) *phone {
	conn, err := net.Dial("tcp", c.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	p := &phone{t: t, conn: conn}
	p.send(bindTransceive, 0, 1, []byte("id\x00secret\x00\x00\x34\x00\x00\x00"))
	if got := p.next(bindTransceive | response); got.status != 0 {
		t.Fatalf("bind status %#x", got.status)
	}
	return p
}

func (p *phone) send(command, status, seq uint32, body []byte) {
	p.t.Helper()
	if _, err := p.conn.Write(appendPDU(nil, command, status, seq, body)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *phone) next(command uint32) pdu {
	p.t.Helper()
	got, buf, err := readPDU(p.conn, p.buf)
	p.buf = buf
	if err != nil || got.command != command {
		p.t.Fatalf("got %#x %v, want %#x", got.command, err, command)
	}
	return got
}

// submit returns the body of a submit_sm.
func submit(dest string, esmClass byte, message string) []byte {
	b := append([]byte("\x00\x01\x0119\x00\x01\x01"), dest...)
	b = append(b, 0, esmClass, 0, 0, 0, 0, 1, 0, 0, 0, byte(len(message)))
	return append(b, message...)
}

func listen(t *testing.T, c Config) *Centre {
	ce, err := Listen("127.0.0.1:0", c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ce.Close() })
	return ce
}

func TestSubmit(t *testing.T) {
	ce := listen(t, Config{Password: "secret", Track: true, Stuck: map[string]uint32{"66": 0x14}})
	p := dial(t, ce)
	p.send(submitSM, 0, 2, submit("55", 0, "#0 short"))
	if got := p.next(submitSM | response); got.status != 0 || string(got.body) != "00000001\x00" {
		t.Errorf("answer %#x %q", got.status, got.body)
	}
	if got := p.next(deliverSM); !bytes.Contains(got.body, []byte("id:00000001 sub:001 dlvrd:001")) {
		t.Errorf("receipt %q", got.body)
	}
	p.send(submitSM, 0, 3, submit("66", 0, "#0 never"))
	if got := p.next(submitSM | response); got.status != 0x14 {
		t.Errorf("stuck: %#x", got.status)
	}
	for part, text := range []string{"#1 long", "rest"} {
		p.send(submitSM, 0, 4, submit("55", udhi, "\x05\x00\x03\x07\x02"+string(rune(part+1))+text))
		p.next(submitSM | response)
		p.next(deliverSM)
	}
	p.send(submitSM, 0, 5, submit("55", udhi, "\x05\x00\x03\x08\x02\x01#2 half"))
	p.next(submitSM | response)
	for id, want := range map[string]uint64{"00000001": 0, "00000003": 1, "00000005": 1, "00000007": 2} {
		if conversation, n, ok := ce.Place(id); conversation != "19>55" || n != want || !ok {
			t.Errorf("%s is text %d of %q, %v", id, n, conversation, ok)
		}
	}
	if _, _, ok := ce.Place("00000002"); ok {
		t.Error("the id of no text has a place")
	}
	if got := ce.Texts.Totals(); got.Texts != 2 || got.Missing+got.Again+got.Late > 0 {
		t.Errorf("texts %+v", got)
	}
	if got := ce.Incomplete(); len(got) != 1 || got[0] != (Incomplete{"19>55", 2, true}) {
		t.Errorf("incomplete %+v", got)
	}
}

func TestMoveAgainAfterReconnect(t *testing.T) {
	ce := listen(t, Config{})
	done := make(chan error, 1)
	p := dial(t, ce)
	go func() {
		_, err := ce.Move(context.Background(), Movement{From: []string{"55"}, To: []string{"19"}, Count: 3, Size: 20, Window: 10, LongEvery: 3, LongSize: 200})
		done <- err
	}()
	for range 4 {
		got := p.next(deliverSM)
		if got.seq == 1 {
			p.send(deliverSM|response, 0, got.seq, []byte{0})
		}
	}
	for ce.Stats().Moved == 0 { // the answer is on its way
		p.send(enquireLink, 0, 9, nil)
		p.next(enquireLink | response)
	}
	p.conn.Close()
	p = dial(t, ce)
	for _, want := range []string{"#1 ", "#2 ", "lazy dog"} {
		got := p.next(deliverSM)
		if !bytes.Contains(got.body, []byte(want)) {
			t.Errorf("delivered again %q, want %q", got.body, want)
		}
		p.send(deliverSM|response, 0, got.seq, []byte{0})
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := ce.Stats(); got.Moved != 4 || got.Redelivery != 3 || got.Binds != 2 {
		t.Errorf("stats %+v", got)
	}
}
