package matrix

import (
	"errors"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/cmd/lab/peer"
)

// Which side is wrong is said in words, and never with a secret.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name, which string
		says        answer
		words       string // empty: all is well
	}{
		{name: "all is well"},
		{"it cannot ping", "POST /ping", refused(404, "M_UNRECOGNIZED"), ""},
		{"it does not reach us", "POST /ping", refused(502, "M_CONNECTION_FAILED"), "does not reach the bridge"},
		{"it reaches somebody else", "POST /ping", refused(502, "M_BAD_STATUS"), "another hs_token"},
		{"it has no url", "POST /ping", refused(400, "M_URL_NOT_SET"), "no url for the bridge"},
		{"another id", "POST /ping", refused(403, "M_FORBIDDEN"), "another id"},
		{"a wrong token", "GET /account/whoami", refused(401, "M_UNKNOWN_TOKEN"), "as_token"},
		{"another name", "GET /account/whoami", answer{200, `{"user_id": "@_xmpp_bot:elsewhere"}`}, "homeserver.name"},
		{"no homeserver", "GET /versions", answer{404, "<html>"}, "no Matrix homeserver"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, b, _ := onFake(t, nil)
			if c.which != "" {
				f.say(c.which, c.says)
			}
			err := b.Check(t.Context())
			if (err != nil) != (c.words != "") || err != nil && !strings.Contains(err.Error(), c.words) {
				t.Fatal(err)
			}
			if err != nil && (strings.Contains(err.Error(), string(b.registration.ASToken)) || strings.Contains(err.Error(), string(b.registration.HSToken))) {
				t.Errorf("a secret is in the error: %v", err)
			}
		})
	}
}

// While it is checked nothing is taken: it is for who runs.
func TestCheckTakesNothing(t *testing.T) {
	if (deaf{}).Transaction(t.Context(), nil) == nil {
		t.Error("a transaction is taken")
	}
	if ok, err := (deaf{}).HasUser(t.Context(), ""); ok || err == nil {
		t.Error("a question is answered")
	}
}

// A homeserver that is away is asked again, and what waits is told when it is back.
func TestState(t *testing.T) {
	f := newFake(t)
	free, err := peer.Ports(1)
	if err != nil {
		t.Fatal(err)
	}
	b := newBridge(t, setting(t, f.URL, peer.Local(free[0])), new(bridgetest.Notes))
	if _, err := b.State(); err == nil {
		t.Error("it is up before it was asked")
	}
	f.say("POST /ping", refused(502, "M_CONNECTION_FAILED"), answer{200, `{"duration_ms": 1}`})
	h := newHost(b.ghosts.of(alice))
	run(t, b, h) // until Ready
	since, err := b.State()
	if err != nil || since.IsZero() || f.count("POST /ping") != 2 {
		t.Errorf("%v, %v, %d pings", since, err, f.count("POST /ping"))
	}
	f.say("PUT /send/", answer{})
	f.say("POST /ping", answer{})
	s := open(t, b)
	if _, err := s.Send(t.Context(), bridges.Message{Chat: bridges.ChatID(bob), Key: "k", Text: "x"}); bridges.KindOf(err) != bridges.Unknown {
		t.Error(err)
	}
	if _, err := b.State(); err == nil {
		t.Error("it is up although it does not answer")
	}
	f.say("POST /ping", answer{200, `{}`})
	next(t, h.ready)
}

// A port that is taken is no bridge.
func TestRunWithoutPort(t *testing.T) {
	_, b, _ := onFake(t, nil)
	b.cfg.Appservice.Listen = "256.0.0.1:1"
	if err := b.Run(t.Context(), newHost()); err == nil || !strings.Contains(err.Error(), "appservice.listen") {
		t.Error(err)
	}
}

// A ghost is there for who asks, if somebody is registered.
func TestHasUser(t *testing.T) {
	f, b, s := onFake(t, nil)
	h := b.host.(*host)
	for user, want := range map[string]bool{userID(s.ghost): true, "@_xmpp_nobody=40example.org:localhost": false, "@bob:localhost": false, "": false} {
		if ok, err := b.HasUser(t.Context(), user); ok != want || err != nil {
			t.Errorf("%q: %t, %v", user, ok, err)
		}
	}
	if n := f.count("POST /register"); n != 1 {
		t.Errorf("%d ghosts are made", n)
	}
	h.register(s.ghost, false)
	if ok, err := b.HasUser(t.Context(), userID(s.ghost)); ok || err != nil {
		t.Errorf("an account that is given up: %t, %v", ok, err)
	}
	f.say("POST /register", refused(500, "M_UNKNOWN"))
	h.register(s.ghost, true)
	b.book = newBook(new(bridgetest.Notes))
	if ok, err := b.HasUser(t.Context(), userID(s.ghost)); err == nil {
		t.Errorf("a ghost that could not be made: %t", ok)
	}
	if ok, err := b.HasAlias(t.Context(), "#x:localhost"); ok || err != nil {
		t.Errorf("a room: %t, %v", ok, err)
	}
}

// What people may see of a person.
func TestProfile(t *testing.T) {
	const face = `{"displayname": "Bob", "avatar_url": "mxc://localhost/face"}`
	for _, c := range []struct {
		name    string
		id      bridges.UserID
		profile answer
		picture answer
		kind    bridges.Kind // 0: none
		want    string
		pixels  string
	}{
		{name: "name and picture", profile: answer{200, face}, picture: answer{200, "PNG"}, want: "Bob", pixels: "PNG"},
		{name: "the picture is gone", profile: answer{200, face}, picture: refused(404, "M_NOT_FOUND"), want: "Bob"},
		{name: "the picture is too large", profile: answer{200, face}, picture: answer{200, strings.Repeat("x", pictureBytes+1)}, want: "Bob"},
		{name: "the picture cannot be had now", profile: answer{200, face}, picture: refused(502, "M_UNKNOWN"), kind: bridges.Temporary},
		{name: "the picture is nowhere", profile: answer{200, `{"avatar_url": "http://localhost/face"}`}},
		{name: "shown to others only", profile: refused(403, "M_FORBIDDEN")},
		{name: "nobody", profile: refused(404, "M_UNKNOWN"), kind: bridges.NotFound},
		{name: "no address", id: "bob", kind: bridges.Malformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, b, _ := onFake(t, nil)
			f.say("GET /profile/", c.profile)
			f.say("GET /media/download/", c.picture)
			id := bob
			if c.id != "" {
				id = c.id
			}
			p, err := b.Profile(t.Context(), alice, id)
			var e *bridges.Error
			if errors.As(err, &e) != (c.kind != 0) || e != nil && e.Kind != c.kind {
				t.Fatal(err)
			}
			if err == nil && p.URI != "matrix:u/bob:localhost" {
				t.Errorf("the address is %q", p.URI)
			}
			if p.Name != c.want || string(p.Picture) != c.pixels {
				t.Errorf("%q, %d bytes", p.Name, len(p.Picture))
			}
		})
	}
}

func TestBadge(t *testing.T) {
	for id, want := range map[bridges.UserID]string{"bob:hs": "B", "bob.smith:hs": "BS", "é:hs": "É", "__:hs": "?", "": "?", "\xff": "?", "a-b-c:hs": "AB"} {
		if got := new(Bridge).Badge(id); got != want {
			t.Errorf("%q: %q, not %q", id, got, want)
		}
	}
}
