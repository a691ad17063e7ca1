// Package sfs reads messages of XEP-0447 (0.3.1): Stateless File Sharing, with
// the metadata of XEP-0446 (0.2.0). It fetches nothing.
package sfs

import (
	"strings"

	"causeway/component/stanza"
)

// NS is the namespace of shared files.
const NS = "urn:xmpp:sfs:0"

const (
	nsMetadata = "urn:xmpp:file:metadata:0"            // XEP-0446
	nsURL      = "http://jabber.org/protocol/url-data" // XEP-0103
)

// Most bounds the files of one message that are looked at.
const Most = 16

// File is a file that a message shares. Without a URL it has no address, or one
// of another kind, such as a transfer between two clients.
type File struct{ URL, Desc string }

// Find returns the files of a message in their order, Most at most, each with
// the first of its addresses (XEP-0447 §3.1).
func Find(s *stanza.Stanza) (files []File) {
	for e := range s.All(NS, "file-sharing") {
		if len(files) == Most {
			break
		}
		files = append(files, File{URL: address(e), Desc: description(e)})
	}
	return files
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

func description(shared stanza.Element) string {
	file, _ := shared.Child(nsMetadata, "file")
	desc, _ := file.Child(nsMetadata, "desc")
	return desc.Text()
}
