package sfs

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"causeway/component/stanza"
)

const source = `<url-data xmlns='http://jabber.org/protocol/url-data' target='https://a.example/b'/>`

// shared is a message element with a file (xeps.md 0447.1).
func shared(file, sources string) string {
	return `<file-sharing xmlns='urn:xmpp:sfs:0' disposition='inline'><file xmlns='urn:xmpp:file:metadata:0'>` + file +
		`</file><sources>` + sources + `</sources></file-sharing>`
}

func TestFind(t *testing.T) {
	const transfer = `<jinglepub xmlns='urn:xmpp:jinglepub:1' from='a@b'/>`
	for name, c := range map[string]struct {
		inside string
		want   []File
	}{
		"0447.1 address":      {shared("<name>b</name><desc>c &amp; d</desc>", source), []File{{URL: "https://a.example/b", Desc: "c & d", Name: "b", Inline: true}}},
		"another kind before": {shared("", transfer+source), []File{{URL: "https://a.example/b", Inline: true}}},
		"another kind alone":  {shared("", transfer), []File{{Inline: true}}},
		"an empty one before": {shared("", `<url-data xmlns='http://jabber.org/protocol/url-data' target=' '/>`+source), []File{{URL: "https://a.example/b", Inline: true}}},
		"without sources":     {`<file-sharing xmlns='urn:xmpp:sfs:0'/>`, []File{{}}},
		"two":                 {shared("<desc>c</desc>", source) + shared("", source), []File{{URL: "https://a.example/b", Desc: "c", Inline: true}, {URL: "https://a.example/b", Inline: true}}},
		"0447.1 all that is told": {
			strings.Replace(shared(`<media-type>audio/ogg</media-type><name>a/b.ogg</name><size>12</size><width>3</width><height>4</height><length>1500</length>`, source), "inline", "attachment", 1),
			[]File{{URL: "https://a.example/b", Type: "audio/ogg", Name: "a/b.ogg", Size: 12, Width: 3, Height: 4, Length: 1500 * time.Millisecond}},
		},
		"numbers that are none":    {shared(`<size>-1</size><width>99999999999</width><height>x</height><length>1e3</length>`, source), []File{{URL: "https://a.example/b", Inline: true}}},
		"another's namespace":      {`<file-sharing xmlns='urn:odd'><sources>` + source + `</sources></file-sharing>`, nil},
		"an address of its own":    {source, nil},
		"sources for another time": {`<sources xmlns='urn:xmpp:sfs:0' id='x'>` + source + `</sources>`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := stanza.Parse([]byte("<message>" + c.inside + "</message>"))
			if err != nil {
				t.Fatal(err)
			}
			if got := Find(s); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// 0447.1: what is written is the XEP's form, and is read again.
func TestAppend(t *testing.T) {
	for name, c := range map[string]struct {
		file File
		want string
	}{
		"all": {
			File{URL: "https://a.example/b", Type: "audio/ogg", Name: "a&b", Desc: "c", Size: 12, Width: 3, Height: 4, Length: time.Second, Inline: true},
			`<file-sharing xmlns='urn:xmpp:sfs:0' disposition='inline'><file xmlns='urn:xmpp:file:metadata:0'><media-type>audio/ogg</media-type><name>a&amp;b</name>` +
				`<size>12</size><width>3</width><height>4</height><length>1000</length><desc>c</desc></file><sources>` + source + `</sources></file-sharing>`,
		},
		"0447.1 0447.7 hash and thumbnail": {
			File{URL: "https://a.example/b", SHA256: []byte("hash"), Thumbnail: &Thumbnail{URL: "https://a.example/t", Type: "image/png", Width: 1, Height: 2}},
			`<file-sharing xmlns='urn:xmpp:sfs:0' disposition='attachment'><file xmlns='urn:xmpp:file:metadata:0'><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>aGFzaA==</hash>` +
				`<thumbnail xmlns='urn:xmpp:thumbs:1' uri='https://a.example/t' media-type='image/png' width='1' height='2'/></file><sources>` + source + `</sources></file-sharing>`,
		},
		"the address alone": {
			File{URL: "https://a.example/b"},
			`<file-sharing xmlns='urn:xmpp:sfs:0' disposition='attachment'><file xmlns='urn:xmpp:file:metadata:0'/><sources>` + source + `</sources></file-sharing>`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var w stanza.Writer
			c.file.Append(&w)
			if got := string(w.Bytes()); got != c.want {
				t.Errorf("%s", got)
			}
			s, err := stanza.Parse([]byte("<message>" + string(w.Bytes()) + "</message>"))
			if err != nil {
				t.Fatal(err)
			}
			c.file.SHA256, c.file.Thumbnail = nil, nil
			if got := Find(s); !reflect.DeepEqual(got, []File{c.file}) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func FuzzFind(f *testing.F) {
	f.Add(shared("<desc>c</desc>", source))
	f.Fuzz(func(t *testing.T, inside string) {
		s, err := stanza.Parse([]byte("<message>" + inside + "</message>"))
		if err != nil {
			return
		}
		files := Find(s)
		if len(files) > Most {
			t.Errorf("%d files", len(files))
		}
		for _, x := range files {
			if x.Size < 0 || x.Width < 0 || x.Height < 0 || x.Length < 0 {
				t.Errorf("%+v", x)
			}
		}
	})
}
