package picture

import (
	"bytes"
	"fmt"
	"image"
	stddraw "image/draw"
	_ "image/gif"  // what networks have
	_ "image/jpeg" // the same
)

// What Convert takes, and what it makes: XEP-0084 wants PNG, and a stanza that
// has the picture in it stays below 100 KB (xeps.md 0084.9).
const (
	longestSource = 4 << 20  // bytes
	largestSource = 4 << 20  // pixels
	Largest       = 256      // pixels of a side
	Longest       = 64 << 10 // bytes
	smallest      = 64       // of which no PNG is longer than Longest
)

// Convert makes a picture of a PNG, JPEG or GIF of a stranger, of which the
// first counts where it has several: its sides are at most Largest pixels, and
// its data at most Longest bytes. What is of another form, or larger than
// 4 MiB or 4 megapixels, is an error; its size is looked at before anything is
// decoded. It takes up to a second and 100 MB: call it for one at a time.
func Convert(data []byte) (*Picture, error) {
	if len(data) > longestSource {
		return nil, fmt.Errorf("picture: %d bytes are too many", len(data))
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("picture: %w", err)
	}
	if c.Width < 1 || c.Height < 1 || c.Width > largestSource/c.Height {
		return nil, fmt.Errorf("picture: %d by %d pixels are too many, or none", c.Width, c.Height)
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("picture: %w", err)
	}
	b := img.Bounds()
	if b.Empty() {
		return nil, fmt.Errorf("picture: nothing is in it")
	}
	source := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	stddraw.Draw(source, source.Bounds(), img, b.Min, stddraw.Src)
	p := encode(shrink(source, Largest))
	for side := Largest; len(p.Data) > Longest && side > smallest; {
		side = side * 3 / 4
		p = encode(shrink(source, side))
	}
	return p, nil
}

// shrink returns a picture whose sides are at most so long. Each of its pixels
// is the average of those that it stands for.
func shrink(source *image.RGBA, side int) *image.RGBA {
	from := source.Bounds().Size()
	to := from
	if longer := max(from.X, from.Y); longer > side {
		to = image.Pt(max(1, from.X*side/longer), max(1, from.Y*side/longer))
	}
	if to == from {
		return source
	}
	small := image.NewRGBA(image.Rectangle{Max: to})
	for y := range to.Y {
		for x := range to.X {
			part := image.Rect(x*from.X/to.X, y*from.Y/to.Y, (x+1)*from.X/to.X, (y+1)*from.Y/to.Y)
			average(small.Pix[small.PixOffset(x, y):], source, part)
		}
	}
	return small
}

// average writes the mean of a part of a picture, which is premultiplied.
func average(pixel []uint8, source *image.RGBA, part image.Rectangle) {
	var sum [4]int
	for y := part.Min.Y; y < part.Max.Y; y++ {
		row := source.Pix[source.PixOffset(part.Min.X, y):source.PixOffset(part.Max.X, y)]
		for i := 0; i < len(row); i += 4 {
			for k := range sum {
				sum[k] += int(row[i+k])
			}
		}
	}
	n := part.Dx() * part.Dy()
	for k := range sum {
		pixel[k] = uint8((sum[k] + n/2) / n)
	}
}
