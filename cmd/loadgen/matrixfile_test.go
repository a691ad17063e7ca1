package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// fileSize is what media.max_size permits by default.
const fileSize = 100_000_000

// fileWait bounds a passage.
const fileWait = 2 * time.Minute

// uploads is an upload service (XEP-0363) that takes the large file.
const uploads = `
Component "upload.localhost" "http_file_share"
	http_host = "localhost"
	http_file_share_size_limit = 100 * 1024 * 1024
	http_file_share_daily_quota = 100 * 100 * 1024 * 1024
`

// BenchmarkMatrixFile measures the memory of the worker while a file of 100 MB
// passes through the whole program: from a web server by a link in an XMPP message
// (XEP-0066) to a real homeserver, and from there to an XMPP client that reads it at
// the link that comes, which is ours or a slot of the XMPP server. Both ends compare
// what came with what was sent.
func BenchmarkMatrixFile(b *testing.B) {
	for name, extra := range map[string]string{"ours": "", "slot": uploads} {
		b.Run(name, func(b *testing.B) {
			m := newMatrixRigWith(b, extra, synapseHome, gatewayBetween)
			host := m.web
			if name == "slot" {
				host = m.server.HTTP
			}
			most := map[string]float64{}
			for b.Loop() {
				m.passage(most, "to-matrix", m.fileUp)
				m.passage(most, "from-matrix", func() { m.fileDown(host) })
			}
			b.ReportMetric(0, "ns/op")
			for unit, figure := range most {
				b.ReportMetric(figure, unit)
			}
		})
	}
}

// passage moves a file, and keeps the highest figures.
func (m *matrixRig) passage(most map[string]float64, way string, move func()) {
	m.b.Helper()
	var pid int
	if _, err := fmt.Sscanf(m.meter, "causeway=%d", &pid); err != nil {
		m.b.Fatal(err)
	}
	// 5 sets the highest resident memory back to that of now (proc_pid_clear_refs(5)).
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0); err != nil {
		m.b.Fatal(err)
	}
	idle, spooled, began := m.status(pid, "VmRSS"), watchSpool(pid), time.Now()
	move()
	took := time.Since(began)
	for what, figure := range map[string]float64{
		"s": took.Seconds(), "idle-MB": idle, "peak-MB": m.status(pid, "VmHWM"), "spool-MB": spooled(),
	} {
		most[what+"-"+way] = max(most[what+"-"+way], figure)
	}
}

// status reads a line of the status of a process, in MB.
func (m *matrixRig) status(pid int, line string) float64 {
	m.b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		m.b.Fatal(err)
	}
	found := regexp.MustCompile(line + `:\s*(\d+) kB`).FindSubmatch(text)
	if found == nil {
		m.b.Fatalf("no %s of process %d", line, pid)
	}
	n, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		m.b.Fatal(err)
	}
	return n * 1024 / 1e6
}

// watchSpool looks at what a process has spooled, until the function that it returns
// is called, which tells the most that was there, in MB.
func watchSpool(pid int) (stop func() float64) {
	var most float64
	var looker sync.WaitGroup
	end := make(chan struct{})
	looker.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			most = max(most, spooled(pid))
			select {
			case <-end:
				return
			case <-tick.C:
			}
		}
	})
	return func() float64 { close(end); looker.Wait(); return most }
}

// spooled is what the files without a name take that a process has open, in MB.
func spooled(pid int) (sum float64) {
	open, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, fd := range open { // any may be closed by now
		if name, _ := os.Readlink(fd); !strings.Contains(name, ".causeway-") {
			continue
		}
		var s syscall.Stat_t
		if syscall.Stat(fd, &s) == nil {
			sum += float64(s.Blocks) * 512 / 1e6
		}
	}
	return sum
}

// largeFile is always the same, and never in memory as a whole.
func largeFile() io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{1}), fileSize) }

// compare reads all that comes, which must be the large file.
func (m *matrixRig) compare(where string, got io.Reader) {
	m.b.Helper()
	want, sum := sha256.New(), sha256.New()
	_, _ = io.Copy(want, largeFile())
	if n, err := io.Copy(sum, got); err != nil || n != fileSize || !bytes.Equal(sum.Sum(nil), want.Sum(nil)) {
		m.b.Fatalf("%s came another file, of %d bytes: %v", where, n, err)
	}
}

// fileUp has alice link the large file, and somebody download it from the homeserver.
func (m *matrixRig) fileUp() {
	m.b.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", strconv.Itoa(fileSize))
		_, _ = io.Copy(w, largeFile())
	}))
	defer web.Close()
	m.sent++
	p, link := m.people[0], fmt.Sprintf("%s/%d.bin", web.URL, m.sent)
	if err := m.alice.Send("<message type='chat' id='u%d' to='%s\\3alocalhost@%s'><body>%s</body><x xmlns='jabber:x:oob'><url>%s</url></x></message>",
		m.sent, p.name, matrixDomain, link, link); err != nil {
		m.b.Fatal(err)
	}
	mxc := m.linked(p, fmt.Sprintf("%d.bin", m.sent))
	body := m.load(m.request(http.MethodGet, m.homeURL("client/v1/media/download/"+strings.TrimPrefix(mxc, "mxc://")), p.token, nil))
	defer body.Close()
	m.compare("to Matrix", body)
}

// linked waits until a file of this name is in the chat of somebody, and returns its
// address.
func (m *matrixRig) linked(p *matrixPerson, name string) (mxc string) {
	m.b.Helper()
	for began := time.Now(); time.Since(began) < fileWait; time.Sleep(200 * time.Millisecond) {
		var page struct {
			Chunk []struct {
				Content struct {
					Type string `json:"msgtype"`
					Body string `json:"body"`
					URL  string `json:"url"`
				} `json:"content"`
			} `json:"chunk"`
		}
		m.decode(m.load(m.request(http.MethodGet, m.homeURL("client/v3/rooms/"+url.PathEscape(p.room)+"/messages?dir=b&limit=10"), p.token, nil)), &page)
		for _, e := range page.Chunk {
			if e.Content.Type == "m.file" && e.Content.Body == name {
				return e.Content.URL
			}
		}
	}
	m.b.Fatalf("no %s came to Matrix within %v", name, fileWait)
	return ""
}

// fileDown has somebody send the large file, and alice read it at the link that comes,
// which leads to this host.
func (m *matrixRig) fileDown(host string) {
	m.b.Helper()
	p := m.people[0]
	q := m.request(http.MethodPost, m.homeURL("media/v3/upload"), p.token, largeFile())
	q.ContentLength = fileSize
	q.Header.Set("Content-Type", "application/octet-stream")
	var up struct {
		URI string `json:"content_uri"`
	}
	m.decode(m.load(q), &up)
	m.sent++
	m.ask(http.MethodPut, fmt.Sprintf("rooms/%s/send/m.room.message/%s.%d", url.PathEscape(p.room), p.name, m.sent), p.token, map[string]any{
		"msgtype": "m.file", "body": "large.bin", "url": up.URI, "info": map[string]any{"size": fileSize, "mimetype": "application/octet-stream"},
	})
	select {
	case link := <-m.links:
		if !strings.HasPrefix(link, "http://"+host+"/") {
			m.b.Fatalf("%s came, not a link to %s", link, host)
		}
		got := m.load(m.request(http.MethodGet, link, "", nil))
		defer got.Close()
		m.compare("from Matrix", got)
	case <-time.After(fileWait):
		m.b.Fatalf("no link came to alice within %v", fileWait)
	}
}
