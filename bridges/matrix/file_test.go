package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/bridges/matrix/event"
)

const mxc = "mxc://localhost/a"

var filesIn = map[string]struct {
	kind, content string
	want          bridges.File
	text          string
}{
	"a picture": {
		typeMessage, `{"msgtype": "m.image", "body": "a.png", "url": "mxc://localhost/a", "info": {"mimetype": "image/png", "size": 12, "w": 3, "h": 4}}`,
		bridges.File{ID: mxc, Name: "a.png", Type: "image/png", Size: 12, Width: 3, Height: 4},
		"",
	},
	"with a caption": {
		typeMessage, `{"msgtype": "m.image", "body": "look", "filename": "a.png", "url": "mxc://localhost/a"}`,
		bridges.File{ID: mxc, Name: "a.png"},
		"look",
	},
	"with its name once more": {
		typeMessage, `{"msgtype": "m.file", "body": "a.pdf", "filename": "a.pdf", "url": "mxc://localhost/a"}`,
		bridges.File{ID: mxc, Name: "a.pdf"},
		"",
	},
	"a video": {
		typeMessage, `{"msgtype": "m.video", "body": "a.mp4", "url": "mxc://localhost/a", "info": {"duration": 1500, "thumbnail_url": "mxc://localhost/b"}}`,
		bridges.File{ID: mxc, Name: "a.mp4", Duration: 1500 * time.Millisecond},
		"",
	},
	"a voice": {
		typeMessage, `{"msgtype": "m.audio", "body": "Voice message", "url": "mxc://localhost/a", "info": {"mimetype": "audio/ogg"}, "org.matrix.msc3245.voice": {}, "org.matrix.msc1767.audio": {"duration": 2000, "waveform": [1]}}`,
		bridges.File{ID: mxc, Name: "Voice message", Type: "audio/ogg", Duration: 2 * time.Second, Voice: true},
		"",
	},
	"a sticker": {
		typeSticker, `{"body": "a cat", "url": "mxc://localhost/a", "info": {"mimetype": "image/webp", "w": 128, "h": 128}}`,
		bridges.File{ID: mxc, Name: "a cat", Type: "image/webp", Width: 128, Height: 128, Sticker: true},
		"",
	},
	"odd numbers": {
		typeMessage, `{"msgtype": "m.image", "body": "a", "url": "mxc://localhost/a", "info": {"mimetype": 1, "size": -1, "w": "3", "h": 1e30, "duration": null}, "org.matrix.msc1767.audio": []}`,
		bridges.File{ID: mxc, Name: "a"},
		"",
	},
	"0447.7 a thumbnail": {
		typeMessage, `{"msgtype": "m.image", "body": "a", "url": "mxc://localhost/a", "info": {"mimetype": "image/png", "thumbnail_url": "mxc://localhost/b",
			"thumbnail_info": {"mimetype": "image/jpeg", "size": 99, "w": 8, "h": 6}}}`,
		bridges.File{ID: mxc, Name: "a", Type: "image/png", Thumbnail: &bridges.Thumbnail{ID: "mxc://localhost/b", Type: "image/jpeg", Width: 8, Height: 6}},
		"",
	},
	"a thumbnail of another place": {
		typeMessage, `{"msgtype": "m.image", "body": "a", "url": "mxc://localhost/a", "info": {"mimetype": "image/png", "thumbnail_url": "https://a.example/b", "thumbnail_info": {"mimetype": "image/jpeg"}}}`,
		bridges.File{ID: mxc, Name: "a", Type: "image/png"},
		"",
	},
	"a thumbnail that is larger than small": {
		typeMessage, `{"msgtype": "m.image", "body": "a", "url": "mxc://localhost/a", "info": {"mimetype": "image/png", "thumbnail_url": "mxc://localhost/b", "thumbnail_info": {"mimetype": "image/jpeg", "size": 1048577}}}`,
		bridges.File{ID: mxc, Name: "a", Type: "image/png"},
		"",
	},
	"a thumbnail of what is no picture": {
		typeMessage, `{"msgtype": "m.file", "body": "a", "url": "mxc://localhost/a", "info": {"mimetype": "text/plain", "thumbnail_url": "mxc://localhost/b", "thumbnail_info": {"mimetype": "image/jpeg"}}}`,
		bridges.File{ID: mxc, Name: "a", Type: "text/plain"},
		"",
	},
	"odd info": {
		typeMessage, `{"msgtype": "m.image", "body": "a", "url": "mxc://localhost/a", "info": [1], "org.matrix.msc3245.voice": null}`,
		bridges.File{ID: mxc, Name: "a"},
		"",
	},
	"elsewhere": {typeMessage, `{"msgtype": "m.file", "body": "a", "url": "https://example.org/a"}`, bridges.File{}, "(a file, which can be seen on Matrix only: a)"},
	"encrypted": {typeMessage, `{"msgtype": "m.audio", "body": "b", "filename": "a", "file": {"url": "mxc://localhost/a"}}`, bridges.File{}, "(a sound, which can be seen on Matrix only: a)\nb"},
	"a bad mxc": {typeSticker, `{"body": "a cat", "url": "mxc://localhost/../a"}`, bridges.File{}, "(a sticker, which can be seen on Matrix only: a cat)"},
	"a text":    {typeMessage, `{"msgtype": "m.text", "body": "a", "url": "mxc://localhost/a"}`, bridges.File{}, "a"},
}

