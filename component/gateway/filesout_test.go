package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

const fileURL = "https://a.example/b.png"

// sharing is what alice's client sends for a file, with a body and what is inside.
func sharing(id, inside string) string {
	return `<message type='chat' id='` + id + `' from='alice@example.org/phone' to='+12025550100@sms.example.org'>` + inside + `</message>`
}

const (
	oobFile = `<x xmlns='jabber:x:oob'><url>` + fileURL + `</url></x>`
	sfsFile = `<file-sharing xmlns='urn:xmpp:sfs:0' disposition='inline'><file xmlns='urn:xmpp:file:metadata:0'><media-type>audio/ogg</media-type><name>x/b.ogg</name>` +
		`<size>5</size><length>1500</length><desc>a song</desc></file><sources><url-data xmlns='http://jabber.org/protocol/url-data' target='` + fileURL + `'/></sources></file-sharing>`
	sfsFallback = `<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:sfs:0'><body/></fallback>`
)

// Assertion 24 of xeps.md section 7; 0066.3-4, 0447.2, 0447.4-6.
func TestFileOut(t *testing.T) {
	plain := bridges.File{}
	song := bridges.File{Name: "b.ogg", Type: "audio/ogg", Size: 5, Duration: 1500 * time.Millisecond, Voice: true}
	for name, c := range map[string]struct {
		inside string
		text   string
		file   bridges.File
	}{
		"0066.3 the body is the address":         {`<body>` + fileURL + `</body>` + oobFile, "", plain},
		"0066.3 no body":                         {oobFile, "", plain},
		"0066.3 a body":                          {`<body>look</body>` + oobFile, "look", plain},
		"0066.3 the address in a text":           {`<body>see ` + fileURL + `</body>` + oobFile, "see " + fileURL, plain},
		"0066.4 a description":                   {`<x xmlns='jabber:x:oob'><url>` + fileURL + `</url><desc>our dog</desc></x>`, "our dog", plain},
		"0447.1 shared":                          {sfsFile, "a song", song},
		"0447.2 in both forms":                   {`<body>` + fileURL + `</body>` + oobFile + sfsFile + sfsFallback, "a song", song},
		"0447.4 with a caption":                  {`<body>hear</body>` + sfsFile, "hear\na song", song},
		"0447 another that cannot be fetched":    {sfsFile + strings.Replace(sfsFile, "https:", "ftp:", 1), "a song\nftp://a.example/b.png", song},
		"0428.2 a fallback that is no address":   {`<body>for others</body>` + sfsFile + sfsFallback, "a song", song},
		"0333.6 displayed, and a file":           {`<displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>` + oobFile, "", plain},
		"0308.6 a correction with a file is new": {`<body>` + fileURL + `</body><replace xmlns='urn:xmpp:message-correct:0' id='y'/>` + oobFile, "*", plain},
	} {
		t.Run(name, func(t *testing.T) {
			inFiles(t, func(r *timeless, m *fakeMedia) {
				m.serves(fileURL, "12345", 5)
				r.receive(t, sharing("x", c.inside))
				got := atHand(t, r.bridge.Sent())
				f := got.File
				if f == nil || got.Text != c.text {
					t.Fatalf("%+v", got)
				}
				open := f.Open
				f.Open = nil
				if fmt.Sprintf("%+v", *f) != fmt.Sprintf("%+v", c.file) {
					t.Errorf("%+v", *f)
				}
				if x, err := open(context.Background()); err != nil || x.Size != 5 || !strings.HasPrefix(x.Name, "b.") {
					t.Errorf("%+v, %v", x, err)
				}
			})
		})
	}
}

