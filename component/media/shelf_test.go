package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
)

// pipes is a listener whose connections are in memory, so that their deadlines
// pass in the time of a bubble.
type pipes struct{ made chan net.Conn }

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p.made; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (pipes) Close() error   { return nil }
func (pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	p.made <- there
	return here, nil
}

// bubble has a Service behind a web server with the deadlines of the program's.
type bubble struct {
	*Service
	t      *testing.T
	client *http.Client
}

// inBubble runs f in a bubble, where time passes when all wait.
func inBubble(t *testing.T, source Source, f func(b *bubble)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Config{MaxSize: most, PublicURL: "http://c.example", Dir: dir, Keys: map[string]Key{domain: NewKey("s")}})
		if err != nil {
			t.Fatal(err)
		}
		s.Register(domain, source)
		l := pipes{make(chan net.Conn)}
		server := &http.Server{Handler: s.Handler(), ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute}
		go server.Serve(l)
		b := &bubble{s, t, &http.Client{Transport: &http.Transport{DialContext: l.dial, DisableKeepAlives: true}}}
		f(b)
		close(l.made)
		server.Close()
		synctest.Wait()
		if len(s.readers.held) != 0 {
			t.Error("a reader is still counted")
		}
		if s.Close(); s.disk.left != 4*most {
			t.Errorf("%d bytes are left on the disk", s.disk.left)
		}
	})
}

// kept tells how many files are on the shelf, and the room that is left.
func (b *bubble) kept() (files int, left int64) {
	synctest.Wait()
	b.shelf.mu.Lock()
	defer b.shelf.mu.Unlock()
	b.disk.mu.Lock()
	defer b.disk.mu.Unlock()
	return len(b.shelf.items), b.disk.left
}

// get asks for file id; the caller closes the body.
func (b *bubble) get(ctx context.Context, account bridges.AccountID, id string) (*http.Response, error) {
	link, _ := b.Link(domain, account, bridges.File{ID: id, Name: "a.jpg"}, time.Now())
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.client.Do(q)
}

// read asks for a file and returns the status and how much there is.
func (b *bubble) read(account bridges.AccountID, id string) (code, size int) {
	resp, err := b.get(context.Background(), account, id)
	if err != nil {
		b.t.Error(err)
		return 0, 0
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Error(err)
	}
	return resp.StatusCode, len(body)
}

// slow gives whole files after some time, and counts.
func slow(opened *atomic.Int64, wait time.Duration) Source {
	return func(ctx context.Context, _ bridges.AccountID, _ bridges.File) (*bridges.Content, error) {
		opened.Add(1)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		return content(bytes.NewReader(make([]byte, most)), -1, ""), nil
	}
}

// Many readers of one file are one download, which may take longer than the
// deadlines of the web server.
func TestManyReaders(t *testing.T) {
	var opened atomic.Int64
	inBubble(t, slow(&opened, 70*time.Second), func(b *bubble) {
		done := make(chan bool)
		for range readersAtOnce {
			go func() { code, n := b.read(alice, "1"); done <- code == 200 && n == most }()
		}
		for range readersAtOnce {
			if !<-done {
				t.Error("not the whole file")
			}
		}
		if opened.Load() != 1 {
			t.Errorf("%d downloads", opened.Load())
		}
	})
}

// The readers of one account are bounded; another account is not concerned.
func TestTooManyReaders(t *testing.T) {
	var opened atomic.Int64
	inBubble(t, slow(&opened, time.Minute), func(b *bubble) {
		done := make(chan bool)
		for range readersAtOnce {
			go func() { code, _ := b.read(alice, "1"); done <- code == 200 }()
		}
		synctest.Wait()
		if code, _ := b.read(alice, "2"); code != 503 {
			t.Errorf("one more: %d", code)
		}
		if code, _ := b.read("bob@example.org", "1"); code != 200 {
			t.Errorf("another account: %d", code)
		}
		for range readersAtOnce {
			if !<-done {
				t.Error("not served")
			}
		}
	})
}

