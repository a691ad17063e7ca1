// Package vcard implements XEP-0054 (1.3.0): vcard-temp, and XEP-0292 (0.12.0):
// vCard4 over XMPP, whose cards are those of RFC 6351, as who has the card.
package vcard

import (
	"encoding/base64"

	"causeway/component/picture"
	"causeway/component/stanza"
)

const (
	// NS is the namespace of vcard-temp, and the feature that announces it.
	NS = "vcard-temp"
	// Node is the PubSub node of a vCard4.
	Node = "urn:xmpp:vcard4"

	ns4 = "urn:ietf:params:xml:ns:vcard-4.0"
)

// Card is what both forms tell. Empty fields are left out.
type Card struct {
	Name, Nick, Tel, URI, Country, Note string
	Photo                               *picture.Picture // not in a vCard4: XEP-0084 has it
}

// Append writes a vcard-temp. Its element names are upper case.
func (c *Card) Append(w *stanza.Writer) {
	w.Start("vCard", NS)
	leaf(w, "FN", c.Name)
	leaf(w, "NICKNAME", c.Nick)
	if c.Tel != "" {
		w.Start("TEL", "").Leaf("NUMBER", "", c.Tel).End()
	}
	if c.Country != "" {
		w.Start("ADR", "").Leaf("CTRY", "", c.Country).End()
	}
	leaf(w, "URL", c.URI)
	leaf(w, "DESC", c.Note)
	if c.Photo != nil {
		w.Start("PHOTO", "").Leaf("TYPE", "", "image/png")
		w.Leaf("BINVAL", "", base64.StdEncoding.EncodeToString(c.Photo.Data)).End()
	}
	w.End()
}

// Append4 writes a vCard4.
func (c *Card) Append4(w *stanza.Writer) {
	w.Start("vcard", ns4)
	text(w, "fn", c.Name)
	text(w, "nickname", c.Nick)
	text(w, "tel", c.Tel)
	if c.URI != "" {
		w.Start("impp", "").Leaf("uri", "", c.URI).End() // RFC 6350 §6.4.3
	}
	if c.Country != "" {
		w.Start("adr", "")
		for _, part := range []string{"pobox", "ext", "street", "locality", "region", "code"} {
			w.Leaf(part, "", "") // RFC 6351 §5: none may be missing
		}
		w.Leaf("country", "", c.Country).End()
	}
	text(w, "note", c.Note)
	w.End()
}

func leaf(w *stanza.Writer, name, value string) {
	if value != "" {
		w.Leaf(name, "", value)
	}
}

func text(w *stanza.Writer, name, value string) {
	if value != "" {
		w.Start(name, "").Leaf("text", "", value).End()
	}
}
