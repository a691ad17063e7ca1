package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

func TestWeb(t *testing.T) {
	dist, other := t.TempDir(), httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	if err := os.WriteFile(filepath.Join(dist, "converse.min.js"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w, at := &web{networks: networks{SMS: true, Matrix: true}, run: "1"}, other.Listener.Addr().String()
	s := httptest.NewServer(w.handler(dist, places{xmpp: at, phone: at, homeserver: at}))
	defer s.Close()
	for name, c := range map[string]struct {
		path, host, origin string
		want               int
	}{
		"page":                        {path: "/", want: 200},
		"client":                      {path: "/client/", want: 200},
		"settings":                    {path: "/client/settings.json", want: 200},
		"Converse.js":                 {path: "/client/converse/converse.min.js", want: 200},
		"handset":                     {path: "/handset/", want: 404},
		"websocket":                   {path: "/client/xmpp-websocket", origin: s.URL, want: 404},
		"websocket of another origin": {path: "/client/xmpp-websocket", origin: "http://evil.example", want: 403},
		"Matrix client":               {path: "/matrix/", want: 200},
		"people":                      {path: "/matrix/settings.json", want: 200},
		"homeserver":                  {path: "/matrix/_matrix/client/versions", origin: s.URL, want: 404},
		"homeserver of another":       {path: "/matrix/_matrix/client/versions", origin: "http://evil.example", want: 403},
		"people by another name":      {path: "/matrix/settings.json", host: "evil.example", want: 403},
		"page by another name":        {path: "/", host: "evil.example", want: 403},
		"settings by another name":    {path: "/client/settings.json", host: "evil.example", want: 403},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.Host = c.host; c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			resp, err := s.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != c.want {
				t.Errorf("status %d, want %d", resp.StatusCode, c.want)
			}
		})
	}
}

func TestClaim(t *testing.T) {
	runs := t.TempDir()
	one, release, err := claim(runs)
	if err != nil {
		t.Fatal(err)
	}
	two, releaseTwo, err := claim(runs)
	if err != nil || two == one {
		t.Fatalf("the second is %s, as the first (%v)", two, err)
	}
	defer releaseTwo()
	if err := os.WriteFile(filepath.Join(one, "log"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	again, releaseAgain, err := claim(runs)
	if err != nil {
		t.Fatal(err)
	}
	defer releaseAgain()
	if left, err := os.ReadDir(again); again != one || len(left) > 0 {
		t.Errorf("got %s with %v (%v), want %s, empty", again, left, err, one)
	}
}

func TestParseNetworks(t *testing.T) {
	for names, want := range map[string]networks{
		"sms": {SMS: true}, "matrix": {Matrix: true}, "matrix,sms": {SMS: true, Matrix: true},
	} {
		if got, err := parseNetworks(names); err != nil || got != want {
			t.Errorf("%q: %+v (%v)", names, got, err)
		}
	}
	for _, names := range []string{"", "sms,", "telex"} {
		if got, err := parseNetworks(names); err == nil {
			t.Errorf("%q: %+v", names, got)
		}
	}
}
