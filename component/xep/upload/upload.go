// Package upload implements the messages of XEP-0363 (1.2.0): HTTP File Upload,
// as the entity that asks for a slot. The upload itself is no XMPP.
package upload

import (
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"causeway/component/stanza"
)

// NS is the namespace, and the feature of upload services.
const NS = "urn:xmpp:http:upload:0"

const nsForm = "jabber:x:data" // XEP-0004

// Request asks for a slot.
type Request struct {
	Name string // of the file, without a path
	Size int64  // in bytes, exactly
	Type string // media type; empty: not told
}

// Append writes r.
func (r Request) Append(w *stanza.Writer) {
	w.Leaf("request", NS, "", "filename", r.Name, "size", strconv.FormatInt(r.Size, 10), "content-type", r.Type)
}

// Slot is where a file is to be put, and where it is got afterwards.
type Slot struct {
	Put, Get string
	// Header goes with the upload. Only Authorization, Cookie and Expires may
	// (section 5), without control characters.
	Header http.Header
}

// Find returns the slot in the IQ e; ok is false when there is none, or a part
// of it is missing.
func Find(e stanza.Element) (s Slot, ok bool) {
	slot, _ := e.Child(NS, "slot")
	put, _ := slot.Child(NS, "put")
	get, _ := slot.Child(NS, "get")
	s = Slot{Put: put.Attr("url"), Get: get.Attr("url"), Header: http.Header{}}
	for h := range put.All(NS, "header") {
		switch name := http.CanonicalHeaderKey(printable(h.Attr("name"))); name {
		case "Authorization", "Cookie", "Expires":
			s.Header.Add(name, printable(h.Text()))
		}
	}
	return s, s.Put != "" && s.Get != ""
}

// printable strips what could end a header.
func printable(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s))
}

// Refusal is why there is no slot, as far as the extension tells (section 5).
// What it does not tell is zero.
type Refusal struct {
	TooLarge bool
	Max      int64     // then: the largest file, in bytes
	Retry    time.Time // a quota is used up until then
}

// FindRefusal returns what the error in the IQ e says.
func FindRefusal(e stanza.Element) (r Refusal) {
	err, _ := e.Child("", "error")
	if large, ok := err.Child(NS, "file-too-large"); ok {
		size, _ := large.Child(NS, "max-file-size")
		r.TooLarge, r.Max = true, number(size.Text())
	}
	if retry, ok := err.Child(NS, "retry"); ok {
		r.Retry, _ = time.Parse(time.RFC3339, retry.Attr("stamp")) // XEP-0082; what cannot be read is not told
	}
	return r
}

// MaxSize returns the largest file that a service takes, in bytes, which
// stands in the answer e to disco#info (section 4); 0: it does not tell.
func MaxSize(query stanza.Element) int64 {
	for form := range query.All(nsForm, "x") {
		var kind, size string
		for f := range form.All(nsForm, "field") {
			v, _ := f.Child(nsForm, "value")
			switch f.Attr("var") {
			case "FORM_TYPE":
				kind = v.Text()
			case "max-file-size":
				size = v.Text()
			}
		}
		if kind == NS {
			return number(size)
		}
	}
	return 0
}

// number reads a size; 0: it is none.
func number(s string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil {
		return 0
	}
	return max(n, 0)
}
