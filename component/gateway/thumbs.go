package gateway

import (
	"context"
	"strings"

	"causeway/bridges"
	"causeway/component/xep/sfs"
)

// bringThumb finds a place for the small picture of a file that has one itself (xeps.md
// 0447.7): a link of our own, which costs nothing before somebody looks, else one of
// the server's. It is tried once: without it the file is shown as well.
func (g *Gateway) bringThumb(ctx context.Context, in *incoming, s *shared) {
	t := in.Message.File.Thumbnail
	if t == nil || s.url == "" || g.cfg.Media == nil {
		return
	}
	small := &shared{File: bridges.File{ID: t.ID, Name: "thumbnail", Type: typeOf(t.Type)}}
	url, ok := g.cfg.Media.Link(g.domain, in.Account, small.File, in.At)
	if !ok || !fitsBody(url) {
		if err := g.upload(ctx, in.Account, small.File, small); err != nil {
			g.log.Info("a thumbnail cannot be uploaded", "id", trace(in.key), "account", in.Account, "err", err)
			return
		}
		url = small.url
	}
	if strings.HasPrefix(small.Type, "image/") && small.Type != "image/svg+xml" { // that can run programs
		s.thumb = &sfs.Thumbnail{URL: url, Type: small.Type, Width: t.Width, Height: t.Height}
	}
}
