package picture

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"image/color"
	"image/png"
	"math"
	"testing"
)

func TestBadge(t *testing.T) {
	for name, text := range map[string]string{
		"a region": "US", "three": "SMS", "one": "G", "digits": "42", "number sign": "#",
		"another script": "\u042f", "nothing": "", "too long": "HELLO", "no text": "\xff",
	} {
		t.Run(name, func(t *testing.T) {
			p := Badge(text, 3)
			img, err := png.Decode(bytes.NewReader(p.Data))
			if err != nil {
				t.Fatal(err)
			}
			if b := img.Bounds(); b.Dx() != Size || b.Dy() != Size || len(p.Data) > 8<<10 {
				t.Errorf("0084.9: %v, %d bytes", b, len(p.Data))
			}
			if sum := sha1.Sum(p.Data); p.ID != hex.EncodeToString(sum[:]) {
				t.Errorf("0084.3: the id is %s", p.ID)
			}
			drawn := false
			for x := range Size {
				for y := range Size {
					drawn = drawn || color.RGBAModel.Convert(img.At(x, y)) == ink
				}
			}
			if drawn != (text != "") {
				t.Errorf("something is drawn: %t", drawn)
			}
			if p.ID != Badge(text, 3).ID || p.ID == Badge(text, 4).ID {
				t.Error("the picture depends on something else than text and colour")
			}
		})
	}
}

// TestContrast: WCAG 2 asks for 4.5 to 1.
func TestContrast(t *testing.T) {
	for i, c := range colours {
		if got := (luminance(ink) + 0.05) / (luminance(c) + 0.05); got < 4.5 {
			t.Errorf("colour %d has a contrast of %.2f", i, got)
		}
	}
}

func luminance(c color.RGBA) float64 {
	part := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.03928 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*part(c.R) + 0.7152*part(c.G) + 0.0722*part(c.B)
}

func TestColour(t *testing.T) {
	seen := map[uint8]bool{}
	for i := range 1000 {
		seen[Colour("+1202555"+string(rune('0'+i%10))+string(rune('0'+i/10%10))+string(rune('0'+i/100)))] = true
	}
	if len(seen) != Colours {
		t.Errorf("%d colours are used", len(seen))
	}
}