// A client that says nothing but where a file is, or something else than it is, shows it
// as well (xeps.md 0446).
func TestFileOutLookedAt(t *testing.T) {
	picture := []byte(blank(t))
	for name, inside := range map[string]string{
		"no word":       oobFile,
		"no true word":  sfsFile,
		"no clear word": strings.Replace(sfsFile, "audio/ogg", "application/octet-stream", 1),
	} {
		for _, size := range []int{len(picture), -1} {
			t.Run(fmt.Sprintf("%s, %d", name, size), func(t *testing.T) {
				inFiles(t, func(r *timeless, m *fakeMedia) {
					m.web[fileURL] = func() *bridges.Content {
						c := bridgetest.ContentOf("b", "application/octet-stream", picture)
						c.Size = int64(size)
						return c
					}
					r.receive(t, sharing("x", inside))
					c, err := atHand(t, r.bridge.Sent()).File.Open(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if c.Type != "image/png" || c.Harmless != "image/png" || c.Width != 30 || c.Height != 40 || c.Size != int64(len(picture)) {
						t.Errorf("%+v", c)
					}
					if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, picture) {
						t.Errorf("%d bytes, %v", len(got), err)
					}
					if err := c.Close(); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

var errFileGone = &bridges.Error{Kind: bridges.NotFound, Text: "gone"}

// refuses has the network take no files.
func refuses(kind bridges.Kind) func(r *timeless, m *fakeMedia) {
	return func(r *timeless, _ *fakeMedia) {
		r.bridge.OnSend(func(_ context.Context, m bridges.Message) ([]bridges.MessageID, error) {
			if m.File != nil {
				return nil, &bridges.Error{Kind: kind, Text: "No."}
			}
			return []bridges.MessageID{"m9"}, nil
		})
	}
}

var filesAsLinks = map[string]struct {
	set  func(r *timeless, m *fakeMedia)
	want string
}{
	"gone": {func(_ *timeless, m *fakeMedia) { m.fails = []error{errFileGone} }, "link"},
	"not to be fetched": {func(_ *timeless, m *fakeMedia) {
		m.fails = []error{&bridges.Error{Kind: bridges.NotAllowed, Text: "private"}}
	}, "link"},
	"not now": {func(_ *timeless, m *fakeMedia) { m.fails = []error{errTemporary, errTemporary} }, "file"},
	"never": {func(_ *timeless, m *fakeMedia) {
		m.fails = []error{errTemporary, errTemporary, errTemporary, errTemporary}
	}, "link"},
	"broken":                    {func(_ *timeless, m *fakeMedia) { m.serves(fileURL, "1", 5) }, "link"},
	"the network takes no such": {refuses(bridges.Unsupported), "file link"},
	"too large for the network": {refuses(bridges.TooLong), "file link"},
	"nobody is there":           {refuses(bridges.NotFound), "file error"},
	"no media service":          {func(r *timeless, _ *fakeMedia) { r.g.cfg.Media = nil }, "link"},
	"of an unknown size":        {func(_ *timeless, m *fakeMedia) { m.serves(fileURL, "12345", -1) }, "file"},
}

// What cannot be fetched, or the network does not take, goes as a link: nothing is
// lost.
func TestFileOutAsLink(t *testing.T) {
	for name, c := range filesAsLinks {
		t.Run(name, func(t *testing.T) {
			inFiles(t, func(r *timeless, m *fakeMedia) {
				m.serves(fileURL, "12345", 5)
				c.set(r, m)
				r.receive(t, sharing("x", `<body>look</body>`+oobFile))
				time.Sleep(5 * time.Minute)
				var got []string
				for _, xml := range r.drain() {
					if strings.Contains(xml, "type='error'") {
						got = append(got, "error")
					}
				}
				var sent []string
				for len(r.bridge.Sent()) > 0 {
					switch x := <-r.bridge.Sent(); {
					case x.File != nil && x.Text == "look":
						sent = append(sent, "file")
					case x.File == nil && x.Text == "look\n"+fileURL:
						sent = append(sent, "link")
					default:
						t.Errorf("%+v was sent", x)
					}
				}
				if got := strings.Join(append(sent, got...), " "); got != c.want {
					t.Errorf("%s, not %s", got, c.want)
				}
			})
		})
	}
}

// A repetition of a message with a file is none of another.
func TestFileOutTwice(t *testing.T) {
	inFiles(t, func(r *timeless, m *fakeMedia) {
		m.serves(fileURL, "12345", 5)
		m.serves("https://a.example/c.png", "12345", 5)
		for range 2 {
			r.receive(t, sharing(lasting("x"), oobFile))
			r.receive(t, sharing(lasting("x"), strings.Replace(oobFile, "b.png", "c.png", 1)))
		}
		time.Sleep(time.Minute)
		n := 0
		for len(r.bridge.Sent()) > 0 {
			<-r.bridge.Sent()
			n++
		}
		if n != 2 {
			t.Errorf("%d messages", n)
		}
	})
}

// A network without files gets links, and a key in a link goes nowhere.
func TestFilesWhereThereAreNone(t *testing.T) {
	if r := read(mustParse(t, sharing("x", oobFile)), time.Now()); r.files != nil || r.text != fileURL {
		t.Errorf("%+v", r)
	}
	d := newDraft(mustParse(t, sharing("x", `<x xmlns='jabber:x:oob'><url>aesgcm://a.example/b#00</url></x>`)), time.Now())
	d.can = bridges.CanFiles
	if r := d.read(); !errors.Is(r.refuse, errEncrypted) {
		t.Errorf("0384.5: %+v", r)
	}
}

// linking is a link to a file in the older form, and sharingOf one in the newer.
func linking(name string) string {
	return strings.Replace(oobFile, "b.png", name, 1)
}

func sharingOf(name, about string) string {
	return strings.NewReplacer("b.png", name, "a song", about, "x/b.ogg", name).Replace(sfsFile)
}

var severalFiles = map[string]struct {
	inside string
	set    func(r *timeless, m *fakeMedia)
	want   string
}{
	"0066.3 in the older form": {
		`<body>look</body>` + linking("1") + linking("2") + linking("3"), nil,
		"file look, file , file ",
	},
	"0447.1 in the newer form, each with what is said about it": {
		sharingOf("1", "one") + sharingOf("2", "two"), nil, "file one, file two",
	},
	"0447.2 in both forms": {
		`<body>https://a.example/1` + "\n" + `https://a.example/2</body>` + linking("1") + linking("2") + sharingOf("1", "one") + sharingOf("2", "two"), nil,
		"file one, file two",
	},
	"0447.2 one in both forms, another in one": {
		sharingOf("1", "one") + sharingOf("2", "two") + linking("2"), nil, "file one, file two",
	},
	"one twice": {linking("1") + linking("1"), nil, "file "},
	"a text between their addresses": {
		`<body>https://a.example/1` + "\nlook\n" + `https://a.example/2</body>` + linking("1") + linking("2"), nil, "file look, file ",
	},
	"one is gone": {
		`<body>look</body>` + linking("1") + sharingOf("9", "nine") + sharingOf("2", "two"), nil,
		"file look, link nine\nhttps://a.example/9, file two",
	},
	"the network takes no files": {
		`<body>look</body>` + linking("1") + linking("2"), refuses(bridges.Unsupported),
		"file look, link look\nhttps://a.example/1, file , link https://a.example/2",
	},
	"no media service: one text": {
		`<body>look</body>` + linking("1") + linking("2"), func(r *timeless, _ *fakeMedia) { r.g.cfg.Media = nil },
		"link look\nhttps://a.example/1\nhttps://a.example/2",
	},
}

// Several files of one message are each a message of the network, in order: what is
// said stands with the first (0066.3, 0447.1-2).
func TestSeveralFilesOut(t *testing.T) {
	for name, c := range severalFiles {
		t.Run(name, func(t *testing.T) {
			inFiles(t, func(r *timeless, m *fakeMedia) {
				for _, n := range []string{"1", "2", "3"} {
					m.serves("https://a.example/"+n, "12345", 5)
				}
				if c.set != nil {
					c.set(r, m)
				}
				r.receive(t, sharing("x", c.inside))
				time.Sleep(time.Minute)
				if got := strings.Join(r.wasSent(), ", "); got != c.want {
					t.Errorf("%s, not %s", got, c.want)
				}
			})
		})
	}
}

// wasSent tells what the network got.
func (r *timeless) wasSent() (all []string) {
	keys := map[string]string{} // what was sent with them
	for len(r.bridge.Sent()) > 0 {
		x := <-r.bridge.Sent()
		what := "link "
		if x.File != nil {
			what = "file "
		}
		all = append(all, what+x.Text)
		if was, is := keys[what+x.Key]; is && was != x.Text {
			r.t.Errorf("%q is the key of %q and %q", x.Key, was, x.Text)
		}
		keys[what+x.Key] = x.Text
	}
	return all
}

// A file that the network does not take now holds up those behind it, and those before
// it are not sent again.
func TestSeveralFilesLater(t *testing.T) {
	inFiles(t, func(r *timeless, m *fakeMedia) {
		for _, n := range []string{"1", "2", "3"} {
			m.serves("https://a.example/"+n, "12345", 5)
		}
		calls, ids := 0, []bridges.MessageID{"f1", "", "f2", "f3"}
		r.bridge.OnSend(func(context.Context, bridges.Message) ([]bridges.MessageID, error) {
			if calls++; calls == 2 {
				return nil, errTemporary
			}
			return ids[calls-1 : calls], nil
		})
		r.receive(t, sharing("x", linking("1")+sharingOf("2", "two")+sharingOf("3", "three")))
		time.Sleep(5 * time.Minute)
		if got := strings.Join(r.wasSent(), ", "); got != "file , file two, file two, file three" {
			t.Errorf("%s", got)
		}
		for _, id := range []bridges.MessageID{"f1", "f2", "f3"} {
			if got := r.stanzaOf(id); got != "x" {
				t.Errorf("%s is of %q", id, got)
			}
		}
	})
}
