// Package avatar implements XEP-0084 (1.1.4): User Avatar, and the hash in
// presence of XEP-0153 (1.1.1): vCard-Based Avatars, as who has the picture.
package avatar

import (
	"encoding/base64"
	"strconv"

	"causeway/component/picture"
	"causeway/component/stanza"
)

// The namespaces; NSMetadata and NSData are the names of the PubSub nodes, too.
const (
	NSMetadata = "urn:xmpp:avatar:metadata"
	NSData     = "urn:xmpp:avatar:data"
	NSUpdate   = "vcard-temp:x:update"
)

// AppendMetadata writes what is in an item of NSMetadata, whose id is that of
// the picture.
func AppendMetadata(w *stanza.Writer, p *picture.Picture) {
	size := strconv.Itoa(picture.Size)
	w.Start("metadata", NSMetadata)
	w.Leaf("info", "", "", "bytes", strconv.Itoa(len(p.Data)), "id", p.ID, "type", "image/png", "width", size, "height", size)
	w.End()
}

// AppendData writes what is in an item of NSData.
func AppendData(w *stanza.Writer, p *picture.Picture) {
	w.Leaf("data", NSData, base64.StdEncoding.EncodeToString(p.Data))
}

// AppendUpdate writes the hash for available presence.
func AppendUpdate(w *stanza.Writer, p *picture.Picture) {
	w.Start("x", NSUpdate).Leaf("photo", "", p.ID).End()
}
