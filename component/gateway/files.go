package gateway

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"strings"
	"time"

	"causeway/bridges"
	"causeway/component"
	"causeway/component/media"
	"causeway/component/stanza"
	"causeway/component/xep/fallback"
	"causeway/component/xep/oob"
	"causeway/component/xep/sfs"
	"causeway/component/xep/upload"
)

// Media moves files. A *media.Service is one.
type Media interface {
	Fetch(ctx context.Context, account bridges.AccountID, link string) (*bridges.Content, error)
	Put(ctx context.Context, slot media.Slot, from io.Reader, size int64, mediaType string) error
	Link(domain string, account bridges.AccountID, f bridges.File, now time.Time) (link string, ok bool)
	Spool(c *bridges.Content) (*media.Spooled, error)
	Register(domain string, from media.Source)
}

// shared is a file of the network where a user finds it: what is known of it, and
// its address; without one it is only told of.
type shared struct {
	bridges.File
	url   string
	hash  []byte         // SHA-256, where all bytes were seen
	thumb *sfs.Thumbnail // where a user finds that
}

// is tells whether a text is the address of the file and nothing else: only such a
// message shows a file (xeps.md F10).
func (s *shared) is(text string) bool { return s != nil && s.url != "" && s.url == text }

// append writes the message that shows the file (xeps.md 0066.1, 0447.1-3).
func (s *shared) append(w *stanza.Writer) {
	w.Leaf("body", "", s.url)
	oob.Append(w, s.url)
	kind, _, _ := strings.Cut(s.Type, "/")
	sfs.File{
		URL: s.url, Name: s.Name, Type: s.Type, Size: s.Size, Width: s.Width, Height: s.Height, Length: s.Duration,
		Inline: kind == "image" || kind == "video" || kind == "audio",
		SHA256: s.hash, Thumbnail: s.thumb,
	}.Append(w)
	fallback.AppendBody(w, sfs.NS)
}

// text is the address, or else the words that stand for the file (xeps.md 0363.5).
func (s *shared) text() string {
	if s.url != "" {
		return s.url
	}
	what := s.kind() + " that cannot be shown here: " + media.FileName(s.Name, s.Type)
	if s.Size > 0 {
		what += ", " + inUnits(s.Size)
	}
	return "(" + what + ")"
}

// kind says what it is.
func (s *shared) kind() string {
	family, _, _ := strings.Cut(s.Type, "/")
	switch {
	case s.Sticker:
		return "a sticker"
	case s.Voice:
		return "a voice message"
	case family == "image":
		return "a picture"
	case family == "audio":
		return "a sound"
	case family == "video":
		return "a video"
	}
	return "a file"
}

// inUnits is a size for people.
func inUnits(n int64) string {
	const kb, mb = 1000, 1000 * 1000
	switch {
	case n < kb:
		return plural(int(n), "byte", "bytes")
	case n < mb:
		return fmt.Sprintf("%d kB", n/kb)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/mb)
}

// unknownType is what is said of bytes of which nothing is known.
const unknownType = "application/octet-stream"

// typeOf is the first of some media types that is one and says something, without
// its parameters.
func typeOf(types ...string) string {
	for _, t := range types {
		t, _, err := mime.ParseMediaType(t)
		if err == nil && t != unknownType && strings.Contains(t, "/") && len(t) < 128 {
			return t
		}
	}
	return unknownType
}

// bringTries is how often a file is tried to be brought that cannot be now. The
// events behind it wait.
const bringTries = 4

// bring finds a place for a file where the user can get it: the upload service of
// the server, else a link of our own (xeps.md 0363.5).
func (g *Gateway) bring(ctx context.Context, in *incoming, s *shared) {
	s.Type = typeOf(s.Type)
	var err error
	for n := 1; ; {
		if err = g.upload(ctx, in.Account, *in.Message.File, s); err == nil || ctx.Err() != nil {
			break
		}
		down := errors.Is(err, component.ErrDown) // nothing can be shown now, either
		if !down && (bridges.KindOf(err) != bridges.Temporary || n == bringTries) || !g.rests(ctx, n, err) {
			break
		}
		if !down {
			n++
		}
	}
	switch {
	case err == nil:
		g.countFile("in", "uploaded")
	case ctx.Err() == nil:
		g.offerLink(in, s, err)
	}
	g.bringThumb(ctx, in, s)
}

