package picture

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"
)

// noise is a picture that no PNG makes small.
func noise(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		img.Pix[i] = uint8(r.Uint32())
	}
	return img
}

func encoded(t testing.TB, form string, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	switch form {
	case "jpeg":
		err = jpeg.Encode(&b, img, nil)
	case "gif":
		err = gif.Encode(&b, img, nil)
	default:
		err = png.Encode(&b, img)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// claims is the head of a PNG of that size, without the pixels.
func claims(w, h uint32) []byte {
	head := []byte("IHDR")
	head = binary.BigEndian.AppendUint32(head, w)
	head = binary.BigEndian.AppendUint32(head, h)
	head = append(head, 8, 6, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	b = append(b, head...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(head))
}

func check(t testing.TB, p *Picture) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(p.Data))
	if err != nil {
		t.Fatal(err)
	}
	size, sum := img.Bounds().Size(), sha1.Sum(p.Data)
	if size.X > Largest || size.Y > Largest || len(p.Data) > Longest || p.Bytes != len(p.Data) ||
		size != image.Pt(p.Width, p.Height) || p.ID != hex.EncodeToString(sum[:]) {
		t.Errorf("0084.3, .9: %v, %d bytes, %+v", size, len(p.Data), p.Info)
	}
	return img
}

func TestConvert(t *testing.T) {
	for name, c := range map[string]struct {
		data          []byte
		width, height int // 0: an error
	}{
		"small PNG":             {encoded(t, "png", noise(48, 32)), 48, 32},
		"JPEG":                  {encoded(t, "jpeg", image.NewGray(image.Rect(0, 0, 512, 256))), 256, 128},
		"GIF":                   {encoded(t, "gif", image.NewGray(image.Rect(0, 0, 3, 300))), 2, 256},
		"one pixel high":        {encoded(t, "png", image.NewGray(image.Rect(0, 0, 2000, 1))), 256, 1},
		"0084.9 no PNG of it":   {encoded(t, "png", noise(256, 256)), 108, 108},
		"0084.9 largest":        {encoded(t, "png", image.NewGray(image.Rect(0, 0, 2048, 2048))), 256, 256},
		"0084.9 larger":         {encoded(t, "png", image.NewGray(image.Rect(0, 0, 2049, 2048))), 0, 0},
		"0084.9 claims a lot":   {claims(1<<30, 1<<30), 0, 0},
		"claims without pixels": {claims(100, 100), 0, 0},
		"too long":              {append(encoded(t, "png", noise(4, 4)), make([]byte, longestSource)...), 0, 0},
		"cut off":               {encoded(t, "png", noise(48, 32))[:1000], 0, 0},
		"something else":        {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), 0, 0},
		"nothing":               {nil, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Convert(c.data)
			switch {
			case c.width == 0 && err == nil:
				t.Errorf("became %+v", p.Info)
			case c.width == 0:
			case err != nil:
				t.Error(err)
			case p.Width != c.width || p.Height != c.height:
				t.Errorf("%d by %d", p.Width, p.Height)
			default:
				check(t, p)
			}
		})
	}
}

// TestAverage: each pixel is the mean of those that it stands for, also where
// they shine through.
func TestAverage(t *testing.T) {
	img := image.NewNRGBA(image.Rect(10, 10, 10+2*Largest, 10+2*Largest))
	for x := range 2 * Largest {
		for y := range 2 * Largest {
			img.SetNRGBA(10+x, 10+y, color.NRGBA{uint8(200 * (x % 2)), 100, 0, uint8(255 * (y % 2))})
		}
	}
	p, err := Convert(encoded(t, "png", img))
	if err != nil {
		t.Fatal(err)
	}
	got := color.NRGBAModel.Convert(check(t, p).At(7, 7)).(color.NRGBA)
	if got.R < 99 || got.R > 101 || got.G < 99 || got.G > 101 || got.B != 0 || got.A != 128 {
		t.Errorf("%v", got)
	}
}

// FuzzConvert: what strangers send becomes a picture that fits, or an error.
func FuzzConvert(f *testing.F) {
	f.Add(encoded(f, "png", noise(4, 4)))
	f.Add(encoded(f, "jpeg", noise(9, 8)))
	f.Add(encoded(f, "gif", image.NewGray(image.Rect(0, 0, 5, 5))))
	f.Add(claims(70000, 60))
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := Convert(data); err == nil {
			check(t, p)
		}
	})
}
