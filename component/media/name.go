package media

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the longest name of a file, in bytes.
const maxName = 128

// extensions are those that clients know a file by.
var extensions = map[string]string{
	"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "image/avif": ".avif",
	"image/heic": ".heic", "image/bmp": ".bmp", "image/svg+xml": ".svg", "video/mp4": ".mp4", "video/webm": ".webm",
	"video/quicktime": ".mov", "video/3gpp": ".3gp", "video/ogg": ".ogv", "audio/mpeg": ".mp3", "audio/ogg": ".ogg",
	"audio/opus": ".opus", "audio/mp4": ".m4a", "audio/aac": ".aac", "audio/wav": ".wav", "audio/x-wav": ".wav",
	"audio/webm": ".weba", "audio/flac": ".flac", "audio/amr": ".amr", "application/pdf": ".pdf", "application/zip": ".zip",
	"text/plain": ".txt",
}

// FileName makes a name for people into one for a link, a header or a slot: no
// path (xeps.md 0447.5), nothing that cannot be seen, at most 128 bytes of valid
// UTF-8, and with an extension where the media type or the name tells it.
func FileName(name, mediaType string) string {
	name = strings.ToValidUTF8(name, "_")
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, name)
	name = strings.Trim(name, ". \u00a0")
	if name == "" {
		name = "file"
	}
	ext := path.Ext(name)
	if ext == "" || len(ext) > 16 {
		ext = ""
	}
	base := strings.TrimSuffix(name, ext)
	if ext == "" {
		ext = extensions[mediaType]
	}
	return cut(base, maxName-len(ext)) + ext
}

// cut shortens s to n bytes, between two characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
