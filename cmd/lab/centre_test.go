package lab_test

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"causeway/cmd/lab"
)

const someone, user = "12025550100", "12025550199"

func TestCentres(t *testing.T) {
	for name, with := range lab.Centres {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := lab.StartCentre(t, with, "secret")
			if status := c.Text(someone, user, "nobody is bound"); status != -1 {
				t.Errorf("status %d", status)
			}
			if err := c.Stop(); err != nil {
				t.Error(err)
			}
			c.Restart("secret")
			c.None()
		})
	}
}

// TestCentreDeliversOverTheBindThatWasMeant: else what was on its way to a centre
// when a client bound anew would overtake what is delivered again.
func TestCentreDeliversOverTheBindThatWasMeant(t *testing.T) {
	for name, with := range lab.Centres {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := lab.StartCentre(t, with, "secret")
			first := newBind(t, c)
			second := newBind(t, c)
			c.Tell(delivery(first.number, "first"))
			if status := c.Next("answer").Status; status != -1 {
				t.Errorf("a text for the first bind: status %d", status)
			}
			c.Tell(delivery(second.number, "second"))
			second.answer(t)
			if status := c.Next("answer").Status; status != 0 {
				t.Errorf("a text for the second bind: status %d", status)
			}
			c.Kill()
			c.Restart("secret")
			third := newBind(t, c)
			if third.number == first.number || third.number == second.number {
				t.Errorf("after %d and %d comes bind %d", first.number, second.number, third.number)
			}
		})
	}
}

func delivery(bind int, text string) map[string]any {
	return map[string]any{"do": "text", "tag": 1, "bind": bind, "from": someone, "to": user, "text": text, "coding": 0}
}

// bind is one at a centre, with its number there.
type bind struct {
	net.Conn
	number int
}

func newBind(t *testing.T, c *lab.Centre) bind {
	t.Helper()
	conn, err := net.Dial("tcp", c.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(time.Minute))
	b := bind{conn, 0}
	b.send(t, 9, 1, "me\x00secret\x00\x00\x34\x00\x00\x00") // bind_transceiver
	if command, _ := b.read(t); command != 0x80000009 {
		t.Fatalf("%#x answers the bind", command)
	}
	b.number = c.Next("bound").Bind
	return b
}

// answer answers a deliver_sm, the next that comes.
func (b bind) answer(t *testing.T) {
	t.Helper()
	command, sequence := b.read(t)
	if command != 5 {
		t.Fatalf("%#x comes", command)
	}
	b.send(t, 0x80000005, sequence, "\x00")
}

// send writes a PDU (SMPP v3.4, 3.2).
func (b bind) send(t *testing.T, command, sequence uint32, body string) {
	t.Helper()
	p := binary.BigEndian.AppendUint32(nil, uint32(16+len(body)))
	for _, field := range []uint32{command, 0, sequence} {
		p = binary.BigEndian.AppendUint32(p, field)
	}
	if _, err := b.Write(append(p, body...)); err != nil {
		t.Fatal(err)
	}
}

// read reads a PDU.
func (b bind) read(t *testing.T) (command, sequence uint32) {
	t.Helper()
	head := make([]byte, 16)
	if _, err := io.ReadFull(b, head); err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, b, int64(binary.BigEndian.Uint32(head))-16); err != nil {
		t.Fatal(err)
	}
	return binary.BigEndian.Uint32(head[4:]), binary.BigEndian.Uint32(head[12:])
}
