package media

import (
	"bytes"
	"mime"
	"net/http"
	"strings"
)

// inline are the media types that a browser shows without running anything of
// theirs.
var inline = map[string]bool{
	"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true, "image/avif": true, "image/bmp": true,
	"image/heic":  true,
	"audio/basic": true, "audio/mpeg": true, "audio/ogg": true, "audio/opus": true, "audio/mp4": true, "audio/aac": true,
	"audio/wav": true, "audio/wave": true, "audio/x-wav": true, "audio/webm": true, "audio/flac": true, "audio/amr": true,
	"video/mp4": true, "video/webm": true, "video/ogg": true, "video/quicktime": true, "video/3gpp": true,
}

// containers are what sound is in, too: only its claim tells.
var containers = map[string]bool{
	"application/ogg": true, "video/mp4": true, "video/webm": true, "video/quicktime": true, "video/3gpp": true, unknown: true,
}

// brands are what begins with a box of ISO/IEC 14496-12 that says so, where net/http
// does not know it.
var brands = map[string]string{
	"M4A ": "audio/mp4", "M4B ": "audio/mp4", "M4V ": "video/mp4", "isom": "video/mp4", "qt  ": "video/quicktime",
	"3gp4": "video/3gpp", "3gp5": "video/3gpp", "3gp6": "video/3gpp",
	"avif": "image/avif", "heic": "image/heic", "heix": "image/heic",
}

const unknown = "application/octet-stream"

// sniffed is how much of a file shows what it is, in bytes.
const sniffed = 512

// detect returns the media type that the first bytes of a file show.
func detect(head []byte) string {
	head = head[:min(len(head), sniffed)]
	if len(head) >= 12 && string(head[4:8]) == "ftyp" {
		if is := brands[string(head[8:12])]; is != "" {
			return is
		}
	}
	is, _, _ := strings.Cut(http.DetectContentType(head), ";")
	return is
}

// judge returns the media type under which a file is served, and whether a
// browser may show it. What the file is counts, not what is claimed; a claim
// helps only where both are harmless.
func judge(head []byte, claimed string) (mediaType string, show bool) {
	claimed, _, _ = mime.ParseMediaType(claimed) // what cannot be read claims nothing
	is := detect(head)
	switch {
	case containers[is] && inline[claimed]:
		return claimed, true
	case inline[is]:
		return is, true
	case is == "text/plain" && (claimed == "text/plain" || claimed == ""):
		return is, true
	case is == "application/pdf":
		return is, false
	}
	return unknown, false
}

// kindOf returns what a file is, for who tells others of it. Many forms are packed or
// written as another one, and of these its claim tells; but no picture, sound or film
// is text.
func kindOf(head []byte, claimed string) string {
	is := detect(head)
	family, _, _ := strings.Cut(claimed, "/")
	says := claimed != "" && claimed != unknown
	switch {
	case says && (is == unknown || containers[is] && (family == "audio" || family == "video")):
		return claimed
	case is == "application/ogg" && bytes.Contains(head, []byte("theora")):
		return "video/ogg"
	case is == "application/ogg":
		return "audio/ogg"
	case !says, inline[is], inline[claimed]:
		return is
	}
	return claimed
}
