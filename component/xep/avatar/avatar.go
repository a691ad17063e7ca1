// Package avatar implements XEP-0084 (1.1.4): User Avatar, and the hash in
// presence of XEP-0153 (1.1.1): vCard-Based Avatars, as who has the picture and as who
// wants to see it.
package avatar

import (
	"encoding/base64"
	"strconv"
	"strings"

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

// FindMetadata returns the id of the picture in an item of NSMetadata that is in an item
// of NSData, too, and has at most so many bytes; "": there is none.
func FindMetadata(metadata stanza.Element, most int) (id string) {
	for i := range metadata.All(NSMetadata, "info") {
		bytes, err := strconv.Atoi(i.Attr("bytes"))
		if id = i.Attr("id"); err == nil && bytes <= most && i.Attr("url") == "" && len(id) <= longestID {
			return id
		}
	}
	return ""
}

// IsEmpty tells whether an item of NSMetadata says that there is no picture.
func IsEmpty(metadata stanza.Element) bool {
	space, name := metadata.Name()
	for range metadata.All(NSMetadata, "info") {
		return false
	}
	return space == NSMetadata && name == "metadata"
}

// FindData returns the picture in an item of NSData, whatever that is; nil: there is
// none.
func FindData(data stanza.Element) []byte {
	if space, name := data.Name(); space != NSData || name != "data" {
		return nil
	}
	p, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(data.Text()), "")) // many write it in lines
	if err != nil {
		return nil
	}
	return p
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
