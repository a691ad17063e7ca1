package gateway

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"causeway/bridges"
)

var thumbs = map[string]struct {
	set  func(r *timeless, m *fakeMedia)
	want string // the attributes of the thumbnail; empty: the file comes without
}{
	"a slot of the server": {nil, "uri='https://get.example/1/a.png' media-type='image/jpeg' width='8' height='6'"},
	"a link of ours":       {func(_ *timeless, m *fakeMedia) { m.linked = true }, "uri='https://own.example/sms.example.org/t1/thumbnail' media-type='image/jpeg' width='8' height='6'"},
	"gone": {func(r *timeless, _ *fakeMedia) {
		r.bridge.OnOpen(func(_ context.Context, f bridges.File) (*bridges.Content, error) {
			if f.ID == "t1" {
				return nil, errFileGone
			}
			return &bridges.Content{ReadCloser: io.NopCloser(strings.NewReader(fiveBytes)), Size: 5}, nil
		})
	}, ""},
}

// 0447.7: the small picture of a file comes with it; when it cannot be had, the file
// comes as well.
func TestThumbnailIn(t *testing.T) {
	for name, c := range thumbs {
		t.Run(name, func(t *testing.T) {
			inFiles(t, func(r *timeless, m *fakeMedia) {
				r.gives(fiveBytes, 5)
				if c.set != nil {
					c.set(r, m)
				}
				p := aPicture("n1", "")
				p.File.Thumbnail = &bridges.Thumbnail{ID: "t1", Type: "image/jpeg", Width: 8, Height: 6}
				r.delivers(p)
				time.Sleep(time.Minute)
				sent := strings.Join(r.drain(), "\n")
				_, got, found := strings.Cut(sent, "<thumbnail xmlns='urn:xmpp:thumbs:1' ")
				got, _, _ = strings.Cut(got, "/></file>")
				if got != c.want || found != (c.want != "") || strings.Count(sent, "<body>https://get.example/1/a.png</body>") != 1 {
					t.Errorf("%s", sent)
				}
			})
		})
	}
}
