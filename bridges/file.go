package bridges

import (
	"context"
	"io"
	"time"
)

// File is what a Message carries beside its text, which is then what the author
// says about it, and may be empty.
type File struct {
	// ID is what the Bridge finds an incoming file by, and only it reads. It lives
	// on disk: a later version of the Bridge must read it, too. Never empty there.
	ID string
	// Name is for people, and may hold anything; empty: there is none.
	Name string
	// Type is the media type that the network or the author claims; empty: unknown.
	Type string
	Size int64 // in bytes, as it is claimed; 0: unknown
	// Width and Height are those of a picture or video in pixels; 0: unknown.
	Width, Height int
	Duration      time.Duration // of sound or video; 0: unknown
	Voice         bool          // it was recorded for this message
	Sticker       bool          // a small picture that stands for words
	// Thumbnail is a smaller picture of an incoming one or of a video; nil: the
	// network has none.
	Thumbnail *Thumbnail
	// Open gives the bytes of an outgoing file, each time from the first on. It
	// blocks until they begin to come or ctx ends, and fails as Opener.OpenFile does:
	// Send returns that error. How many there are is known, and what else is known of
	// them counts for more than what is claimed.
	Open func(ctx context.Context) (*Content, error) `json:"-"`
}

// Thumbnail is a small picture that stands for a larger one until that is there.
type Thumbnail struct {
	ID            string // as that of a File, whose bytes it has
	Type          string // media type; empty: unknown
	Width, Height int    // in pixels; 0: unknown
}

// Content is a file while it is read. Whoever got it closes it; reading it ends
// with the ctx it was opened with.
type Content struct {
	io.ReadCloser
	Size int64  // in bytes; -1: unknown
	Type string // media type; empty: unknown
	Name string // empty: unknown
	// Width and Height are those of a picture in pixels; 0: unknown.
	Width, Height int
	// Harmless is the media type under which a server may have a browser open it: of a
	// page or a drawing that can run programs it is another than Type. Empty: unknown.
	Harmless string
}

// Opener is a Bridge of a network whose messages carry files (CanFiles).
type Opener interface {
	// OpenFile gives the bytes of a file that came for an account in a Message. It
	// blocks on the network until they begin to come or ctx ends, and may be called
	// again and for several at once. An *Error tells what failed: NotFound when the
	// file is gone for good, Temporary when it may be asked for again.
	OpenFile(ctx context.Context, account AccountID, f File) (*Content, error)
}
