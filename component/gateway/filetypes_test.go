package gateway

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"io"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/component/xep/sfs"
)

// blank is a picture of 30 by 40 pixels.
func blank(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 30, 40))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The user's server hands no page of a stranger to browsers as one: assertion 25 of
// xeps.md section 7. What is said of the file is what it is, and its name stays.
func TestFileInHarmless(t *testing.T) {
	const page, svg, nothing = "<!DOCTYPE html><script>alert(1)</script>", "<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "application/octet-stream"
	for name, c := range map[string]struct {
		claimed, data string
		is, served    string
	}{
		"a page":                   {"text/html", page, "text/html", nothing},
		"a page that says picture": {"image/png", page, "text/html", nothing},
		"XHTML":                    {"application/xhtml+xml", svg, "application/xhtml+xml", nothing},
		"XML":                      {"text/xml", svg, "text/xml", nothing},
		"SVG":                      {"image/svg+xml", svg, "image/svg+xml", nothing},
		"a picture that says page": {"text/html", blank(t), "image/png", "image/png"},
		"text":                     {"text/plain", "hello", "text/plain", "text/plain"},
	} {
		t.Run(name, func(t *testing.T) {
			inFiles(t, func(r *timeless, m *fakeMedia) {
				r.bridge.OnOpen(func(context.Context, bridges.File) (*bridges.Content, error) {
					return &bridges.Content{ReadCloser: io.NopCloser(strings.NewReader(c.data)), Size: int64(len(c.data)), Type: c.claimed}, nil
				})
				one := aPicture("n1", "")
				one.File.Name, one.File.Type = "a.html", c.claimed
				r.delivers(one)
				if got := m.put["https://put.example/1"]; got != c.served+" x "+c.data {
					t.Errorf("%q was put", got)
				}
				sent := r.drain()
				if asked := strings.Join(sent, "\n"); !strings.Contains(asked, "filename='a.html'") || !strings.Contains(asked, "content-type='"+c.served+"'") {
					t.Errorf("asked: %s", asked)
				}
				f := sfs.Find(mustParse(t, sent[len(sent)-1]))
				if len(f) != 1 || f[0].Type != c.is || f[0].Name != "a.html" || (f[0].Width == 30) != (c.is == "image/png") {
					t.Errorf("told: %+v", f)
				}
			})
		})
	}
}