// What people of Matrix send that is no text.
func TestFilesIn(t *testing.T) {
	for name, c := range filesIn {
		t.Run(name, func(t *testing.T) {
			e := text("!room", "$1", bob, c.content)
			e.Type = c.kind
			m := told(e).(bridges.Message)
			got := bridges.File{}
			if m.File != nil {
				got = *m.File
			}
			if !reflect.DeepEqual(got, c.want) || m.Text != c.text {
				t.Errorf("%+v, %q", got, m.Text)
			}
		})
	}
}

// Only the words beside a file can be changed.
func TestEditOfCaption(t *testing.T) {
	edit := func(content string) event.Event {
		return text("!room", "$2", bob, `{"msgtype": "m.image", "body": "* x", "m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}, "m.new_content": `+content+`}`)
	}
	said := told(edit(`{"msgtype": "m.image", "body": "other", "filename": "a.png", "url": "mxc://localhost/a"}`))
	if e, ok := said.(bridges.Edit); !ok || e.Text != "other" || e.File != nil || e.Of != "$1" {
		t.Errorf("%+v", said)
	}
	if said := told(edit(`{"msgtype": "m.image", "body": "a.png", "url": "mxc://localhost/a"}`)); said != nil {
		t.Errorf("without a caption it is %+v", said)
	}
}

// sentContent is the content of the last message that a fake was sent.
func sentContent(f *fake) func(t *testing.T) map[string]any {
	var raw []byte
	f.before = func(r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(r.URL.Path, "/send/") {
			raw = body
		}
	}
	return func(t *testing.T) (c map[string]any) {
		t.Helper()
		if err := json.Unmarshal(raw, &c); err != nil {
			t.Fatal(err)
		}
		delete(c, "org.causeway.key")
		delete(c, "m.mentions")
		return c
	}
}

