// Package sfs implements the messages of XEP-0447 (0.3.1): Stateless File
// Sharing, with the metadata of XEP-0446 (0.2.0), hashes of XEP-0300 (1.0.0) and
// thumbnails of XEP-0264 (0.4.2). It fetches nothing.
package sfs

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"causeway/component/stanza"
)

// NS is the namespace of shared files.
const NS = "urn:xmpp:sfs:0"

const (
	nsMetadata = "urn:xmpp:file:metadata:0"            // XEP-0446
	nsURL      = "http://jabber.org/protocol/url-data" // XEP-0103
	nsHashes   = "urn:xmpp:hashes:2"                   // XEP-0300
	nsThumbs   = "urn:xmpp:thumbs:1"                   // XEP-0264
)

// Most bounds the files of one message that are looked at.
const Most = 16

// File is a file that a message shares, and what its sender says about it.
type File struct {
	// URL is empty for a file that has no address, or one of another kind, such as
	// a transfer between two clients.
	URL, Desc string
	// Name may hold anything. Type is a media type.
	Name, Type    string
	Size          int64         // in bytes; 0: unknown
	Width, Height int           // in pixels; 0: unknown
	Length        time.Duration // of sound and video; 0: unknown
	Inline        bool          // it is meant to be seen at once (XEP-0447 §3.1)
	// SHA256 is the hash of the bytes, and Thumbnail a picture of it. They are
	// written only; nil: there is none.
	SHA256    []byte
	Thumbnail *Thumbnail
}

// Thumbnail is a small picture at an address.
type Thumbnail struct {
	URL, Type     string
	Width, Height int // in pixels; 0: unknown
}

// Find returns the files of a message in their order, Most at most, each with
// the first of its addresses (XEP-0447 §3.1).
func Find(s *stanza.Stanza) (files []File) {
	for e := range s.All(NS, "file-sharing") {
		if len(files) == Most {
			break
		}
		files = append(files, read(e))
	}
	return files
}

func read(shared stanza.Element) File {
	file, _ := shared.Child(nsMetadata, "file")
	text := func(name string) string {
		e, _ := file.Child(nsMetadata, name)
		return e.Text()
	}
	return File{
		URL: address(shared), Desc: text("desc"), Name: text("name"), Type: strings.TrimSpace(text("media-type")),
		Size: number(text("size"), 63), Width: int(number(text("width"), 31)), Height: int(number(text("height"), 31)),
		Length: time.Duration(number(text("length"), 40)) * time.Millisecond,
		Inline: shared.Attr("disposition") == "inline",
	}
}

// number reads a number of so many bits; what is none is 0.
func number(text string, bits int) int64 {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, bits)
	if err != nil {
		return 0
	}
	return int64(n)
}

func address(shared stanza.Element) string {
	sources, _ := shared.Child(NS, "sources")
	for e := range sources.All(nsURL, "url-data") {
		if url := strings.TrimSpace(e.Attr("target")); url != "" {
			return url
		}
	}
	return ""
}

// Append writes a file that has a URL. What is not known is left out.
func (f File) Append(w *stanza.Writer) {
	disposition := "attachment"
	if f.Inline {
		disposition = "inline"
	}
	w.Start("file-sharing", NS, "disposition", disposition).Start("file", nsMetadata)
	for _, x := range []struct{ name, value string }{
		{"media-type", f.Type},
		{"name", f.Name},
		{"size", known(f.Size)},
		{"width", known(int64(f.Width))},
		{"height", known(int64(f.Height))},
		{"length", known(f.Length.Milliseconds())},
		{"desc", f.Desc},
	} {
		if x.value != "" {
			w.Leaf(x.name, "", x.value)
		}
	}
	if len(f.SHA256) > 0 {
		w.Leaf("hash", nsHashes, base64.StdEncoding.EncodeToString(f.SHA256), "algo", "sha-256")
	}
	if t := f.Thumbnail; t != nil {
		w.Leaf("thumbnail", nsThumbs, "", "uri", t.URL, "media-type", t.Type, "width", known(int64(t.Width)), "height", known(int64(t.Height)))
	}
	w.End().Start("sources", "").Leaf("url-data", nsURL, "", "target", f.URL).End().End()
}

func known(n int64) string {
	if n <= 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
