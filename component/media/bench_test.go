package media

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

const whole = 100_000_000

// waysOf returns the ways of a file of so many bytes, with both servers in this
// process.
func waysOf(t testing.TB, whole int64) map[string]func() error {
	t.Helper()
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			if n, err := io.Copy(io.Discard, r.Body); n != whole || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
			w.WriteHeader(http.StatusCreated)
			return
		}
		w.Header().Set("Content-Length", strconv.FormatInt(whole, 10))
		_, _ = io.CopyN(w, zeros{}, whole)
	}, times{})
	r.cfg.MaxSize, r.disk.left = whole, 4*whole
	r.Register(domain, func(context.Context, bridges.AccountID, bridges.File) (*bridges.Content, error) {
		return content(io.LimitReader(zeros{}, whole), -1, "video/mp4"), nil
	})
	public := httptest.NewServer(r.Handler())
	t.Cleanup(public.Close)
	return map[string]func() error{
		"link to slot":   r.linkToSlot,
		"disk to slot":   func() error { return r.diskToSlot(whole) },
		"network to web": func() error { return r.networkToWeb(public.URL, whole) },
	}
}

// A file passes in memory that does not grow with its size: what is allocated for a
// large one, at both ends too, would not hold it (issue 6: 100 MB in less than 64).
func TestMemory(t *testing.T) {
	const large, most = 24_000_000, 6_000_000
	for name, way := range waysOf(t, large) {
		n := bridgetest.Allocated(func() {
			if err := way(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
		if n > most {
			t.Errorf("%s: %d bytes were allocated for a file of %d", name, n, large)
		} else {
			t.Logf("%s: %d", name, n)
		}
	}
}

// BenchmarkMemory moves files of 100 MB and reports the peak of the memory of
// the process, in which both servers are, too.
func BenchmarkMemory(b *testing.B) {
	for name, way := range waysOf(b, whole) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(whole)
			if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // the peak begins here
				b.Skip(err)
			}
			for b.Loop() {
				if err := way(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(peak(b), "peak-MiB")
		})
	}
}

func (r *rig) linkToSlot() error {
	c, err := r.Fetch(context.Background(), alice, r.web.URL)
	if err != nil {
		return err
	}
	defer c.Close()
	return r.Put(context.Background(), Slot{URL: r.web.URL}, c, c.Size, c.Type)
}

func (r *rig) diskToSlot(whole int64) error {
	f, err := r.Spool(content(io.LimitReader(zeros{}, whole), -1, ""))
	if err != nil {
		return err
	}
	defer f.Close()
	return r.Put(context.Background(), Slot{URL: r.web.URL}, f, f.Size, f.Type)
}

func (r *rig) networkToWeb(public string, whole int64) error {
	link, _ := r.Link(domain, alice, bridges.File{ID: strconv.FormatInt(time.Now().UnixNano(), 10)}, time.Now())
	resp, err := http.Get(public + strings.TrimPrefix(link, r.base.String()))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, resp.Body); n != whole {
		return err
	}
	return nil
}

// peak returns the most memory that the process had, in MiB.
func peak(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip(err)
	}
	m := regexp.MustCompile(`VmHWM:\s*(\d+) kB`).FindSubmatch(status)
	n, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return n / 1024
}