// When all readers of a download have gone, it ends; one that stays gets all.
func TestReadersGo(t *testing.T) {
	var opened atomic.Int64
	inBubble(t, slow(&opened, time.Minute), func(b *bubble) {
		gone, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		for range 2 {
			go func() { _, err := b.get(gone, alice, "1"); done <- err }()
		}
		stays := make(chan int)
		go func() { _, n := b.read(alice, "2"); stays <- n }()
		go func() { _, err := b.get(gone, alice, "2"); done <- err }()
		synctest.Wait()
		cancel()
		for range 3 {
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
		if n, left := b.kept(); n != 1 || left != 4*most {
			t.Errorf("%d downloads go on, %d bytes are left", n, left)
		}
		if n := <-stays; n != most {
			t.Errorf("%d bytes", n)
		}
	})
}

// A reader that takes nothing is cut off, and keeps nothing.
func TestSlowReader(t *testing.T) {
	var opened atomic.Int64
	inBubble(t, slow(&opened, 0), func(b *bubble) {
		resp, err := b.get(context.Background(), alice, "1")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		time.Sleep(b.times.idle + time.Second) // of the bubble
		synctest.Wait()
		if len(b.readers.held) != 0 {
			t.Error("it is still being served")
		}
		if _, err := io.Copy(io.Discard, resp.Body); err == nil {
			t.Error("it gets all of it")
		}
	})
}

// A reader may take its time, as long as it takes something.
func TestPatientReader(t *testing.T) {
	var opened atomic.Int64
	inBubble(t, slow(&opened, 0), func(b *bubble) {
		resp, err := b.get(context.Background(), alice, "1")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		n, part := 0, make([]byte, 8<<10)
		for err == nil {
			time.Sleep(time.Second)
			var m int
			m, err = resp.Body.Read(part)
			n += m
		}
		if n != most || err != io.EOF {
			t.Errorf("%d bytes, %v", n, err)
		}
	})
}

// A file stays for those who come soon, makes room for others, and goes.
func TestShelf(t *testing.T) {
	var opened atomic.Int64
	inBubble(t, slow(&opened, 0), func(b *bubble) {
		for i := range 6 { // four fit
			if code, n := b.read(alice, strconv.Itoa(i)); code != 200 || n != most {
				t.Errorf("file %d: %d, %d bytes", i, code, n)
			}
			time.Sleep(time.Second)
		}
		if b.read(alice, "5"); opened.Load() != 6 {
			t.Errorf("the newest was fetched again: %d", opened.Load())
		}
		if b.read(alice, "0"); opened.Load() != 7 {
			t.Errorf("the oldest was still there: %d", opened.Load())
		}
		time.Sleep(b.times.keep / 2)
		b.read(alice, "0")
		time.Sleep(b.times.keep / 2)
		if n, left := b.kept(); n != 1 || left != 3*most {
			t.Errorf("%d files, %d bytes left, after a while", n, left)
		}
		time.Sleep(b.times.keep)
		if n, left := b.kept(); n != 0 || left != 4*most {
			t.Errorf("%d files, %d bytes left, in the end", n, left)
		}
	})
}

// A disk that is full of files which are read is no disaster.
func TestShelfIsFull(t *testing.T) {
	var opened atomic.Int64
	inBubble(t, slow(&opened, 0), func(b *bubble) {
		var open []*http.Response
		for i := range 4 {
			resp, err := b.get(context.Background(), alice, strconv.Itoa(i))
			if err != nil {
				t.Fatal(err)
			}
			open = append(open, resp)
		}
		if code, _ := b.read(alice, "4"); code != 503 {
			t.Errorf("one more: %d", code)
		}
		for _, resp := range open {
			if n, err := io.Copy(io.Discard, resp.Body); n != most || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
			resp.Body.Close()
		}
		if code, n := b.read(alice, "4"); code != 200 || n != most {
			t.Errorf("afterwards: %d, %d bytes", code, n)
		}
	})
}

// The number of files is bounded, too.
func TestManySmallFiles(t *testing.T) {
	source := func(context.Context, bridges.AccountID, bridges.File) (*bridges.Content, error) {
		return content(strings.NewReader("x"), 1, ""), nil
	}
	inBubble(t, source, func(b *bubble) {
		for i := range maxItems + 10 {
			if code, n := b.read(alice, strconv.Itoa(i)); code != 200 || n != 1 {
				t.Errorf("file %d: %d, %d bytes", i, code, n)
			}
		}
		if n, _ := b.kept(); n != maxItems {
			t.Errorf("%d files", n)
		}
	})
}

// Close ends a download; its readers are told to come again.
func TestCloseEndsDownloads(t *testing.T) {
	var opened atomic.Int64
	inBubble(t, slow(&opened, time.Hour), func(b *bubble) {
		done := make(chan int)
		go func() { code, _ := b.read(alice, "1"); done <- code }()
		synctest.Wait()
		b.Close()
		if code := <-done; code != 503 {
			t.Errorf("the answer is %d", code)
		}
	})
}
