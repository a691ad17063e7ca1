package matrix

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"causeway/bridges"
	"causeway/bridges/matrix/client"
)

// The types of messages that have a file (Client-Server API, Instant Messaging).
const (
	msgImage = "m.image"
	msgFile  = "m.file"
	msgAudio = "m.audio"
	msgVideo = "m.video"
)

// attachment is what the content of a message with a file has beside its words.
type attachment struct {
	URL   string     `json:"url,omitempty"`
	Info  *fileInfo  `json:"info,omitempty"`
	Voice mark       `json:"org.matrix.msc3245.voice,omitempty"`
	Audio *audioInfo `json:"org.matrix.msc1767.audio,omitempty"`
}

// mark is an element that says something by being there (MSC3245).
type mark bool

// MarshalJSON implements json.Marshaler.
func (mark) MarshalJSON() ([]byte, error) { return []byte("{}"), nil }

// UnmarshalJSON implements json.Unmarshaler.
func (m *mark) UnmarshalJSON(raw []byte) error {
	*m = string(raw) != "null"
	return nil
}

// fileInfo is what the sender says about a file.
type fileInfo struct {
	Type     string `json:"mimetype,omitempty"`
	Size     int64  `json:"size,omitempty"`
	Width    int64  `json:"w,omitempty"`
	Height   int64  `json:"h,omitempty"`
	Duration int64  `json:"duration,omitempty"` // in ms

	thumbnail *bridges.Thumbnail
}

// UnmarshalJSON takes what makes no sense for unknown: the file beside it does.
func (i *fileInfo) UnmarshalJSON(raw []byte) error {
	var all map[string]any
	if json.Unmarshal(raw, &all) == nil {
		i.Type, _ = all["mimetype"].(string)
		i.Size, i.Duration = whole(all["size"], 1<<50), whole(all["duration"], 1<<40)
		i.Width, i.Height = whole(all["w"], 1<<20), whole(all["h"], 1<<20)
		i.thumbnail = thumbnailIn(all)
	}
	return nil
}

// maxThumbnail bounds a small picture by what is said of it, in bytes: a larger one is
// none.
const maxThumbnail = 1 << 20

// thumbnailIn returns the small picture of a file, which is found again by its mxc URI;
// nil: there is none.
func thumbnailIn(info map[string]any) *bridges.Thumbnail {
	id, _ := info["thumbnail_url"].(string)
	about, _ := info["thumbnail_info"].(map[string]any)
	kind, _ := about["mimetype"].(string)
	if size, _ := about["size"].(float64); !client.IsMedia(id) || !strings.HasPrefix(kind, "image/") || size > maxThumbnail {
		return nil
	}
	return &bridges.Thumbnail{ID: id, Type: kind, Width: int(whole(about["w"], 1<<16)), Height: int(whole(about["h"], 1<<16))}
}

// audioInfo is what a voice message says once more (MSC1767).
type audioInfo struct {
	Duration int64 `json:"duration,omitempty"` // in ms
}

// UnmarshalJSON is as that of fileInfo.
func (a *audioInfo) UnmarshalJSON(raw []byte) error {
	var all map[string]any
	if json.Unmarshal(raw, &all) == nil {
		a.Duration = whole(all["duration"], 1<<40)
	}
	return nil
}

// whole returns a number of JSON from 0 up to a limit; of anything else 0.
func whole(x any, limit float64) int64 {
	if n, ok := x.(float64); ok && n > 0 && n <= limit {
		return int64(n)
	}
	return 0
}

// name is that of the file: older programs have it in the place of words.
func (c content) name() string { return cmp.Or(c.FileName, c.Body) }

// caption returns the words beside a file; "": there are none.
func (c content) caption() string {
	if c.FileName == "" || c.FileName == c.Body || c.Body == "" || c.MsgType == typeSticker {
		return ""
	}
	return shown(c.Body)
}

// carried returns the file of a message; nil when it has none that can be had. It
// is found again by its mxc URI.
func (c content) carried() *bridges.File {
	if !c.files() || !client.IsMedia(c.URL) {
		return nil
	}
	f := &bridges.File{ID: c.URL, Name: c.name(), Voice: bool(c.Voice), Sticker: c.MsgType == typeSticker}
	if i := c.Info; i != nil {
		f.Type, f.Size, f.Width, f.Height = i.Type, i.Size, int(i.Width), int(i.Height)
		f.Duration = time.Duration(i.Duration) * time.Millisecond
		if family, _, _ := strings.Cut(i.Type, "/"); family == "image" || family == "video" {
			f.Thumbnail = i.thumbnail
		}
	}
	if c.Audio != nil && f.Duration == 0 {
		f.Duration = time.Duration(c.Audio.Duration) * time.Millisecond
	}
	return f
}

