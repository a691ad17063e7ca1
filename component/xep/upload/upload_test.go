package upload

import (
	"net/http"
	"reflect"
	"testing"
	"time"

	"causeway/component/stanza"
)

// iq returns an IQ with something inside.
func iq(inside string) (*stanza.Stanza, error) {
	return stanza.Parse([]byte("<iq type='result' from='u' to='g' id='1'>" + inside + "</iq>"))
}

func parse(t *testing.T, inside string) stanza.Element {
	s, err := iq(inside)
	if err != nil {
		t.Fatal(err)
	}
	return s.Root()
}

// xeps.md 0363.2: the question.
func TestRequest(t *testing.T) {
	for want, r := range map[string]Request{
		`<request xmlns='urn:xmpp:http:upload:0' filename='a &lt;b&gt;.jpg' size='12' content-type='image/jpeg'/>`: {"a <b>.jpg", 12, "image/jpeg"},
		`<request xmlns='urn:xmpp:http:upload:0' filename='file' size='0'/>`:                                       {Name: "file"},
	} {
		var w stanza.Writer
		r.Append(&w)
		if got := string(w.Bytes()); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

func TestFind(t *testing.T) {
	const put, get = `<put url='https://u.example/1/a%20b.jpg'>`, `<get url='https://d.example/1/a%20b.jpg'/>`
	slot := func(inside string) string { return `<slot xmlns='urn:xmpp:http:upload:0'>` + inside + `</slot>` }
	header := func(name, value string) string { return `<header name='` + name + `'>` + value + `</header>` }
	for name, c := range map[string]struct {
		inside string
		header http.Header
		no     bool
	}{
		"0363.2 a slot":                   {inside: slot(put + `</put>` + get)},
		"0363.2 turned round":             {inside: slot(get + put + `</put>`)},
		"0363.3 the three headers":        {inside: slot(put + header("Authorization", "Bearer x") + header("cookie", "a=b") + header("Expires", "0") + `</put>` + get), header: http.Header{"Authorization": {"Bearer x"}, "Cookie": {"a=b"}, "Expires": {"0"}}},
		"0363.3 no other":                 {inside: slot(put + header("Host", "x") + header("Content-Length", "1") + `</put>` + get)},
		"0363.3 newlines are stripped":    {inside: slot(put + header("Cookie", "a&#13;&#10;Host: x") + header("Ex&#10;pires", "1") + `</put>` + get), header: http.Header{"Cookie": {"aHost: x"}, "Expires": {"1"}}},
		"0363.2 without where to put":     {inside: slot(get), no: true},
		"0363.2 without where to get":     {inside: slot(put + `</put>`), no: true},
		"an answer without a slot":        {no: true},
		"the slot of another namespace":   {inside: `<slot xmlns='urn:xmpp:http:upload'>` + put + `</put>` + get + `</slot>`, no: true},
		"the parts of another namespace":  {inside: slot(`<put xmlns='urn:x' url='https://u.example'/>` + get), no: true},
		"0363.2 a slot inside of another": {inside: slot(slot(put + `</put>` + get)), no: true},
	} {
		t.Run(name, func(t *testing.T) {
			want := Slot{Put: "https://u.example/1/a%20b.jpg", Get: "https://d.example/1/a%20b.jpg", Header: c.header}
			if want.Header == nil {
				want.Header = http.Header{}
			}
			got, ok := Find(parse(t, c.inside))
			if ok == c.no || ok && !reflect.DeepEqual(got, want) {
				t.Errorf("%+v, %t", got, ok)
			}
		})
	}
}

// xeps.md 0363.4: why there is no slot.
func TestFindRefusal(t *testing.T) {
	of := func(app string) string {
		return `<error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>` + app + `</error>`
	}
	for name, c := range map[string]struct {
		inside string
		want   Refusal
	}{
		"0363.4 too large":      {of(`<file-too-large xmlns='urn:xmpp:http:upload:0'><max-file-size>20000</max-file-size></file-too-large>`), Refusal{TooLarge: true, Max: 20000}},
		"0363.4 no size":        {of(`<file-too-large xmlns='urn:xmpp:http:upload:0'/>`), Refusal{TooLarge: true}},
		"0363.4 a silly size":   {of(`<file-too-large xmlns='urn:xmpp:http:upload:0'><max-file-size>-9</max-file-size></file-too-large>`), Refusal{TooLarge: true}},
		"0363.4 later":          {of(`<retry xmlns='urn:xmpp:http:upload:0' stamp='2017-12-03T23:42:05Z'/>`), Refusal{Retry: time.Date(2017, 12, 3, 23, 42, 5, 0, time.UTC)}},
		"0363.4 later, one day": {of(`<retry xmlns='urn:xmpp:http:upload:0' stamp='tomorrow'/>`), Refusal{}},
		"another error":         {of(""), Refusal{}},
		"no error":              {`<file-too-large xmlns='urn:xmpp:http:upload:0'/>`, Refusal{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := FindRefusal(parse(t, c.inside)); got != c.want {
				t.Errorf("%+v", got)
			}
		})
	}
}

// xeps.md 0363.1: the largest file.
func TestMaxSize(t *testing.T) {
	form := func(kind, size string) string {
		return `<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>` + kind +
			`</value></field><field var='max-file-size'><value>` + size + `</value></field></x>`
	}
	for name, c := range map[string]struct {
		inside string
		want   int64
	}{
		"0363.1 told":             {form(NS, "16777216"), 16777216},
		"0363.1 behind another":   {form("urn:x", "1") + form(NS, "2"), 2},
		"0363.1 not told":         {"", 0},
		"0363.1 in another form":  {form("urn:x", "1"), 0},
		"0363.1 not a number":     {form(NS, "much"), 0},
		"0363.1 more than can be": {form(NS, "99999999999999999999"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			q, _ := parse(t, `<query xmlns='http://jabber.org/protocol/disco#info'>`+c.inside+`</query>`).Child("http://jabber.org/protocol/disco#info", "query")
			if got := MaxSize(q); got != c.want {
				t.Errorf("%d", got)
			}
		})
	}
}

// FuzzFind: whatever comes, headers are harmless and sizes possible.
func FuzzFind(f *testing.F) {
	f.Add(`<slot xmlns='urn:xmpp:http:upload:0'><put url='a'><header name='Cookie'>x&#10;y</header></put><get url='b'/></slot>`)
	f.Add(`<error><file-too-large xmlns='urn:xmpp:http:upload:0'><max-file-size>20000</max-file-size></file-too-large></error>`)
	f.Fuzz(func(t *testing.T, inside string) {
		x, err := iq(inside)
		if err != nil {
			return
		}
		e := x.Root()
		s, ok := Find(e)
		if ok && (s.Put == "" || s.Get == "") {
			t.Errorf("%+v", s)
		}
		for name, values := range s.Header {
			if name != "Authorization" && name != "Cookie" && name != "Expires" {
				t.Errorf("the header %q", name)
			}
			for _, v := range values {
				if printable(v) != v {
					t.Errorf("the value %q", v)
				}
			}
		}
		if r := FindRefusal(e); r.Max < 0 || r.Max > 0 && !r.TooLarge || MaxSize(e) < 0 {
			t.Errorf("%+v", r)
		}
	})
}
