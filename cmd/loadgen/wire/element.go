package wire

import (
	"bytes"
	"strconv"
	"strings"
)

// Head is the start tag of a stanza. The fields point into the stanza and are
// as they came: entities are not resolved.
type Head struct {
	Name, From, To, ID, Type []byte
	Size                     int // length of the start tag
}

// ParseHead reads the start tag of raw, which a Reader returned.
func ParseHead(raw []byte) Head {
	var h Head
	h.Size = tagEnd(raw)
	tag := raw[1 : h.Size-1]
	n := bytes.IndexAny(tag, " \t\r\n/")
	if n < 0 {
		h.Name = tag
		return h
	}
	h.Name = tag[:n]
	eachAttr(tag[n:], func(name, value []byte) {
		switch string(name) {
		case "from":
			h.From = value
		case "to":
			h.To = value
		case "id":
			h.ID = value
		case "type":
			h.Type = value
		}
	})
	return h
}

func eachAttr(b []byte, f func(name, value []byte)) {
	for {
		b = bytes.TrimLeft(b, " \t\r\n/")
		eq := bytes.IndexByte(b, '=')
		if eq < 0 || eq+1 >= len(b) {
			return
		}
		quote := b[eq+1]
		n := bytes.IndexByte(b[eq+2:], quote)
		if n < 0 {
			return
		}
		f(b[:eq], b[eq+2:eq+2+n])
		b = b[eq+3+n:]
	}
}

// Attr returns the attribute of a start tag, or nil.
func Attr(tag []byte, name string) []byte {
	var v []byte
	n := bytes.IndexAny(tag, " >")
	end := tagEnd(tag)
	if n < 0 || end < 0 || n >= end {
		return nil
	}
	eachAttr(tag[n:end-1], func(k, value []byte) {
		if string(k) == name {
			v = value
		}
	})
	return v
}

// Child returns the first element with that name inside raw, from its start
// tag to the end of raw, or nil.
func Child(raw []byte, name string) []byte {
	open := "<" + name
	for from := 1; ; {
		i := bytes.Index(raw[from:], []byte(open))
		if i < 0 {
			return nil
		}
		from += i
		if rest := raw[from+len(open):]; len(rest) > 0 && bytes.IndexByte([]byte(" />\t\r\n"), rest[0]) >= 0 {
			return raw[from:]
		}
		from++
	}
}

// Text returns the character data of the first child with that name, with
// entities resolved, and whether there is one.
func Text(raw []byte, name string) (string, bool) {
	c := Child(raw, name)
	if c == nil {
		return "", false
	}
	n := tagEnd(c)
	if n < 0 || c[n-2] == '/' {
		return "", n > 0
	}
	end := bytes.IndexByte(c[n:], '<')
	if end < 0 {
		return "", false
	}
	return Unescape(c[n : n+end]), true
}

// Unescape resolves the entities of XML and character references.
func Unescape(b []byte) string {
	if bytes.IndexByte(b, '&') < 0 {
		return string(b)
	}
	var out strings.Builder
	for len(b) > 0 {
		amp := bytes.IndexByte(b, '&')
		if amp < 0 {
			out.Write(b)
			break
		}
		out.Write(b[:amp])
		b = b[amp:]
		semi := bytes.IndexByte(b, ';')
		if semi < 0 {
			out.Write(b)
			break
		}
		out.WriteString(entity(string(b[1:semi])))
		b = b[semi+1:]
	}
	return out.String()
}

func entity(name string) string {
	if c, ok := map[string]string{"lt": "<", "gt": ">", "amp": "&", "quot": `"`, "apos": "'"}[name]; ok {
		return c
	}
	digits, base := strings.TrimPrefix(name, "#"), 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return "&" + name + ";"
	}
	return string(rune(n))
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;")

// Escape makes s fit for character data and attribute values.
func Escape(s string) string { return escaper.Replace(s) }
