package media

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// drawn is a picture of 30 by 40 pixels.
func drawn(t testing.TB, encode func(io.Writer, image.Image) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, image.NewPaletted(image.Rect(0, 0, 30, 40), color.Palette{color.Black})); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func asJPEG(w io.Writer, i image.Image) error { return jpeg.Encode(w, i, nil) }
func asGIF(w io.Writer, i image.Image) error  { return gif.Encode(w, i, nil) }

// behind is a JPEG with blocks of the camera's before all else.
func behind(jpeg string, blocks ...string) string {
	for _, b := range blocks {
		n := len(b) + 2
		jpeg = jpeg[:2] + "\xff\xe1" + string([]byte{byte(n >> 8), byte(n)}) + b + jpeg[2:]
	}
	return jpeg
}

// The three forms of WebP: with loss, without, and with what one can look through.
const (
	webp  = "RIFF4\x00\x00\x00WEBPVP8 (\x00\x00\x00\xf0\x02\x00\x9d\x01*\x1e\x00(\x00?\xcd\xe6\xedp?\xb82+%h\x03\xf09\x89i\x00\x00)Cm\xf0\x00\xfe\xe9\xdd\x00\x00\x00\x00"
	webpL = "RIFF\x1a\x00\x00\x00WEBPVP8L\x0e\x00\x00\x00/\x1d\xc0\t\x00\x07\x10\x11\xfd\x0fDD\xff\x03"
	webpX = "RIFF^\x00\x00\x00WEBPVP8X\n\x00\x00\x00\x10\x00\x00\x00\x1d\x00\x00'\x00\x00ALPH\x0f\x00\x00\x00\x01\x07@ i\x8b\xb7\xfd\x11\x11GD\xf4?\x00\x00"
)

// The orientations of Exif that leave a picture upright, and lay it on its side.
const (
	upright = "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x02\x01\x00\x00\x03\x00\x00\x00\x01\x00\x05\x00\x00\x01\x12\x00\x03\x00\x00\x00\x01\x00\x03\x00\x00"
	onSide  = "Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"
)

type looked struct {
	claimed, data, is, harmless string
	width, height               int
}

func lookedAt(t testing.TB) map[string]looked {
	const binary, page = "\x00\x01\x02\x03", "<!DOCTYPE html><script>alert(1)</script>"
	const svg, office = "<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "application/vnd.oasis.opendocument.text"
	p, j := drawn(t, png.Encode), drawn(t, asJPEG)
	large := strings.Repeat("x", 65_000)
	return map[string]looked{
		"PNG":                           {"", p, "image/png", "image/png", 30, 40},
		"PNG of no type":                {unknown, p, "image/png", "image/png", 30, 40},
		"PNG that says JPEG":            {"image/jpeg", p, "image/png", "image/png", 30, 40},
		"PNG that says page":            {"text/html", p, "image/png", "image/png", 30, 40},
		"PNG that is none":              {"image/png", "\x89PNG\r\n\x1a\n....", "image/png", "image/png", 0, 0},
		"JPEG":                          {"", j, "image/jpeg", "image/jpeg", 30, 40},
		"JPEG, upright":                 {"", behind(j, upright), "image/jpeg", "image/jpeg", 30, 40},
		"JPEG on its side":              {"", behind(j, onSide), "image/jpeg", "image/jpeg", 40, 30},
		"JPEG with Exif that ends":      {"", behind(j, onSide[:16]), "image/jpeg", "image/jpeg", 30, 40},
		"JPEG with Exif that points on": {"", behind(j, "Exif\x00\x00MM\x00*\xff\xff\xff\xff"), "image/jpeg", "image/jpeg", 30, 40},
		"JPEG behind much":              {"", behind(j, large, large), "image/jpeg", "image/jpeg", 30, 40},
		"JPEG behind too much":          {"", behind(j, large, large, large, large, large), "image/jpeg", "image/jpeg", 0, 0},
		"GIF":                           {"", drawn(t, asGIF), "image/gif", "image/gif", 30, 40},
		"WebP":                          {"", webp, "image/webp", "image/webp", 30, 40},
		"WebP without loss":             {"", webpL, "image/webp", "image/webp", 30, 40},
		"WebP with more":                {"", webpX, "image/webp", "image/webp", 30, 40},
		"a page":                        {"text/html", page, "text/html", unknown, 0, 0},
		"a page of no type":             {"", page, "text/html", unknown, 0, 0},
		"a page that says PNG":          {"image/png", page, "text/html", unknown, 0, 0},
		"SVG":                           {"image/svg+xml", svg, "image/svg+xml", unknown, 0, 0},
		"XHTML":                         {"application/xhtml+xml", svg, "application/xhtml+xml", unknown, 0, 0},
		"a script":                      {"text/javascript", "alert(1)", "text/javascript", unknown, 0, 0},
		"text":                          {"", "hello", "text/plain", "text/plain", 0, 0},
		"PDF":                           {"", "%PDF-1.7", "application/pdf", "application/pdf", 0, 0},
		"a document in a ZIP":           {office, "PK\x03\x04....", office, unknown, 0, 0},
		"a ZIP":                         {"", "PK\x03\x04....", "application/zip", unknown, 0, 0},
		"Ogg of no type":                {"", "OggS\x00\x02 OpusHead", "audio/ogg", "audio/ogg", 0, 0},
		"a film in Ogg":                 {"", "OggS\x00\x02 \x80theora", "video/ogg", "video/ogg", 0, 0},
		"a voice in Ogg":                {"audio/ogg", "OggS\x00\x02 OpusHead", "audio/ogg", "audio/ogg", 0, 0},
		"Matroska":                      {"video/x-matroska", "\x1aE\xdf\xa3....", "video/x-matroska", "video/webm", 0, 0},
		"MPEG-4":                        {"", "\x00\x00\x00\x18ftypmp42....mp42isom", "video/mp4", "video/mp4", 0, 0},
		"MPEG-4, by its brand":          {"", "\x00\x00\x00\x18ftypisom....isom", "video/mp4", "video/mp4", 0, 0},
		"MPEG-4 with sound only":        {"", "\x00\x00\x00\x18ftypM4A ....mp42isom", "audio/mp4", "audio/mp4", 0, 0},
		"a voice in MPEG-4":             {"audio/mp4", "\x00\x00\x00\x18ftypmp42....mp42isom", "audio/mp4", "audio/mp4", 0, 0},
		"a voice in 3GP":                {"audio/3gpp", "\x00\x00\x00\x18ftyp3gp4....3gp4", "audio/3gpp", "video/3gpp", 0, 0},
		"a film of a telephone":         {unknown, "\x00\x00\x00\x18ftypqt  ....qt  ", "video/quicktime", "video/quicktime", 0, 0},
		"HEIC":                          {"", "\x00\x00\x00\x18ftypheic....mif1heic", "image/heic", "image/heic", 0, 0},
		"MP3":                           {"audio/mpeg", "ID3\x03", "audio/mpeg", "audio/mpeg", 0, 0},
		"what cannot be seen":           {"audio/aac", binary, "audio/aac", "audio/aac", 0, 0},
		"strange":                       {"application/x-strange", binary, "application/x-strange", unknown, 0, 0},
		"unknown":                       {"", binary, unknown, unknown, 0, 0},
		"nothing":                       {"image/png", "", "text/plain", "text/plain", 0, 0},
	}
}