var filesOut = map[string]struct {
	file  bridges.File
	bytes bridges.Content
	text  string
	want  string
}{
	"a picture": {
		bridges.File{Name: "a.png", Type: "image/png", Width: 3, Height: 4},
		bridges.Content{},
		"",
		`{"msgtype": "m.image", "body": "a.png", "url": "mxc://localhost/a", "info": {"mimetype": "image/png", "size": 3, "w": 3, "h": 4}}`,
	},
	"with a caption": {
		bridges.File{Name: "a.png", Type: "image/png"},
		bridges.Content{},
		"/me looks",
		`{"msgtype": "m.image", "body": "/me looks", "filename": "a.png", "url": "mxc://localhost/a", "info": {"mimetype": "image/png", "size": 3}}`,
	},
	"a voice": {
		bridges.File{Name: "a.ogg", Type: "audio/ogg", Voice: true, Duration: time.Second},
		bridges.Content{},
		"",
		`{"msgtype": "m.audio", "body": "a.ogg", "url": "mxc://localhost/a", "info": {"mimetype": "audio/ogg", "size": 3, "duration": 1000},
			"org.matrix.msc3245.voice": {}, "org.matrix.msc1767.audio": {"duration": 1000}}`,
	},
	"a video": {
		bridges.File{Name: "a", Type: "video/mp4"},
		bridges.Content{},
		"", `{"msgtype": "m.video", "body": "a", "url": "mxc://localhost/a", "info": {"mimetype": "video/mp4", "size": 3}}`,
	},
	"a drawing": {
		bridges.File{Name: "a", Type: "image/svg+xml"},
		bridges.Content{},
		"", `{"msgtype": "m.file", "body": "a", "url": "mxc://localhost/a", "info": {"mimetype": "image/svg+xml", "size": 3}}`,
	},
	"nothing is said": {
		bridges.File{},
		bridges.Content{Name: "of.png", Type: "image/png", Width: 30, Height: 40},
		"", `{"msgtype": "m.image", "body": "of.png", "url": "mxc://localhost/a", "info": {"mimetype": "image/png", "size": 3, "w": 30, "h": 40}}`,
	},
	"another is said": {
		bridges.File{Name: "a", Type: "image/png", Width: 3, Height: 4},
		bridges.Content{Type: "audio/mpeg"},
		"", `{"msgtype": "m.audio", "body": "a", "url": "mxc://localhost/a", "info": {"mimetype": "audio/mpeg", "size": 3, "w": 3, "h": 4}}`,
	},
	"another size is said": {
		bridges.File{Name: "a", Type: "image/png", Width: 3, Height: 4, Size: 9},
		bridges.Content{Type: "image/png", Width: 30, Height: 40},
		"", `{"msgtype": "m.image", "body": "a", "url": "mxc://localhost/a", "info": {"mimetype": "image/png", "size": 3, "w": 30, "h": 40}}`,
	},
}

// What users of XMPP send: assertion 24 of xeps.md section 7. What its bytes show counts
// for more than what is claimed.
func TestFilesOut(t *testing.T) {
	for name, c := range filesOut {
		t.Run(name, func(t *testing.T) {
			f, _, s := onFake(t, nil)
			content := sentContent(f)
			c.file.Open = func(context.Context) (*bridges.Content, error) {
				c.bytes.ReadCloser, c.bytes.Size = io.NopCloser(strings.NewReader("abc")), 3
				return &c.bytes, nil
			}
			m := bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: c.text, File: &c.file}
			if _, err := s.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			var want map[string]any
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			if got := content(t); !reflect.DeepEqual(got, want) {
				t.Errorf("%v", got)
			}
		})
	}
}

// The homeserver gets a page as what no browser opens; what is said of it is true.
func TestFileOutHarmless(t *testing.T) {
	for harmless, want := range map[string]string{"application/octet-stream": "application/octet-stream", "": "text/html"} {
		f, _, s := onFake(t, nil)
		content, before, was := sentContent(f), f.before, ""
		f.before = func(r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/upload") {
				was = r.Header.Get("Content-Type")
			}
			before(r)
		}
		file := &bridges.File{Name: "a.html", Open: func(context.Context) (*bridges.Content, error) {
			c := bridgetest.ContentOf("a.html", "text/html", []byte("<p>"))
			c.Harmless = harmless
			return c, nil
		}}
		if _, err := s.Send(t.Context(), bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", File: file}); err != nil {
			t.Fatal(err)
		}
		if c := content(t); was != want || c["msgtype"] != "m.file" || c["body"] != "a.html" || c["info"].(map[string]any)["mimetype"] != "text/html" {
			t.Errorf("%s was uploaded, %v is told", was, c)
		}
	}
}

