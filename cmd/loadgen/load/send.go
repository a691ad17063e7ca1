package load

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"causeway/cmd/loadgen/wire"
)

// fill sends as many texts as the window has room for, after it has given up
// those that waited too long.
func (r *runner) fill() error {
	for ; r.oldest < len(r.sent); r.oldest++ {
		if r.state[r.oldest] == Open {
			if r.now.Sub(r.began)-time.Duration(r.sent[r.oldest]) < r.Patience {
				break
			}
			r.underway--
			r.report.GivenUp++
		}
	}
	for r.underway < r.Window && r.more() {
		if err := r.text(len(r.sent)); err != nil {
			return err
		}
		if err := r.poke(); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) more() bool {
	if closed(r.Stop) || r.Rate > 0 && float64(len(r.sent)) >= r.Rate*r.now.Sub(r.began).Seconds() {
		return false
	}
	return (r.Count == 0 || len(r.sent) < r.Count) && (r.For == 0 || r.now.Sub(r.began) < r.For)
}

func (r *runner) text(n int) error {
	contact := r.Contacts[n%len(r.Contacts)]
	b := r.stanza(contact, "", n, n/len(r.Contacts))
	if err := r.cl.Write(b); err != nil {
		return err
	}
	r.sent = append(r.sent, int64(r.now.Sub(r.began)))
	r.state = append(r.state, Open)
	r.underway++
	if r.Sent != nil {
		r.Sent(n)
	}
	return nil
}

// poke sends a text to the stuck contacts when it is time for one.
func (r *runner) poke() error {
	total := len(r.Stuck) * r.StuckCount
	if total == 0 || r.stuck >= total || r.Count > 0 && r.stuck*r.Count > len(r.sent)*total {
		return nil
	}
	n := r.stuck
	r.stuck++
	if err := r.cl.Write(r.stanza(r.Stuck[n%len(r.Stuck)], "s", n, n/len(r.Stuck))); err != nil {
		return err
	}
	if r.SentStuck != nil {
		r.SentStuck(n)
	}
	return nil
}

// stanza builds a text; it is valid until the next call.
func (r *runner) stanza(to, prefix string, n, number int) []byte {
	b := append(r.scratch[:0], "<message type='chat' to='"...)
	b = append(b, to...)
	b = append(b, "' id='"...)
	b = append(b, r.Run...)
	b = append(b, '-')
	b = append(b, prefix...)
	b = strconv.AppendInt(b, int64(n), 10)
	b = append(b, "'><body>"...)
	b = AppendText(b, uint64(number), r.size(n))
	r.scratch = append(b, "</body><request xmlns='urn:xmpp:receipts'/></message>"...)
	return r.scratch
}

func (r *runner) size(n int) int {
	if r.LongEvery > 0 && n%r.LongEvery == r.LongEvery-1 {
		return r.LongSize
	}
	return r.Size
}

var filler = strings.Repeat("the quick brown fox jumps over the lazy dog ", 100)

// AppendText appends the body of text number, of about size characters, all of
// them in GSM 7-bit and none that XML escapes.
func AppendText(b []byte, number uint64, size int) []byte {
	start := len(b)
	b = append(b, '#')
	b = strconv.AppendUint(b, number, 10)
	b = append(b, ' ')
	if rest := size - (len(b) - start); rest > 0 {
		b = append(b, filler[:min(rest, len(filler))]...)
	}
	return b
}

// Number returns the number that a body starts with.
func Number(body []byte) (uint64, bool) {
	if len(body) < 2 || body[0] != '#' {
		return 0, false
	}
	var n uint64
	i := 1
	for ; i < len(body) && body[i] >= '0' && body[i] <= '9' && i < 18; i++ {
		n = n*10 + uint64(body[i]-'0')
	}
	return n, i > 1
}

// bare cuts the resource off a JID.
func bare(jid []byte) []byte {
	if n := bytes.IndexByte(jid, '/'); n >= 0 {
		return jid[:n]
	}
	return jid
}

// rawBody returns the text of a message as it came, entities and all.
func rawBody(raw []byte) []byte {
	c := wire.Child(raw, "body")
	if c == nil {
		return nil
	}
	for i, ch := range c {
		if ch == '>' {
			return c[i+1:]
		}
	}
	return nil
}