// xeps.md 0446: what nobody says is seen, and what is said wrong, too; all of the file
// is read after it.
func TestLook(t *testing.T) {
	for name, c := range lookedAt(t) {
		t.Run(name, func(t *testing.T) {
			file := content(strings.NewReader(c.data), int64(len(c.data)), c.claimed)
			Look(file)
			if file.Type != c.is || file.Harmless != c.harmless || file.Width != c.width || file.Height != c.height {
				t.Errorf("it is %s, given away as %s, of %d by %d pixels", file.Type, file.Harmless, file.Width, file.Height)
			}
			if got, err := io.ReadAll(file); err != nil || string(got) != c.data {
				t.Errorf("%d bytes are left of %d, %v", len(got), len(c.data), err)
			}
		})
	}
}

// What goes wrong in the head is told to the reader, and only there.
func TestLookAtBroken(t *testing.T) {
	broken, p := errors.New("broken"), drawn(t, png.Encode)
	for _, n := range []int{0, 4, 20, len(p)} {
		file := content(io.MultiReader(iotest.OneByteReader(strings.NewReader(p[:n])), iotest.ErrReader(broken)), int64(len(p)), "image/png")
		Look(file)
		if got, err := io.ReadAll(file); !errors.Is(err, broken) || string(got) != p[:n] {
			t.Errorf("%d bytes of %d, %v", len(got), n, err)
		}
	}
}

// However large the file is, little of it is looked at, and closing it closes it.
func TestLookAtLarge(t *testing.T) {
	closed := false
	from := &counter{Reader: io.MultiReader(strings.NewReader("\xff\xd8"), strings.NewReader(strings.Repeat("\xff\xe1\xff\xff"+strings.Repeat("x", 65533), 20)))}
	file := content(from, -1, "")
	file.ReadCloser = struct {
		io.Reader
		io.Closer
	}{from, closer(func() error { closed = true; return nil })}
	Look(file)
	if from.n > maxLook+4<<10 {
		t.Errorf("%d bytes were read", from.n)
	}
	if err := file.Close(); err != nil || !closed {
		t.Errorf("it is open, %v", err)
	}
}

// counter counts what is read of it.
type counter struct {
	io.Reader
	n int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

type closer func() error

func (c closer) Close() error { return c() }

// FuzzLook: whatever comes, nothing of it is lost, and no page is harmless.
func FuzzLook(f *testing.F) {
	for _, c := range lookedAt(f) {
		f.Add(c.claimed, []byte(c.data))
	}
	f.Fuzz(func(t *testing.T, claimed string, data []byte) {
		file := content(bytes.NewReader(data), int64(len(data)), claimed)
		Look(file)
		if got, err := io.ReadAll(file); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%q of %q, %v", got, data, err)
		}
		if h := file.Harmless; !inline[h] && h != unknown && h != "text/plain" && h != "application/pdf" {
			t.Errorf("%q is harmless", h)
		}
	})
}
