package bridgetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"causeway/bridges"
)

var _ bridges.Opener = (*Bridge)(nil)

// OnOpen sets what files there are from now on; nil: none.
func (b *Bridge) OnOpen(f func(ctx context.Context, f bridges.File) (*bridges.Content, error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opens = f
}

// OpenFile implements bridges.Opener.
func (b *Bridge) OpenFile(ctx context.Context, _ bridges.AccountID, f bridges.File) (*bridges.Content, error) {
	b.mu.Lock()
	opens := b.opens
	b.mu.Unlock()
	if opens == nil {
		return nil, &bridges.Error{Kind: bridges.NotFound, Text: "There is no such file."}
	}
	return opens(ctx, f)
}

// read reads the file of an outgoing message, if it has one, as a network does.
func (b *Bridge) read(ctx context.Context, f *bridges.File) error {
	if f == nil {
		return nil
	}
	bridges.Waits(ctx)
	c, err := f.Open(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	n, err := io.Copy(io.Discard, c)
	if err == nil && n != c.Size {
		err = &bridges.Error{Kind: bridges.Temporary, Text: "The file is not whole.", Cause: io.ErrUnexpectedEOF}
	}
	return err
}

// FileOf returns an outgoing file of these bytes.
func FileOf(name, typ string, data []byte) *bridges.File {
	return &bridges.File{Name: name, Type: typ, Size: int64(len(data)), Open: func(context.Context) (*bridges.Content, error) {
		return ContentOf(name, typ, data), nil
	}}
}

// ContentOf returns these bytes to be read.
func ContentOf(name, typ string, data []byte) *bridges.Content {
	return &bridges.Content{ReadCloser: io.NopCloser(bytes.NewReader(data)), Size: int64(len(data)), Type: typ, Name: name}
}

// checkFiles wants files to be taken, with a caption and without, the same again
// for the same key, and what keeps one from being read to be told.
func checkFiles(t *testing.T, s Subject) {
	o, ok := s.Bridge.(bridges.Opener)
	if !s.Bridge.Info().Can.Has(bridges.CanFiles) {
		return
	}
	if !ok {
		t.Fatal("the messages carry files, and it is no Opener")
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	session := s.open(ctx, t)
	for _, text := range []string{"", "a caption", "a caption"} {
		m := s.message(text)
		m.File = FileOf("a.txt", "text/plain", []byte("abc"))
		if ids, err := session.Send(ctx, m); err != nil || len(ids) == 0 {
			t.Errorf("a file with the text %q: %v, %v", text, ids, err)
		}
	}
	gone := &bridges.Error{Kind: bridges.NotFound, Text: "gone"}
	m := s.message("without a file")
	m.File = &bridges.File{Name: "a.txt", Open: func(context.Context) (*bridges.Content, error) { return nil, gone }}
	if _, err := session.Send(ctx, m); !errors.Is(err, gone) {
		t.Errorf("a file that cannot be read: %v", err)
	}
	_, err := o.OpenFile(ctx, s.Account.ID, bridges.File{ID: "never seen"})
	if err == nil {
		t.Error("a file that nobody knows can be read")
	}
	s.checkAnswer(t, err)
	if err := session.Close(); err != nil {
		t.Error(err)
	}
}
