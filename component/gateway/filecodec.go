package gateway

import (
	"time"

	"causeway/bridges"
)

// The flags of a file in a record. Behind them is its thumbnail.
const (
	fileVoice   = 1 << 0
	fileSticker = 1 << 1
	fileThumb   = 1 << 2
)

// file writes what a message carries, if it carries something.
func (e *eventWriter) file(f *bridges.File) {
	if f == nil {
		return
	}
	e.b[2] |= hasFile
	e.text(f.ID)
	e.text(f.Name)
	e.text(f.Type)
	for _, n := range []int64{f.Size, int64(f.Width), int64(f.Height), int64(f.Duration)} {
		e.number(uint64(max(n, 0)))
	}
	flags := uint64(0)
	if f.Voice {
		flags |= fileVoice
	}
	if f.Sticker {
		flags |= fileSticker
	}
	if f.Thumbnail != nil {
		flags |= fileThumb
	}
	e.number(flags)
	if t := f.Thumbnail; t != nil {
		e.text(t.ID)
		e.text(t.Type)
		e.number(uint64(max(t.Width, 0)))
		e.number(uint64(max(t.Height, 0)))
	}
}

func (e *eventReader) file() *bridges.File {
	if e.has&hasFile == 0 {
		return nil
	}
	f := &bridges.File{
		ID: e.text(), Name: e.text(), Type: e.text(), Size: int64(e.below(1 << 63)),
		Width: int(e.below(1 << 63)), Height: int(e.below(1 << 63)), Duration: time.Duration(e.below(1 << 63)),
	}
	flags := e.below(fileThumb << 1)
	f.Voice, f.Sticker = flags&fileVoice != 0, flags&fileSticker != 0
	if flags&fileThumb != 0 {
		f.Thumbnail = &bridges.Thumbnail{ID: e.text(), Type: e.text(), Width: int(e.below(1 << 63)), Height: int(e.below(1 << 63))}
	}
	return f
}
