package media

import (
	"bytes"
	"encoding/binary"
	"image"
	_ "image/gif"  // what people send
	_ "image/jpeg" // the same
	_ "image/png"  // the same
	"io"
	"strings"

	_ "golang.org/x/image/webp" // the same

	"causeway/bridges"
)

// maxLook bounds what is read to find the size of a picture, in bytes: before it a
// JPEG may have some blocks of 64 KiB about the camera.
const maxLook = 256 << 10

// Look reads the head of a file, and says in it what that shows: its type, which is
// claimed until then, and the size of a picture. It blocks until the head has come.
// Nothing of the file is lost: what was read is read again, and what went wrong is told
// to who reads that far.
func Look(c *bridges.Content) {
	h := &head{from: c.ReadCloser}
	_, _ = io.CopyN(io.Discard, h, sniffed) // h has the error
	first := h.read.Bytes()
	c.Type = kindOf(first, c.Type)
	c.Harmless, _ = judge(first, c.Type)
	if strings.HasPrefix(c.Type, "image/") {
		c.Width, c.Height = h.sides()
	}
	c.ReadCloser = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(&h.read, h.rest()), c.ReadCloser}
}

// head is a file of which what was read is kept.
type head struct {
	from io.Reader
	read bytes.Buffer
	err  error // what reading on begins with
}

// Read implements io.Reader.
func (h *head) Read(p []byte) (n int, err error) {
	if h.err != nil {
		return 0, h.err
	}
	n, h.err = h.from.Read(p)
	h.read.Write(p[:n])
	return n, h.err
}

// rest is what was not read.
func (h *head) rest() io.Reader {
	if h.err != nil {
		return h
	}
	return h.from
}

// sides returns the width and height of a picture as it is shown; 0: unknown.
func (h *head) sides() (width, height int) {
	c, form, err := image.DecodeConfig(io.LimitReader(io.MultiReader(bytes.NewReader(h.read.Bytes()), h), maxLook))
	switch {
	case err != nil || c.Width < 1 || c.Height < 1:
		return 0, 0
	case form == "jpeg" && turned(h.read.Bytes()):
		return c.Height, c.Width
	}
	return c.Width, c.Height
}

// turned tells whether a JPEG lies on its side, as most cameras write those that were
// taken upright (Exif 2.3, 4.6.4, Orientation).
func turned(head []byte) bool {
	_, exif, _ := bytes.Cut(head, []byte("Exif\x00\x00"))
	if len(exif) < 8 {
		return false
	}
	var order binary.ByteOrder = binary.BigEndian
	if exif[0] == 'I' {
		order = binary.LittleEndian
	}
	at := uint64(order.Uint32(exif[4:]))
	if at+2 > uint64(len(exif)) {
		return false
	}
	const entry, orientation = 12, 0x0112
	exif = exif[at:]
	for n, left := order.Uint16(exif), exif[2:]; n > 0 && len(left) >= entry; n, left = n-1, left[entry:] {
		if order.Uint16(left) == orientation {
			turn := order.Uint16(left[8:])
			return turn >= 5 && turn <= 8
		}
	}
	return false
}