// What goes wrong with a file on its way out is told, and nothing is sent. Only the
// homeserver's own faults are its own.
func TestFilesOutFail(t *testing.T) {
	gone := &bridges.Error{Kind: bridges.NotFound, Text: "gone"}
	broken := func(context.Context) (*bridges.Content, error) {
		r := io.MultiReader(strings.NewReader("a"), iotest.ErrReader(io.ErrUnexpectedEOF))
		return &bridges.Content{ReadCloser: io.NopCloser(r), Size: 3}, nil
	}
	short := func(context.Context) (*bridges.Content, error) {
		return &bridges.Content{ReadCloser: io.NopCloser(strings.NewReader("a")), Size: 3}, nil
	}
	whole := bridgetest.FileOf("a", "text/plain", []byte("abc")).Open
	for name, c := range map[string]struct {
		open func(context.Context) (*bridges.Content, error)
		says answer
		want bridges.Kind
		down bool
	}{
		"the source has none":         {open: func(context.Context) (*bridges.Content, error) { return nil, gone }, want: bridges.NotFound},
		"the source breaks":           {open: broken, want: bridges.Temporary},
		"the source is short":         {open: short, want: bridges.Temporary},
		"too large":                   {open: whole, says: refused(413, "M_TOO_LARGE"), want: bridges.TooLong},
		"not allowed":                 {open: whole, says: refused(403, "M_FORBIDDEN"), want: bridges.Forbidden},
		"the homeserver is away":      {open: whole, says: answer{status: 502}, want: bridges.Temporary},
		"the homeserver does not say": {open: whole, says: answer{}, want: bridges.Temporary, down: true},
	} {
		t.Run(name, func(t *testing.T) {
			f, b, s := onFake(t, nil)
			if c.says != (answer{}) || c.down {
				f.say("POST /upload", c.says)
			}
			f.before = func(r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }
			_, err := s.Send(t.Context(), bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", File: &bridges.File{Open: c.open}})
			if bridges.KindOf(err) != c.want || f.count("PUT /send/") != 0 {
				t.Errorf("%v, %d sent", err, f.count("PUT /send/"))
			}
			if _, state := b.State(); (state != nil) != c.down {
				t.Errorf("the homeserver is %v", state)
			}
		})
	}
}

// A file that may have been sent is sent with the same transaction once more.
func TestFileTwice(t *testing.T) {
	f, _, s := onFake(t, nil)
	m := bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", File: bridgetest.FileOf("a", "", []byte("abc"))}
	one, err := s.Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	two, err := s.Send(t.Context(), m)
	if err != nil || one[0] != two[0] || f.count("POST /upload") != 2 {
		t.Errorf("%v and then %v, %v, %d uploads", one, two, err, f.count("POST /upload"))
	}
}

// OpenFile streams, and says what there is no more.
func TestOpenFile(t *testing.T) {
	f, b, _ := onFake(t, nil)
	file := bridges.File{ID: "mxc://localhost/a", Name: "a.png"}
	f.say("GET /media/download/", answer{200, "pixels"})
	c, err := b.OpenFile(t.Context(), alice, file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err = errors.Join(err, c.Close()); string(got) != "pixels" || c.Size != 6 || c.Name != "a.png" || err != nil {
		t.Errorf("%q, %+v, %v", got, c, err)
	}
	for name, c := range map[string]struct {
		says answer
		want bridges.Kind
	}{
		"gone":       {refused(404, "M_NOT_FOUND"), bridges.NotFound},
		"not so now": {refused(504, "M_NOT_YET_UPLOADED"), bridges.Temporary},
		"a limit":    {refused(429, "M_LIMIT_EXCEEDED"), bridges.Temporary},
		"our token":  {refused(401, "M_UNKNOWN_TOKEN"), bridges.Temporary},
	} {
		f.say("GET /media/download/", c.says)
		if _, err := b.OpenFile(t.Context(), alice, file); bridges.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
