package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"causeway/bridges"
	"causeway/component/xep/sfs"
	"causeway/mapping"
)

// A correction may have the files of the message again (xeps.md 0308.6): those that are
// there are not sent twice. Which they are is known by their addresses.

// carriedID names the row that says which files a message of a user's has, by its first
// part. It stands among the messages, in no chat, and goes when they do.
func carriedID(first bridges.MessageID) bridges.MessageID { return "\x01carried " + first }

// carriedBy is by what the files of a message are known again.
func carriedBy(files []sfs.File) string {
	urls := make([]string, len(files))
	for i, f := range files {
		urls[i] = f.URL
	}
	sum := sha256.Sum256([]byte(strings.Join(urls, "\n")))
	return hex.EncodeToString(sum[:16])
}

// rows say which files the network has got. Where of one a link went nothing is said: a
// text is there in its place.
func (x *filesErrand) rows(g *Gateway, rows []mapping.Message) []mapping.Message {
	first := rows[0]
	if x.linked || first.ID == "" || !g.info.Can.Has(bridges.CanEdits) {
		return nil
	}
	return []mapping.Message{{Bridge: g.domain, ID: carriedID(first.ID), Account: first.Account, Stanza: carriedBy(x.files), At: first.At}}
}

// carriesAgain tells whether a message corrects another that has the same files: then
// only what is said beside them changes.
func (g *Gateway) carriesAgain(ctx context.Context, r reading, acc mapping.Account, chat bridges.ChatID) bool {
	if r.does != edits {
		return false
	}
	row, found := g.earlier(ctx, acc.ID, chat, r.of)
	if !found || row.Parts == 0 {
		return false
	}
	parts := g.partsOf(ctx, row)
	if len(parts) == 0 {
		return false
	}
	was, known, _ := g.stored(ctx, carriedID(parts[0]))
	return known && was.Stanza == carriedBy(r.files)
}

// correctsFiles has the words beside other files say that they correct something.
func (g *Gateway) correctsFiles(m *outgoing, r reading) reading {
	if m.attempts == 0 {
		g.cfg.Metrics.changed.WithLabelValues(g.domain, "correction").Inc()
	}
	r.text, r.linked = strings.TrimSpace(corrected+r.text), corrected+r.linked
	return r
}
