package gateway

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"causeway/bridges"
	"causeway/component/media"
	"causeway/component/xep/fallback"
	"causeway/component/xep/oob"
	"causeway/component/xep/sfs"
	"causeway/mapping"
)

const (
	// fileTime bounds one attempt at a message with a file.
	fileTime = 30 * time.Minute
	// fetchTries is how often a file is tried to be fetched that cannot be now,
	// before its link goes as a text.
	fetchTries = 4
)

// carried is the file that a user's message carries.
type carried struct {
	sfs.File
	linked string // the text of the whole message for who takes no files
}

// carry finds the file of a message, and leaves in the text what is said about it
// (xeps.md 0066.3-4). Of several the others stay links in the text. Nil: there is
// none that could be fetched.
func (d *draft) carry() *carried {
	f, others := sharedIn(d)
	if !isWeb(f.URL) {
		return nil
	}
	all := *d
	addLinks(&all)
	d.text = fallback.Cut(d.s, fallback.Cut(d.s, d.text, sfs.NS), oob.NS)
	if strings.TrimSpace(d.text) == f.URL {
		d.text = ""
	}
	if f.Desc != "" && !strings.Contains(d.text, f.Desc) {
		d.text = strings.TrimPrefix(d.text+"\n"+f.Desc, "\n")
	}
	for _, other := range others {
		if other.URL != "" {
			d.add(other.URL, other.Desc)
		}
	}
	d.file = true
	return &carried{f, all.text}
}

// sharedIn returns the first file of a message with what is known of it, and the
// others. One that is linked in the older form, too, is one file (xeps.md 0447.2).
func sharedIn(d *draft) (f sfs.File, others []sfs.File) {
	files := sfs.Find(d.s)
	link, linked := oob.Find(d.s)
	if !linked {
		if len(files) == 0 {
			return f, nil
		}
		return files[0], files[1:]
	}
	f = sfs.File{URL: link.URL, Desc: link.Desc}
	for i, x := range files {
		if x.URL == link.URL || len(files) == 1 {
			x.URL, x.Desc = link.URL, cmp.Or(x.Desc, link.Desc)
			return x, append(files[:i:i], files[i+1:]...)
		}
	}
	return f, files
}

// isWeb tells whether a link can be fetched: of others, such as those with a key in
// them, the media service has no idea.
func isWeb(link string) bool {
	u, err := url.Parse(link)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// fetched is a file of a user's while the network takes it.
type fetched struct {
	g       *Gateway
	account bridges.AccountID
	file    *carried
	failed  atomic.Bool // it cannot be had: no fault of the network
}

// open implements bridges.File.Open: the media service fetches the file. It is kept
// on disk while it is sent when its server does not say how long it is.
func (f *fetched) open(ctx context.Context) (*bridges.Content, error) {
	c, err := f.g.cfg.Media.Fetch(ctx, f.account, f.file.URL)
	if err != nil {
		f.failed.Store(true)
		return nil, err
	}
	if c, err = f.g.sized(c); err != nil {
		f.failed.Store(true)
		return nil, err
	}
	c.Type = typeOf(f.file.Type, c.Type)
	c.Name = media.FileName(cmp.Or(f.file.Name, c.Name), c.Type)
	c.ReadCloser = &noted{c.ReadCloser, f, c.Size}
	return c, nil
}

// noted is its content.
type noted struct {
	io.ReadCloser
	of   *fetched
	left int64 // in bytes
}

// Read notes what goes wrong.
func (n *noted) Read(p []byte) (int, error) {
	k, err := n.ReadCloser.Read(p)
	if n.left -= int64(k); err != nil && (n.left > 0 || !errors.Is(err, io.EOF)) {
		n.of.failed.Store(true)
	}
	return k, err
}

// carries sends a message with its file. When the file cannot be had, or the network
// does not take it, the link goes as a text, as where there are no files: nothing is
// lost.
func (g *Gateway) carries(ctx context.Context, m *outgoing, r reading, acc mapping.Account, msg bridges.Message) errand {
	m.file = true
	msg = g.inThread(ctx, m, acc, g.answer(ctx, m, r, acc, msg))
	msg.Text = r.text
	plain := msg
	plain.Text = r.file.linked
	if g.cfg.Media == nil {
		return g.sendsLink(plain)
	}
	f := &fetched{g: g, account: acc.ID, file: r.file}
	msg.File = &bridges.File{
		Name: calledOf(r.file), Type: r.file.Type, Size: r.file.Size, Width: r.file.Width, Height: r.file.Height,
		Duration: r.file.Length, Voice: isVoice(r.file), Open: f.open,
	}
	return func(ctx context.Context, s bridges.Session) ([]bridges.MessageID, error) {
		ids, err := s.Send(ctx, msg)
		switch kind := bridges.KindOf(err); {
		case err == nil:
			g.countFile("out", "sent")
			return ids, nil
		case ctx.Err() != nil, kind == bridges.Temporary && (!f.failed.Load() || m.attempts < fetchTries):
			return ids, err
		case f.failed.Load(), kind == bridges.TooLong, kind == bridges.Unsupported, kind == bridges.Rejected:
			g.log.Info("the link of a file is sent", "id", trace(m.key), "err", err)
			return g.sendsLink(plain)(ctx, s)
		}
		return ids, err
	}
}

func (g *Gateway) sendsLink(msg bridges.Message) errand {
	return func(ctx context.Context, s bridges.Session) ([]bridges.MessageID, error) {
		ids, err := s.Send(ctx, msg)
		if err == nil {
			g.countFile("out", "link sent")
		}
		return ids, err
	}
}

// calledOf is what the file is called; "": its server says that.
func calledOf(f *carried) string {
	if f.Name == "" {
		return ""
	}
	return media.FileName(f.Name, f.Type)
}

// timeFor is how long one attempt at m may take.
func (g *Gateway) timeFor(m *outgoing) context.Context {
	if m.file {
		return g.fileAttempts.within(g.work, fileTime, time.Now())
	}
	return g.attempts.within(g.work, sendTime, time.Now())
}

// isVoice tells whether a file was recorded for the message: clients show such sound
// at once, and say how long it is (xeps.md 0447.6).
func isVoice(f *carried) bool {
	return strings.HasPrefix(f.Type, "audio/") && f.Inline && f.Length > 0
}
