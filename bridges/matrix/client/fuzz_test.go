package client

import (
	"net/url"
	"strings"
	"testing"
)

// Whatever ids are, each stays one segment of the path, and the user one
// parameter.
func FuzzURL(f *testing.F) {
	h, err := New(Config{URL: "http://hs:1/base"})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(h.Close)
	f.Fuzz(func(t *testing.T, room, id, user string) {
		u, err := url.Parse(h.url(call{path: v3("rooms", room, "receipt", "m.read", id), user: user}))
		if err != nil || u.Host != "hs:1" || u.Fragment != "" || u.Query().Get("user_id") != user || len(u.Query()) > 1 {
			t.Fatalf("%v, %v", u, err)
		}
		segments := strings.Split(u.EscapedPath(), "/")
		if len(segments) != 10 {
			t.Fatalf("%d segments: %s", len(segments), u)
		}
		for i, want := range map[int]string{1: "base", 6: room, 9: id} {
			got, err := url.PathUnescape(segments[i])
			if err != nil || got != want || segments[i] == "." || segments[i] == ".." {
				t.Errorf("%q became %s", want, segments[i])
			}
		}
	})
}

// What is an mxc URI has two parts that no path takes for anything else.
func FuzzMXC(f *testing.F) {
	f.Fuzz(func(t *testing.T, mxc string) {
		server, id, ok := media(mxc)
		if !ok {
			return
		}
		if mxc != "mxc://"+server+"/"+id || strings.ContainsAny(server+id, "/?#%@\\ ") || strings.Trim(server, ".") == "" || strings.Trim(id, ".") == "" {
			t.Errorf("%q is %q, %q", mxc, server, id)
		}
	})
}
