package main_test

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// uploadedFor wants an upload to count as alice's, where the server lets us ask for her,
// else as the component's (xeps.md 0356.15-17).
func (f *fileRig) uploadedFor(server, url string) {
	f.t.Helper()
	want := map[string]string{"prosody": "alice@localhost", "ejabberd": "@" + matrixDomain}[server]
	if who := f.uploader(server, url); who != want {
		f.t.Errorf("0356.15-17: %s is %q's", url, who)
	}
}

// uploader is for whom a server counts an upload. Prosody notes it beside the slot, of
// which the name is in the URL; in that of ejabberd is the hash of one of these.
func (f *fileRig) uploader(server, url string) string {
	f.t.Helper()
	if server == "ejabberd" {
		for _, jid := range []string{"alice@localhost", "@" + matrixDomain} {
			if strings.Contains(url, fmt.Sprintf("/%x/", sha1.Sum([]byte(jid)))) {
				return jid
			}
		}
		return ""
	}
	noted, err := os.ReadFile(filepath.Join(f.server.Dir, "data", "upload%2elocalhost", "uploads.list"))
	if err != nil {
		f.t.Fatal(err)
	}
	field := func(slot, name string) string {
		m := regexp.MustCompile(`\["` + name + `"\] = "(.*)"`).FindStringSubmatch(slot)
		if m == nil {
			f.t.Fatalf("no %s: %s", name, slot)
		}
		return m[1]
	}
	for _, slot := range strings.Split(string(noted), "item(")[1:] {
		if strings.Contains(url, "/"+field(slot, "key")+"/") {
			return field(slot, "with")
		}
	}
	return ""
}

// servedAs is the type that a server says of what it hands out.
func (f *fileRig) servedAs(url string) string {
	f.t.Helper()
	return f.asks(http.MethodGet, url, "", nil, nil).Get("Content-Type")
}

// seen has a picture pass of which nothing is said but where it is (xeps.md 0446).
func (f *fileRig) seen() {
	f.t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 30, 40))); err != nil {
		f.t.Fatal(err)
	}
	f.aliceSends("p4", oobOf(f.aliceUploads(b.Bytes(), "IMG_1", "application/octet-stream")))
	data, content := f.bobGets("m.image")
	info, _ := content["info"].(map[string]any)
	if !bytes.Equal(data, b.Bytes()) || info["mimetype"] != "image/png" || info["w"] != 30.0 || info["h"] != 40.0 {
		f.t.Errorf("24: %d bytes, %v", len(data), content)
	}
}

// pages has a page pass both ways: no server hands it to browsers as one, and who gets
// it knows what it is.
func (f *fileRig) pages() {
	f.t.Helper()
	page := []byte("<!DOCTYPE html><script>alert(1)</script>")
	f.bobSends(page, "text/html", map[string]any{"msgtype": "m.file", "body": "a.html", "info": map[string]any{"mimetype": "text/html"}})
	m := f.aliceGets(page)
	if served := f.servedAs(m.URL); m.File.Type != "text/html" || m.File.Name != "a.html" || !strings.HasSuffix(m.URL, ".html") || served != "application/octet-stream" {
		f.t.Errorf("%+v, served as %s", m, served)
	}
	f.aliceSends("p5", oobOf(f.aliceUploads(page, "b.html", "text/html")))
	data, content := f.bobGets("m.file")
	info, _ := content["info"].(map[string]any)
	served := f.servedAs(f.downloadOf(content))
	if !bytes.Equal(data, page) || content["body"] != "b.html" || info["mimetype"] != "text/html" || served != "application/octet-stream" {
		f.t.Errorf("%d bytes, %v, served as %s", len(data), content, served)
	}
}
