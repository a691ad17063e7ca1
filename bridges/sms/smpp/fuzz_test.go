package smpp

import (
	"bytes"
	"net"
	"reflect"
	"testing"
	"time"
)

// seeds are whole PDUs.
func seeds(f *testing.F) [][]byte {
	return [][]byte{
		unhex(f, submitHex),
		appendBind(nil, &Config{SystemID: "me", Password: "pw"}, 1),
		appendBare(nil, cmdEnquireLink, OK, 1),
		appendBare(nil, cmdUnbind, OK, 2),
		appendBare(nil, cmdNack, InvalidLength, 0),
		appendDelivered(nil, cmdDeliver, OK, 3),
		end(append(begin(nil, cmdSubmit|response, OK, 1), "a1b2\x00"...), 0),
		end(append(begin(nil, cmdData, OK, 4), unhex(f, dataHex)...), 0),
		end(appendSM(begin(nil, cmdDeliver, OK, 4), submitted()), 0),
		unhex(f, "0000000f80000004000000000000000100"),
		unhex(f, "ffffffff80000004"),
	}
}

// However octets are cut, the same PDUs come out, and nothing beyond the limit
// is asked for.
func FuzzScan(f *testing.F) {
	var all []byte
	for _, s := range seeds(f) {
		f.Add(s, uint8(3))
		all = append(all, s...)
	}
	f.Add(all, uint8(5))
	f.Fuzz(func(t *testing.T, b []byte, cut uint8) {
		whole, rest, err := scanAll(b)
		for _, p := range whole {
			if again := end(append(begin(nil, p.command, p.status, p.sequence), p.body...), 0); !bytes.Contains(b, again) {
				t.Errorf("%x is not in the input", again)
			}
		}
		first, left, err1 := scanAll(b[:min(int(cut), len(b))])
		if err1 != nil {
			return
		}
		second, left, err2 := scanAll(append(bytes.Clone(left), b[min(int(cut), len(b)):]...))
		if !reflect.DeepEqual(append(first, second...), whole) || !bytes.Equal(left, rest) || (err2 == nil) != (err == nil) {
			t.Errorf("cut at %d: %v and %v, want %v", cut, first, second, whole)
		}
	})
}

func scanAll(b []byte) (all []pdu, rest []byte, err error) {
	for {
		p, size, err := scan(b)
		if err != nil || size == 0 {
			return all, b, err
		}
		all, b = append(all, p), b[size:]
	}
}

// What can be read and is written again is the same.
func FuzzDeliver(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s[min(headerSize, len(s)):])
	}
	f.Add([]byte("\x00\x01\x01123"))
	f.Fuzz(func(t *testing.T, body []byte) {
		var m SM
		if decodeSM(&m, body) != OK {
			return
		}
		if again := appendSM(nil, &m); !bytes.Equal(again, body) {
			t.Errorf("%+v: %x becomes %x", m, body, again)
		}
		if len((&DeliverSM{SM: m}).Fingerprint()) != 32 {
			t.Error("no fingerprint")
		}
	})
}

func FuzzData(f *testing.F) {
	f.Add(unhex(f, dataHex))
	f.Add(unhex(f, dataHex)[:20])
	f.Fuzz(func(t *testing.T, body []byte) {
		var m SM
		if decodeData(&m, body) != OK {
			return
		}
		if again := appendData(nil, &m); !bytes.Equal(again, body) {
			t.Errorf("%+v: %x becomes %x", m, body, again)
		}
		for _, p := range m.TLVs {
			m.TLVs.Get(p.Tag)
			m.TLVs.Uint(p.Tag)
			m.TLVs.CString(p.Tag)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte("a1b2\x00"))
	f.Add([]byte{})
	f.Add([]byte("\x00\x04\x24\x00\x00"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if id := decodeID(body); !bytes.HasPrefix(body, []byte(id)) || bytes.IndexByte([]byte(id), 0) >= 0 {
			t.Errorf("%x gives the id %q", body, id)
		}
	})
}

// Whatever a centre says, a session handles it: it counts right, answers in
// whole PDUs, holds no more than its bounds, and ends only for a length.
func FuzzSession(f *testing.F) {
	var all []byte
	for _, s := range seeds(f) {
		f.Add(s)
		all = append(all, s...)
	}
	f.Add(all)
	ours, theirs := net.Pipe()
	ours.Close()
	theirs.Close()
	c := New(Config{Log: discard}, &recorder{})
	f.Fuzz(func(t *testing.T, in []byte) {
		c.note.bound(bindRecord{stream: 1}, 0, 0, 1)
		w := &wire{under: &counted{Conn: ours}, sequence: 1}
		w.conn = w.under
		s := newSession(c, w, 1)
		for part := range byte(3) {
			r := <-s.free
			r.entry, _ = c.submits.claim(t.Context(), Ticket{Key: "x", Part: part})
			s.ask(r, submitted(), time.Time{})
			c.submits.release(r.entry, false)
		}
		defer c.Settled("x")
		defer c.submits.adopt(0, 0)
		used, err := s.handle(bytes.Clone(in))
		if err == nil && used > len(in) {
			t.Errorf("used %d of %d", used, len(in))
		}
		if s.ledger.queued != uint64(len(s.out)) {
			t.Errorf("%d octets counted, %d queued", s.ledger.queued, len(s.out))
		}
		if _, rest, err := scanAll(s.out); err != nil || len(rest) > 0 {
			t.Errorf("it would write %x, %v", s.out, err)
		}
		if open := len(s.ledger.asked) + len(s.free); open > c.cfg.Window {
			t.Errorf("%d places in a window of %d", open, c.cfg.Window)
		}
	})
}
