package main_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// fileRig is a gateway between an XMPP server and a homeserver, with bob's token.
type fileRig struct {
	*matrixRig
	alice *user
	bob   *lab.MatrixClient
	room  string
	token string
}

// newFileRig has alice and bob talk.
func newFileRig(t *testing.T, server string, o peer.Options) *fileRig {
	t.Helper()
	f := &fileRig{matrixRig: newMatrixRigWith(t, matrixSetup{server: server, options: o, settings: settings{
		Public: true, Extra: "media: {max_size: 60MB, fetch_private: [\"127.0.0.1\"]}\n",
	}})}
	f.alice, f.bob = f.registered("alice"), lab.Nio(t, f.home, "bob", "autojoin")
	f.alice.Send(matrixJID("bob"), "first", "hello")
	f.room = said(f.bob, "hello")
	var login struct {
		Token string `json:"access_token"`
	}
	f.asks(http.MethodPost, f.home.URL+"/_matrix/client/v3/login", "application/json",
		[]byte(`{"type": "m.login.password", "identifier": {"type": "m.id.user", "user": "bob"}, "password": "`+peer.Secret+`"}`), &login)
	f.token = login.Token
	return f
}

// asks sends a request as bob, and reads the answer: as JSON, or as it is.
func (f *fileRig) asks(method, url, typ string, body []byte, answer any) http.Header {
	f.t.Helper()
	r, err := http.NewRequestWithContext(within(f.t), method, url, bytes.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	if typ != "" {
		r.Header.Set("Content-Type", typ)
	}
	if f.token != "" && strings.HasPrefix(url, f.home.URL) {
		r.Header.Set("Authorization", "Bearer "+f.token)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer a.Body.Close()
	got, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode/100 != 2 {
		f.t.Fatalf("%s %s: %s %.200s %v", method, url, a.Status, got, err)
	}
	switch x := answer.(type) {
	case nil:
	case *[]byte:
		*x = got
	default:
		if err := json.Unmarshal(got, x); err != nil {
			f.t.Fatal(err)
		}
	}
	return a.Header
}

// downloadOf is where bob finds the file of a message.
func (f *fileRig) downloadOf(content map[string]any) string {
	return f.home.URL + "/_matrix/client/v1/media/download/" + strings.TrimPrefix(fmt.Sprint(content["url"]), "mxc://")
}

// bobUploads puts a file to the homeserver.
func (f *fileRig) bobUploads(data []byte, typ string) string {
	f.t.Helper()
	var up struct {
		URI string `json:"content_uri"`
	}
	f.asks(http.MethodPost, f.home.URL+"/_matrix/media/v3/upload", typ, data, &up)
	return up.URI
}

// bobSends has bob send a file, with more in the content.
func (f *fileRig) bobSends(data []byte, typ string, content map[string]any) {
	f.t.Helper()
	content["url"] = f.bobUploads(data, typ)
	if a := f.bob.Do(map[string]any{"do": "send_raw", "room": f.room, "type": "m.room.message", "content": content}); a.Error != "" {
		f.t.Fatal(a.Error)
	}
}

// bobGets waits for a file that alice has sent, and returns it and its content.
func (f *fileRig) bobGets(msgType string) (data []byte, content map[string]any) {
	f.t.Helper()
	e := f.bob.Wait("a file", func(e peer.MatrixEvent) bool { return e.Event == "message" && e.Sender == aliceGhost })
	if err := json.Unmarshal(e.Content, &content); err != nil || content["msgtype"] != msgType {
		f.t.Fatalf("bob got %s", e.Content)
	}
	f.asks(http.MethodGet, f.downloadOf(content), "", nil, &data)
	return data, content
}

// oobMessage is the message of a file as clients take it (xeps.md F10).
type oobMessage struct {
	Body string `xml:"body"`
	URL  string `xml:"jabber:x:oob x>url"`
	File struct {
		Disposition string `xml:"disposition,attr"`
		Type        string `xml:"file>media-type"`
		Name        string `xml:"file>name"`
		Size        int    `xml:"file>size"`
		Length      int    `xml:"file>length"`
		Hash        []byte `xml:"urn:xmpp:hashes:2 file>hash"`
		Thumbnail   struct {
			URI    string `xml:"uri,attr"`
			Type   string `xml:"media-type,attr"`
			Width  int    `xml:"width,attr"`
			Height int    `xml:"height,attr"`
		} `xml:"urn:xmpp:thumbs:1 file>thumbnail"`
		Source struct {
			Target string `xml:"target,attr"`
		} `xml:"sources>url-data"`
	} `xml:"urn:xmpp:sfs:0 file-sharing"`
}

// aliceGets waits for a file that bob has sent, which must be this (xeps.md 0066.1,
// 0447.1-3; assertion 23 of section 7).
func (f *fileRig) aliceGets(want []byte) (m oobMessage) {
	f.t.Helper()
	e := f.alice.Wait("a file", func(e peer.Event) bool { return e.Event == "message" && strings.HasPrefix(e.From, matrixJID("bob")) })
	if err := xml.Unmarshal([]byte(e.XML), &m); err != nil {
		f.t.Fatal(err)
	}
	if m.URL == "" || m.Body != m.URL || m.File.Source.Target != m.URL || strings.ContainsAny(m.URL, "# ") {
		f.t.Fatalf("23, 0066.1: %s", e.XML)
	}
	var got []byte
	f.asks(http.MethodGet, m.URL, "", nil, &got)
	if !bytes.Equal(got, want) || m.File.Size != len(want) {
		f.t.Errorf("%d bytes came, %d are told of, of %d", len(got), m.File.Size, len(want))
	}
	return m
}

// aliceUploads puts a file to the upload service of her server, as clients do.
func (f *fileRig) aliceUploads(data []byte, name, typ string) (url string) {
	f.t.Helper()
	f.alice.Do(map[string]any{"do": "iq", "to": "upload.localhost", "xml": fmt.Sprintf(
		"<request xmlns='urn:xmpp:http:upload:0' filename='%s' size='%d' content-type='%s'/>", name, len(data), typ)})
	e := f.alice.Wait("a slot", func(e peer.Event) bool { return e.Event == "iq" })
	var a struct {
		Put struct {
			URL    string `xml:"url,attr"`
			Header []struct {
				Name  string `xml:"name,attr"`
				Value string `xml:",chardata"`
			} `xml:"header"`
		} `xml:"slot>put"`
		Get struct {
			URL string `xml:"url,attr"`
		} `xml:"slot>get"`
	}
	if err := xml.Unmarshal([]byte(e.XML), &a); err != nil || a.Put.URL == "" {
		f.t.Fatalf("no slot: %s", e.XML)
	}
	r, err := http.NewRequestWithContext(within(f.t), http.MethodPut, a.Put.URL, bytes.NewReader(data))
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Content-Type", typ)
	for _, h := range a.Put.Header {
		r.Header.Set(h.Name, h.Value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	if resp.Body.Close(); resp.StatusCode != http.StatusCreated {
		f.t.Fatal(resp.Status)
	}
	return a.Get.URL
}

// aliceSends sends a message about a file.
func (f *fileRig) aliceSends(id, inside string) {
	f.t.Helper()
	f.alice.Do(map[string]any{"do": "raw", "xml": fmt.Sprintf("<message to='%s' type='chat' id='%s'>%s</message>", matrixJID("bob"), id, inside)})
}

func oobOf(url string) string { return "<x xmlns='jabber:x:oob'><url>" + url + "</url></x>" }

// randomBytes are as hard to store as a picture.
func randomBytes(n int) []byte {
	data, source := make([]byte, n), rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(data)
	return data
}

// Pictures and voices pass both ways, whole and as such: assertions 23 and 24 of
// xeps.md section 7; 0066.1-3, 0363.1-3, 0446, 0447.1-3, 0447.6. Prosody gives the slots
// to the user (0356.15-17), ejabberd to the component.
func TestFiles(t *testing.T) {
	for _, server := range []string{"prosody", "ejabberd"} {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			f := newFileRig(t, server, peer.Options{})
			picture, voice := append([]byte("\x89PNG\r\n\x1a\n"), randomBytes(300_000)...), randomBytes(40_000)
			f.bobSends(picture, "image/png", map[string]any{
				"msgtype": "m.image", "body": "our dog", "filename": "a dög.png",
				"info": map[string]any{
					"mimetype": "image/png", "size": len(picture), "w": 30, "h": 40, "thumbnail_url": f.bobUploads(picture[:1000], "image/png"),
					"thumbnail_info": map[string]any{"mimetype": "image/png", "size": 1000, "w": 3, "h": 4},
				},
			})
			m := f.aliceGets(picture)
			f.uploadedFor(server, m.URL)
			if sum := sha256.Sum256(picture); string(m.File.Hash) != base64.StdEncoding.EncodeToString(sum[:]) {
				t.Errorf("0447.1: the hash is %s", m.File.Hash)
			}
			var thumbnail []byte
			f.asks(http.MethodGet, m.File.Thumbnail.URI, "", nil, &thumbnail)
			if x := m.File.Thumbnail; !bytes.Equal(thumbnail, picture[:1000]) || x.Type != "image/png" || x.Width != 3 || x.Height != 4 {
				t.Errorf("0447.7: %d bytes, %+v", len(thumbnail), x)
			}
			if m.File.Type != "image/png" || m.File.Disposition != "inline" || m.File.Name != "a dög.png" || !strings.HasSuffix(m.URL, ".png") {
				t.Errorf("%+v", m)
			}
			f.alice.Wait("0066.2: the caption", message(matrixJID("bob"), "our dog"))
			f.bobSends(voice, "audio/ogg", map[string]any{
				"msgtype": "m.audio", "body": "Voice message", "info": map[string]any{"mimetype": "audio/ogg", "duration": 2500}, "org.matrix.msc3245.voice": map[string]any{},
			})
			if m := f.aliceGets(voice); m.File.Type != "audio/ogg" || m.File.Length != 2500 || !strings.HasSuffix(m.URL, ".ogg") {
				t.Errorf("0447.6: %+v", m)
			}

			url := f.aliceUploads(picture, "cat.png", "image/png")
			f.aliceSends("p1", "<body>"+url+"</body>"+oobOf(url))
			data, content := f.bobGets("m.image")
			if !bytes.Equal(data, picture) || content["body"] != "cat.png" {
				t.Errorf("24: %d bytes, %v", len(data), content)
			}
			url = f.aliceUploads(voice, "v.ogg", "audio/ogg")
			f.aliceSends("p2", "<body>"+url+"</body>"+oobOf(url)+"<file-sharing xmlns='urn:xmpp:sfs:0' disposition='inline'><file xmlns='urn:xmpp:file:metadata:0'>"+
				"<media-type>audio/ogg</media-type><name>v.ogg</name><length>1500</length></file><sources><url-data xmlns='http://jabber.org/protocol/url-data' target='"+url+"'/></sources></file-sharing>")
			if data, content = f.bobGets("m.audio"); !bytes.Equal(data, voice) || content["org.matrix.msc3245.voice"] == nil {
				t.Errorf("0447.6: %d bytes, %v", len(data), content)
			}
			first, second := f.aliceUploads(picture, "a.png", "image/png"), f.aliceUploads(picture[:1000], "b.png", "image/png")
			f.aliceSends("p3", "<body>both</body>"+oobOf(first)+oobOf(second))
			if data, content = f.bobGets("m.image"); !bytes.Equal(data, picture) || content["body"] != "both" {
				t.Errorf("0066.3, the first of two: %d bytes, %v", len(data), content)
			}
			if data, content = f.bobGets("m.image"); !bytes.Equal(data, picture[:1000]) || content["body"] != "b.png" {
				t.Errorf("0066.3, the second of two: %d bytes, %v", len(data), content)
			}
			f.corrects("p3", picture, oobOf(first)+oobOf(second))
			f.seen()
			f.pages()
		})
	}
}

// corrects has alice correct the caption of two files, with and without them, which stay as
// they are.
func (f *fileRig) corrects(of string, first []byte, again string) {
	f.t.Helper()
	for id, inside := range map[string]string{"p4": "", "p5": again} {
		f.aliceSends(id, "<body>again</body><replace xmlns='urn:xmpp:message-correct:0' id='"+of+"'/>"+inside) // XEP-0308
		data, content := f.bobGets("m.image")
		if now, _ := content["m.new_content"].(map[string]any); !bytes.Equal(data, first) || now["body"] != "again" || now["filename"] != "a.png" || now["url"] != content["url"] {
			f.t.Errorf("0308.2 what is beside the first of two: %d bytes, %v", len(data), content)
		}
	}
}

// A worker that dies while a file passes loses none, and sends none twice.
func TestFileAndDeath(t *testing.T) {
	t.Parallel()
	f := newFileRig(t, "prosody", peer.Options{})
	data, under, let := randomBytes(3_000_000), make(chan struct{}, 9), make(chan struct{})
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		_, _ = w.Write(data[:1_000_000])
		w.(http.Flusher).Flush()
		under <- struct{}{}
		select {
		case <-let:
			_, _ = w.Write(data[1_000_000:])
		case <-r.Context().Done():
		}
	}))
	defer web.Close()
	url := web.URL + "/a.bin"
	f.aliceSends("d1", "<body>"+url+"</body>"+oobOf(url))
	f.alice.Send(matrixJID("bob"), "d2", "after it")
	<-under
	f.gateway.killWorker()
	<-under
	close(let)
	if got, _ := f.bobGets("m.file"); !bytes.Equal(got, data) {
		t.Errorf("%d bytes", len(got))
	}
	f.bob.WaitMessage(f.room, "after it")

	f.bobSends(data, "image/png", map[string]any{"msgtype": "m.image", "body": "b.png"})
	f.gateway.killWorker()
	f.aliceGets(data)
	f.bob.Send(f.room, "once")
	f.alice.Wait("what comes next", func(e peer.Event) bool {
		if e.Event == "message" && e.Body != "once" {
			t.Errorf("a second: %s", e.XML)
		}
		return e.Event == "message" && e.Body == "once"
	})
}

// What the upload service does not take, or where there is none, is read from us
// (xeps.md 0363.5), a large file, too.
func TestFilesAtOurs(t *testing.T) {
	for name, o := range map[string]peer.Options{"too large": {}, "no service": {Bare: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFileRig(t, "prosody", o)
			data := randomBytes(33 << 20)
			f.bobSends(data, "video/mp4", map[string]any{"msgtype": "m.video", "body": "b.mp4", "info": map[string]any{"size": len(data), "mimetype": "video/mp4"}})
			if m := f.aliceGets(data); !strings.Contains(m.URL, "/media/"+matrixDomain+"/") || !strings.HasSuffix(m.URL, "/b.mp4") {
				t.Errorf("%+v", m)
			}
			web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "video/mp4")
				_, _ = w.Write(data) // of a length that is not told
			}))
			defer web.Close()
			f.aliceSends("b1", oobOf(web.URL+"/c.mp4"))
			if got, _ := f.bobGets("m.video"); !bytes.Equal(got, data) {
				t.Errorf("%d bytes", len(got))
			}
		})
	}
}
