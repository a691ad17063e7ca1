package gateway

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/url"
	"slices"
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

// carry finds the files of a message, and leaves in the text what is said about them
// (xeps.md 0066.3-4). Those that cannot be fetched stay links in it. linked is the
// text in the place of all for who takes no files; nil: there are none.
func (d *draft) carry() (files []sfs.File, linked string) {
	all := sharedIn(d)
	files = slices.DeleteFunc(slices.Clone(all), func(f sfs.File) bool { return !isWeb(f.URL) })
	if len(files) == 0 {
		return nil, ""
	}
	whole := *d
	addLinks(&whole)
	d.text = fallback.Cut(d.s, fallback.Cut(d.s, d.text, sfs.NS), oob.NS)
	for _, f := range files {
		d.text = without(d.text, f.URL)
	}
	if desc := files[0].Desc; !strings.Contains(d.text, desc) {
		d.text = strings.TrimPrefix(d.text+"\n"+desc, "\n")
	}
	for _, f := range all {
		if !isWeb(f.URL) {
			d.add(f.URL, f.Desc)
		}
	}
	d.file = true
	return files, whole.text
}

// without returns a text without the lines that say nothing but where a file is; ""
// when nothing is left.
func without(text, url string) string {
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return strings.TrimSpace(line) == url })
	text = strings.Join(lines, "\n")
	if strings.TrimSpace(text) == "" {
		return ""
	}
	return text
}

// sharedIn returns the files of a message that have an address, each once, with what
// is known of them. One that is linked in the older form, too, is one file (xeps.md
// 0447.2).
func sharedIn(d *draft) (files []sfs.File) {
	shared, links := sfs.Find(d.s), oob.Find(d.s)
	if len(shared) == 1 && len(links) == 1 {
		shared[0].URL = links[0].URL // whatever its own says
	}
	at := func(files []sfs.File, url string) int {
		return slices.IndexFunc(files, func(f sfs.File) bool { return f.URL == url })
	}
	add := func(f sfs.File) {
		if f.URL != "" && at(files, f.URL) < 0 {
			files = append(files, f)
		}
	}
	for _, l := range links {
		if i := at(shared, l.URL); i >= 0 {
			shared[i].Desc = cmp.Or(shared[i].Desc, l.Desc)
		} else {
			add(sfs.File{URL: l.URL, Desc: l.Desc})
		}
	}
	for _, f := range shared {
		add(f)
	}
	return files
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
	file    sfs.File
	failed  atomic.Bool // it cannot be had: no fault of the network
}

// open implements bridges.File.Open: the media service fetches the file. It is kept
// on disk while it is sent when its server does not say how long it is. Most clients
// say nothing of a file but where it is: the rest its head shows.
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
	media.Look(c)
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

// filesErrand sends a message with its files. When one cannot be had, or the network
// does not take it, its link goes as a text, as where there are no files: nothing is
// lost.
type filesErrand struct {
	g      *Gateway
	m      *outgoing
	of     bridges.AccountID
	msg    bridges.Message // its text is what is said about the first file
	files  []sfs.File
	next   int                 // the first file that the network has not
	given  []bridges.MessageID // of those that it has
	linked bool                // of some only a link went
}

func (g *Gateway) carries(ctx context.Context, m *outgoing, r reading, acc mapping.Account, msg bridges.Message) errand {
	if r.does == edits {
		r = g.correctsFiles(m, r)
	}
	x := begun[filesErrand](m)
	x.g, x.m, x.of, x.files = g, m, acc.ID, r.files
	x.msg = g.inThread(ctx, m, acc, g.answer(ctx, m, r, acc, msg))
	x.msg.Text = r.text
	if g.cfg.Media == nil {
		x.msg.Text = r.linked
	}
	return x
}

func (x *filesErrand) do(ctx context.Context, s bridges.Session) ([]bridges.MessageID, error) {
	if x.g.cfg.Media == nil {
		return x.sendLink(ctx, s, x.msg)
	}
	for ; x.next < len(x.files); x.next++ {
		one, file := x.msg, x.files[x.next]
		if x.next > 0 {
			one.Key, one.ReplyTo, one.Text = partKey(x.msg.Key, x.next), "", file.Desc
		}
		ids, err := x.send(ctx, s, one, file)
		if err != nil {
			return nil, err
		}
		x.given = append(x.given, ids...)
	}
	return x.given, nil
}

// send sends one of them, which is a message of its own for the network.
func (x *filesErrand) send(ctx context.Context, s bridges.Session, msg bridges.Message, file sfs.File) ([]bridges.MessageID, error) {
	link := draft{text: msg.Text}
	link.add(file.URL, file.Desc)
	plain := msg
	plain.Text = link.text
	f := &fetched{g: x.g, account: x.of, file: file}
	msg.File = &bridges.File{
		Name: calledOf(file), Type: file.Type, Size: file.Size, Width: file.Width, Height: file.Height,
		Duration: file.Length, Voice: isVoice(file), Open: f.open,
	}
	ids, err := s.Send(ctx, msg)
	switch kind := bridges.KindOf(err); {
	case err == nil:
		x.g.countFile("out", "sent")
	case ctx.Err() != nil, kind == bridges.Temporary && (!f.failed.Load() || x.m.attempts < fetchTries):
	case f.failed.Load(), kind == bridges.TooLong, kind == bridges.Unsupported, kind == bridges.Rejected:
		x.g.log.Info("the link of a file is sent", "id", trace(x.m.key), "err", err)
		return x.sendLink(ctx, s, plain)
	}
	return ids, err
}

func (x *filesErrand) sendLink(ctx context.Context, s bridges.Session, msg bridges.Message) ([]bridges.MessageID, error) {
	x.linked = true
	ids, err := s.Send(ctx, msg)
	if err == nil {
		x.g.countFile("out", "link sent")
	}
	return ids, err
}

// calledOf is what the file is called; "": its server says that.
func calledOf(f sfs.File) string {
	if f.Name == "" {
		return ""
	}
	return media.FileName(f.Name, f.Type)
}

// timeFor is how long one attempt at m may take.
func (g *Gateway) timeFor(m *outgoing) context.Context {
	if _, ok := m.errand.(*filesErrand); ok {
		return g.fileAttempts.within(g.work, fileTime, time.Now())
	}
	return g.attempts.within(g.work, sendTime, time.Now())
}

// isVoice tells whether a file was recorded for the message: clients show such sound
// at once, and say how long it is (xeps.md 0447.6).
func isVoice(f sfs.File) bool {
	return strings.HasPrefix(f.Type, "audio/") && f.Inline && f.Length > 0
}
