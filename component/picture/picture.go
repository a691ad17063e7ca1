// Package picture makes the small pictures (PNG) of people: of their own ones,
// or for who has none a badge of letters on a colour. It knows nothing of XMPP.
package picture

import (
	"bytes"
	"crypto/sha1" // XEP-0084 and XEP-0153 name pictures by it
	"encoding/hex"
	"image"
	"image/color"
	"image/png"
)

// Size is the width and height of a badge in pixels; XEP-0153 asks for 32 to 96.
const Size = 64

// Colours is the number of colours that badges have.
const Colours = 8

// Picture is a PNG. It is read only.
type Picture struct {
	Info
	Data []byte
}

// Info is what one has to know of a Picture to ask for it.
type Info struct {
	// ID is the SHA-1 of its data in lower-case hexadecimal digits.
	ID            string
	Bytes         int // of its data
	Width, Height int // in pixels
}

// ink is the colour of the letters; on each of colours they have a contrast of
// 4.5 to 1 or more.
var ink = color.RGBA{0xff, 0xff, 0xff, 0xff}

var colours = [Colours]color.RGBA{
	{0xb3, 0x26, 0x1e, 0xff}, // red
	{0x8e, 0x24, 0xaa, 0xff}, // purple
	{0x39, 0x49, 0xab, 0xff}, // indigo
	{0x0b, 0x60, 0xc0, 0xff}, // blue
	{0x00, 0x6b, 0x60, 0xff}, // teal
	{0x2a, 0x76, 0x2e, 0xff}, // green
	{0x93, 0x48, 0x08, 0xff}, // brown
	{0x4a, 0x60, 0x6c, 0xff}, // grey
}

// Colour chooses one of the colours for an id, always the same.
func Colour(id string) uint8 {
	h := uint32(2166136261) // FNV-1a, without the allocations of hash/fnv
	for i := range len(id) {
		h = (h ^ uint32(id[i])) * 16777619
	}
	return uint8(h % Colours)
}

// Badge draws up to three characters on a colour below Colours. What is neither
// a letter from A to Z nor a digit is drawn as a question mark, and a number sign
// as itself. It takes some 50 µs: keep what it returns.
func Badge(text string, colour uint8) *Picture {
	img := image.NewPaletted(image.Rect(0, 0, Size, Size), color.Palette{colours[colour%Colours], ink})
	runes := []rune(text)
	runes = runes[:min(len(runes), 3)]
	cells := len(runes)*(glyphWidth+1) - 1
	scale := min(6, (Size-8)/max(cells, 1))
	x, y := (Size-cells*scale)/2, (Size-glyphHeight*scale)/2
	for _, r := range runes {
		draw(img, glyph(r), x, y, scale)
		x += (glyphWidth + 1) * scale
	}
	return encode(img)
}

// draw sets the pixels of a glyph, each of its dots a square.
func draw(img *image.Paletted, g [glyphHeight]byte, left, top, scale int) {
	for y := range glyphHeight * scale {
		for x := range glyphWidth * scale {
			if g[y/scale]>>(glyphWidth-1-x/scale)&1 == 1 {
				img.SetColorIndex(left+x, top+y, 1)
			}
		}
	}
}

func encode(img image.Image) *Picture {
	var b bytes.Buffer
	e := png.Encoder{CompressionLevel: png.BestCompression}
	if err := e.Encode(&b, img); err != nil {
		panic(err) // a Buffer takes everything, and the size is valid
	}
	sum := sha1.Sum(b.Bytes())
	size := img.Bounds().Size()
	return &Picture{Data: b.Bytes(), Info: Info{
		ID: hex.EncodeToString(sum[:]), Bytes: b.Len(), Width: size.X, Height: size.Y,
	}}
}
