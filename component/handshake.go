package component

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	mellium "mellium.im/xmpp/component"
	"mellium.im/xmpp/jid"

	"causeway/bridges/takeover"
	"causeway/component/stanza"
)

const (
	maxHandshake     = 64 << 10 // bytes from the server before it is refused
	handshakeTimeout = 30 * time.Second
)

// errNoID is how Openfire says that the domain is taken: a stream header
// without id, then end of file (xmpp-servers.md 3.3a).
var errNoID = &stanza.StreamError{Condition: "conflict", Text: "the server's stream header has no id"}

// handshake is what mellium reads and writes while it opens the stream. It
// hands over the bytes in pieces that end with '>', and takes no more from the
// connection, because mellium buffers: all behind the handshake is ours.
type handshake struct {
	conn      net.Conn
	src       takeover.Source
	piece     []byte
	in        bytes.Buffer // all bytes so far
	out, sent int          // bytes and calls written
	refused   bool         // the server's header has no id
	buf       [4096]byte
}

// Read returns bytes up to the next '>' at most.
func (h *handshake) Read(p []byte) (int, error) {
	for len(h.piece) == 0 {
		if err := h.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, h.piece)
	h.piece = h.piece[n:]
	return n, nil
}

func (h *handshake) next() error {
	n, err := h.src.Peek(h.buf[:])
	if err != nil {
		return err
	}
	before := bytes.TrimRight(h.in.Bytes(), " \t\r\n")
	fresh := len(before) == 0 || before[len(before)-1] == '>'
	if i := bytes.IndexByte(h.buf[:n], '>'); i >= 0 {
		n = i + 1
	}
	if err := h.src.Consume(h.buf[:n]); err != nil {
		return err
	}
	h.piece = h.buf[:n]
	if fresh { // mellium refuses white space between the elements
		h.piece = bytes.TrimLeft(h.piece, " \t\r\n")
	}
	h.in.Write(h.buf[:n])
	if h.in.Len() > maxHandshake {
		return errors.New("component: the server's handshake is too long")
	}
	return nil
}

// Write lets the stream header pass, and the digest only when the server's
// header has an id (xeps.md 0114.2). A header without one comes before a refusal:
// Prosody's says why. So a digest that is not written tells nothing yet, nor
// does one that cannot be written because the server has closed.
func (h *handshake) Write(p []byte) (int, error) {
	if h.sent++; h.sent == 1 {
		n, err := h.conn.Write(p)
		h.out += n
		return n, err
	}
	if h.refused = headerID(h.in.Bytes()) == ""; h.refused {
		return len(p), nil
	}
	n, err := h.conn.Write(p)
	h.out += n
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return n, err
	}
	return len(p), nil
}

// headerID returns the id of a stream header.
func headerID(b []byte) string {
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		t, err := d.Token()
		if err != nil {
			return ""
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range start.Attr {
			if a.Name.Space == "" && a.Name.Local == "id" {
				return a.Value
			}
		}
		return ""
	}
}

// shake opens the stream and returns how many bytes were read and written. The
// next byte of src is the first behind the server's <handshake/>.
func (l *Link) shake(ctx context.Context, conn net.Conn, src takeover.Source) (in, out uint64, err error) {
	addr, err := jid.Parse(l.c.Domain)
	if err != nil {
		return 0, 0, err
	}
	_ = conn.SetDeadline(time.Now().Add(handshakeTimeout))
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	h := &handshake{conn: conn, src: src}
	_, err = mellium.NewSession(ctx, addr, []byte(l.c.Secret), h)
	if !stop() {
		return 0, 0, context.Cause(ctx)
	}
	if err != nil {
		return 0, 0, h.explain(asStreamError(err))
	}
	return uint64(h.in.Len()), uint64(h.out), conn.SetDeadline(time.Time{})
}

func (h *handshake) explain(err error) error {
	var said *stanza.StreamError
	switch {
	case h.refused && !errors.As(err, &said):
		return errNoID
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case h.in.Len() == 0:
		return fmt.Errorf("component: the server closed the connection without a word: %w", err)
	}
	return fmt.Errorf("component: the server closed the connection in the handshake: %w", err)
}
