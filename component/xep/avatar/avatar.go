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
func AppendMetadata(w *stanza.Writer, i picture.Info) {
	w.Start("metadata", NSMetadata)
	w.Leaf("info", "", "", "bytes", strconv.Itoa(i.Bytes), "id", i.ID, "type", "image/png",
		"width", strconv.Itoa(i.Width), "height", strconv.Itoa(i.Height))
	w.End()
}

// AppendData writes what is in an item of NSData.
func AppendData(w *stanza.Writer, p *picture.Picture) {
	w.Leaf("data", NSData, base64.StdEncoding.EncodeToString(p.Data))
}

// AppendUpdate writes the id for available presence; "": it is not known yet
// whether there is a picture (XEP-0153 §4.1).
func AppendUpdate(w *stanza.Writer, id string) {
	w.Start("x", NSUpdate)
	if id != "" {
		w.Leaf("photo", "", id)
	}
	w.End()
}

// longestID bounds the hash of a picture in bytes.
const longestID = 128

// FindUpdate returns the hash that presence says of its sender's picture, empty
// when there is none (XEP-0153 §3.1). ok is false when it does not say.
func FindUpdate(presence *stanza.Stanza) (id string, ok bool) {
	x, ok := presence.Child(NSUpdate, "x")
	if !ok {
		return "", false
	}
	photo, ok := x.Child(NSUpdate, "photo")
	if id = photo.Text(); len(id) > longestID {
		return "", false
	}
	return id, ok
}
