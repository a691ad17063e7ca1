package media

import (
	"io"
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
var containers = map[string]bool{"application/ogg": true, "video/mp4": true, "video/webm": true, unknown: true}

const unknown = "application/octet-stream"

// judge returns the media type under which a file is served, and whether a
// browser may show it. What the file is counts, not what is claimed; a claim
// helps only where both are harmless.
func judge(file io.ReadSeeker, claimed string) (mediaType string, show bool, err error) {
	head := make([]byte, 512)
	n, err := io.ReadFull(file, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return "", false, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", false, err
	}
	claimed, _, _ = mime.ParseMediaType(claimed) // what cannot be read claims nothing
	is, _, _ := strings.Cut(http.DetectContentType(head[:n]), ";")
	switch {
	case containers[is] && inline[claimed]:
		return claimed, true, nil
	case inline[is]:
		return is, true, nil
	case is == "text/plain" && (claimed == "text/plain" || claimed == ""):
		return "text/plain; charset=utf-8", true, nil
	case is == "application/pdf":
		return is, false, nil
	}
	return unknown, false, nil
}