// fileBytes bounds a file: the gateway's own bound is lower.
const fileBytes = 1 << 40

// OpenFile implements bridges.Opener: who it is for does not matter, since the
// homeserver gives a file to all its users.
func (b *Bridge) OpenFile(ctx context.Context, _ bridges.AccountID, f bridges.File) (*bridges.Content, error) {
	if !client.IsMedia(f.ID) {
		return nil, because(errNoFile, nil)
	}
	a, err := b.server.As("").Download(ctx, f.ID, fileBytes)
	var e *client.Error
	if errors.As(err, &e) && !e.Temporary() && e.Status != http.StatusUnauthorized {
		return nil, because(errNoFile, err)
	}
	if err != nil {
		return nil, b.failed(err, bridges.Temporary)
	}
	return &bridges.Content{ReadCloser: a, Size: a.Size, Type: a.Type, Name: f.Name}, nil
}

// attach uploads a file, once there is a room for it, and puts it into the content
// of its caption. When it is killed before that is sent, it is done again: nobody saw
// the first.
func (s *session) attach(ctx context.Context, who pair, c content, file *bridges.File) (content, error) {
	if _, err := s.open(ctx, who); err != nil {
		return c, s.b.failed(err, bridges.Temporary)
	}
	f, err := file.Open(ctx)
	if err != nil {
		return c, err
	}
	defer f.Close()
	about := *file
	about.Type, about.Size = cmp.Or(f.Type, file.Type, "application/octet-stream"), f.Size
	if f.Width > 0 {
		about.Width, about.Height = f.Width, f.Height
	}
	c = c.beside(cmp.Or(file.Name, f.Name, "file"))
	source := &source{Content: f}
	// The homeserver hands the file to browsers as what it is uploaded as; what is said
	// of it in the event is for programs, and runs nothing.
	c.URL, err = s.b.as(s.ghost).Upload(ctx, source, f.Size, cmp.Or(f.Harmless, about.Type), c.name())
	switch {
	case source.err != nil:
		return c, source.failure()
	case client.Is(err, "M_TOO_LARGE"):
		return c, because(errBig, err)
	case err != nil:
		return c, s.b.failed(err, bridges.Temporary) // nothing was said
	}
	return c.about(about), nil
}

// beside makes a text the caption of a file with a name.
func (c content) beside(name string) content {
	switch {
	case c.Body == "":
		c.Body = name
		return c
	case c.MsgType == "m.emote": // a file has no such form
		c.Body, c.Format, c.Formatted = me+c.Body, "", ""
	}
	c.FileName = name
	return c
}

// about says what is known of a file.
func (c content) about(f bridges.File) content {
	c.MsgType = msgTypeOf(f.Type)
	ms := f.Duration.Milliseconds()
	c.Info = &fileInfo{Type: f.Type, Size: f.Size, Width: int64(f.Width), Height: int64(f.Height), Duration: ms}
	if f.Voice && c.MsgType == msgAudio {
		c.Voice, c.Audio = true, &audioInfo{ms}
	}
	return c
}

// msgTypeOf is how a file is shown. Of pictures that can run programs none is.
func msgTypeOf(kind string) string {
	switch family, _, _ := strings.Cut(kind, "/"); {
	case kind == "image/svg+xml":
		return msgFile
	case family == "image":
		return msgImage
	case family == "audio":
		return msgAudio
	case family == "video":
		return msgVideo
	}
	return msgFile
}

// source is a file on its way to the homeserver, and what went wrong with it: that
// is no fault of the homeserver.
type source struct {
	*bridges.Content
	n   int64
	err error
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.Content.Read(p)
	s.n += int64(n)
	if err != nil && (!errors.Is(err, io.EOF) || s.n < s.Size) {
		s.err = err
	}
	return n, err
}

func (s *source) failure() error {
	var known *bridges.Error
	if errors.As(s.err, &known) {
		return known
	}
	return because(errHalf, s.err)
}