// offerLink has the user get the file from us, if the network has it still.
func (g *Gateway) offerLink(in *incoming, s *shared, err error) {
	g.log.Info("a file cannot be uploaded", "id", trace(in.key), "account", in.Account, "err", err)
	s.Name = media.FileName(s.Name, s.Type)
	if g.cfg.Media != nil && bridges.KindOf(err) != bridges.NotFound {
		if url, ok := g.cfg.Media.Link(g.domain, in.Account, s.File, in.At); ok && fitsBody(url) {
			s.url = url
			g.countFile("in", "linked")
		}
	}
	if s.url == "" {
		g.countFile("in", "told")
	}
	if s.url == "" || !errors.Is(err, errNoService) {
		g.tellOperator(hostOf(in.Account), err)
	}
}

// rests waits before the next try; false: ctx has ended.
func (g *Gateway) rests(ctx context.Context, n int, err error) bool {
	wait := time.Second << (2 * (n - 1))
	var e *bridges.Error
	if errors.As(err, &e) && e.After > 0 {
		wait = min(e.After, time.Minute)
	}
	sleep(ctx, wait+rand.N(wait/4+1))
	return ctx.Err() == nil
}

var (
	errNoMedia  = errors.New("gateway: no files are moved")
	errNoOpener = errors.New("gateway: a bridge whose messages carry files does not open them")
)

// upload brings a file of the network to the upload service, where it becomes s.
// Nothing of it is kept here but when the network does not say how long it is, which
// must be said first.
func (g *Gateway) upload(ctx context.Context, id bridges.AccountID, f bridges.File, s *shared) error {
	defer resting(ctx).enter()
	if g.cfg.Media == nil {
		return errNoMedia
	}
	to, err := g.uploadService(ctx, hostOf(id))
	if err != nil {
		return err
	}
	o, ok := g.cfg.Bridge.(bridges.Opener)
	if !ok {
		return errNoOpener
	}
	c, err := o.OpenFile(ctx, id, f)
	if err != nil {
		return err
	}
	if c, err = g.sized(c); err != nil {
		return err
	}
	defer c.Close()
	c.Type = typeOf(s.Type, c.Type)
	media.Look(c)
	if s.Size, s.Type = c.Size, c.Type; c.Width > 0 {
		s.Width, s.Height = c.Width, c.Height
	}
	s.Name = media.FileName(cmp.Or(f.Name, c.Name), s.Type)
	return g.put(ctx, to, id, s, c)
}

// sized returns c, or the same on disk when nobody says how long it is; then, and when
// that fails, c is closed.
func (g *Gateway) sized(c *bridges.Content) (*bridges.Content, error) {
	if c.Size >= 0 {
		return c, nil
	}
	spooled, err := g.cfg.Media.Spool(c)
	if closed := c.Close(); err != nil || closed != nil {
		if err == nil {
			err = spooled.Close()
		}
		return nil, errors.Join(err, closed)
	}
	return &bridges.Content{ReadCloser: spooled, Size: spooled.Size, Type: c.Type, Name: c.Name}, nil
}

// put has the service take the bytes, which are hashed as they pass. It hands them to
// browsers from the user's own server: as what no page of a stranger can be. The name
// keeps its ending, by which clients know a file.
func (g *Gateway) put(ctx context.Context, to service, id bridges.AccountID, s *shared, c *bridges.Content) error {
	slot, get, err := g.slot(ctx, to, id, upload.Request{Name: s.Name, Size: s.Size, Type: c.Harmless})
	if err != nil {
		return err
	}
	hash := sha256.New()
	if err := g.cfg.Media.Put(ctx, slot, io.TeeReader(c, hash), c.Size, c.Harmless); err != nil {
		return err
	}
	s.url, s.hash = get, hash.Sum(nil)
	return nil
}
