package media

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"causeway/bridges"
)

// content is a file of a network.
func content(r io.Reader, size int64, mediaType string) *bridges.Content {
	return &bridges.Content{ReadCloser: io.NopCloser(r), Size: size, Type: mediaType}
}

func TestSpool(t *testing.T) {
	r := start(t, nil, times{})
	for _, size := range []int64{-1, 5} {
		f, err := r.Spool(content(strings.NewReader("hello"), size, "text/plain"))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if text, err := io.ReadAll(f); string(text) != "hello" || err != nil || f.Size != 5 || f.Type != "text/plain" {
				t.Errorf("%q, %v, %+v", text, err, f)
			}
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				t.Error(err)
			}
		}
		if list, err := os.ReadDir(r.cfg.Dir); len(list) != 0 || err != nil {
			t.Errorf("it has a name: %v, %v", list, err)
		}
		if left := r.disk.left; left != 4*most-5 {
			t.Errorf("%d bytes are left", left)
		}
		f.Close()
		f.Close() // gives back once
	}
	if left := r.disk.left; left != 4*most {
		t.Errorf("%d bytes are left", left)
	}
}

func TestSpoolRefuses(t *testing.T) {
	gone := &bridges.Error{Kind: bridges.NotFound, Text: "gone", Cause: io.ErrClosedPipe}
	for name, c := range map[string]struct {
		c      *bridges.Content
		kind   bridges.Kind
		reason string
	}{
		"declared too large":      {content(zeros{}, most+1, ""), bridges.TooLong, reasonSize},
		"10 GB":                   {content(zeros{}, 10_000_000_000, ""), bridges.TooLong, reasonSize},
		"without an end":          {content(zeros{}, -1, ""), bridges.TooLong, reasonSize},
		"longer than it says":     {content(zeros{}, 5, ""), bridges.Temporary, reasonSource},
		"shorter than it says":    {content(strings.NewReader("hel"), 5, ""), bridges.Temporary, reasonSource},
		"broken":                  {content(broken{io.ErrUnexpectedEOF}, -1, ""), bridges.Temporary, reasonSource},
		"broken, in its own kind": {content(broken{gone}, -1, ""), bridges.NotFound, reasonSource},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, nil, times{})
			_, err := r.Spool(c.c)
			r.refused(err, c.kind, waySpool, c.reason)
			if left := r.disk.left; left != 4*most {
				t.Errorf("%d bytes are left", left)
			}
		})
	}
}

// All files together have their bound, and what is closed makes room.
func TestSpoolBound(t *testing.T) {
	r := start(t, nil, times{})
	whole := func() (*Spooled, error) { return r.Spool(content(bytes.NewReader(make([]byte, most)), -1, "")) }
	var files []*Spooled
	for range 4 {
		f, err := whole()
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	_, err := r.Spool(content(strings.NewReader("x"), 1, ""))
	r.refused(err, bridges.Temporary, waySpool, reasonDisk)
	files[0].Close()
	if files[0], err = whole(); err != nil {
		t.Error(err)
	}
	for _, f := range files {
		f.Close()
	}
}

// A directory that is gone, or a disk that is full.
func TestSpoolWithoutDisk(t *testing.T) {
	r := start(t, nil, times{})
	r.disk.dir = "/nonexistent"
	_, err := r.Spool(content(strings.NewReader("x"), 1, ""))
	r.refused(err, bridges.Temporary, waySpool, reasonDisk)
	if r.disk.dir = t.TempDir(); r.disk.left != 4*most {
		t.Errorf("%d bytes are left", r.disk.left)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	if _, err := r.fill(full, content(strings.NewReader("x"), 1, ""), 1); bridges.KindOf(err) != bridges.Temporary {
		t.Errorf("full: %v", err)
	}
}
