package client

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"causeway/bridges/matrix/event"
)

// callCase is a call as it goes over the wire, and what becomes of its answer.
type callCase struct {
	name   string
	do     func(context.Context, *User) (any, error)
	method string
	uri    string
	body   string
	answer string
	want   any
}

// The beginning of most paths, and the query of most calls.
const (
	v3Path = "/_matrix/client/v3/"
	as     = "?user_id=%40xmpp_ann%3D40example.org%3Ahs"

	asEvent  = "?format=event&user_id=%40xmpp_ann%3D40example.org%3Ahs"
	asDevice = "?device_id=CAUSEWAY&user_id=%40xmpp_ann%3D40example.org%3Ahs"
)

// Calls about the service and its users.
var accountCalls = []callCase{
	{
		"who am I", func(ctx context.Context, u *User) (any, error) { return u.h.WhoAmI(ctx) },
		"GET", v3Path + "account/whoami", "", `{"user_id":"@bot:hs"}`, "@bot:hs",
	},
	{
		"versions", func(ctx context.Context, u *User) (any, error) { return u.h.Versions(ctx) },
		"GET", "/_matrix/client/versions", "", `{"versions":["v1.15","v1.16"]}`,
		[]string{"v1.15", "v1.16"},
	},
	{
		"ping", func(ctx context.Context, u *User) (any, error) { return u.h.Ping(ctx, "cause/way", "t1") },
		"POST", "/_matrix/client/v1/appservice/cause%2Fway/ping", `{"transaction_id":"t1"}`, `{"duration_ms":8}`, 8 * time.Millisecond,
	},
	{
		"register", func(ctx context.Context, u *User) (any, error) { return nil, u.Register(ctx) },
		"POST", v3Path + "register", `{"inhibit_login":true,"type":"m.login.application_service","username":"xmpp_ann=40example.org"}`,
		`{"user_id":"x"}`, nil,
	},
}

// Calls about rooms and what is said in them.
var roomCalls = []callCase{
	{"create a room", func(ctx context.Context, u *User) (any, error) {
		return u.CreateRoom(ctx, Room{Preset: "trusted_private_chat", Invite: []string{"@ben:hs"}, Direct: true})
	}, "POST", v3Path + "createRoom" + as, `{"preset":"trusted_private_chat","invite":["@ben:hs"],"is_direct":true}`, `{"room_id":"!r"}`, "!r"},
	{
		"join", func(ctx context.Context, u *User) (any, error) { return nil, u.Join(ctx, "!r:hs") },
		"POST", v3Path + "rooms/%21r:hs/join" + as, `{}`, `{"room_id":"!r:hs"}`, nil,
	},
	{
		"leave", func(ctx context.Context, u *User) (any, error) { return nil, u.Leave(ctx, "!r", "bye") },
		"POST", v3Path + "rooms/%21r/leave" + as, `{"reason":"bye"}`, `{}`, nil,
	},
	{
		"invite", func(ctx context.Context, u *User) (any, error) { return nil, u.Invite(ctx, "!r", "@ben:hs", "") },
		"POST", v3Path + "rooms/%21r/invite" + as, `{"user_id":"@ben:hs"}`, `{}`, nil,
	},
	{
		"members", func(ctx context.Context, u *User) (any, error) { return u.Members(ctx, "!r") },
		"GET", v3Path + "rooms/%21r/members" + as, "", `{"chunk":[
			{"type":"m.room.member","event_id":"$1","room_id":"!r","sender":"@a:hs","state_key":"@a:hs","content":{"membership":"join","displayname":"A"}},
			{"type":"m.room.member","event_id":"$2","room_id":"!r","sender":"@a:hs","state_key":"@b:hs","content":{"membership":"invite","displayname":7}},
			{"type":"m.room.member","event_id":"$3","room_id":"!r","sender":"@a:hs","state_key":"@c:hs","content":{}},
			{"type":"m.room.member"},null,7]}`,
		[]Member{{"@a:hs", "join", "A"}, {"@b:hs", "invite", ""}},
	},
	{"state", stateEvent, "GET", v3Path + "rooms/%21r/state/m.room.name/" + asEvent, "", `{"name":"N"}`, `m.room.name  {"name":"N"}`},
	{
		"state as an event", stateEvent, "GET", v3Path + "rooms/%21r/state/m.room.name/" + asEvent, "",
		`{"type":"m.room.name","event_id":"$e","room_id":"!r","sender":"@a:hs","state_key":"","content":{"name":"N"}}`, `m.room.name $e {"name":"N"}`,
	},
	{"set state", func(ctx context.Context, u *User) (any, error) {
		return u.SendState(ctx, "!r", "m.x", "a/../b", map[string]int{"n": 1})
	}, "PUT", v3Path + "rooms/%21r/state/m.x/a%2F..%2Fb" + as, `{"n":1}`, `{"event_id":"$e"}`, "$e"},
	{"send", func(ctx context.Context, u *User) (any, error) {
		return u.Send(ctx, "!r", "m.room.message", "a/b?c", map[string]string{"body": "ü"})
	}, "PUT", v3Path + "rooms/%21r/send/m.room.message/a%2Fb%3Fc" + asDevice, `{"body":"ü"}`, `{"event_id":"$e"}`, "$e"},
	{
		"redact", func(ctx context.Context, u *User) (any, error) { return u.Redact(ctx, "!r", "$e/x", "t", "") },
		"PUT", v3Path + "rooms/%21r/redact/$e%2Fx/t" + asDevice, `{}`, `{"event_id":"$f"}`, "$f",
	},
}

func stateEvent(ctx context.Context, u *User) (any, error) {
	e, err := u.StateEvent(ctx, "!r", "m.room.name", "")
	return e.Type + " " + e.ID + " " + string(e.Content), err
}

// Calls about signs and people.
var signCalls = []callCase{
	{
		"typing", func(ctx context.Context, u *User) (any, error) { return nil, u.Typing(ctx, "!r", true, 20*time.Second) },
		"PUT", v3Path + "rooms/%21r/typing/@xmpp_ann=40example.org:hs" + as, `{"timeout":20000,"typing":true}`, `{}`, nil,
	},
	{
		"typing no more", func(ctx context.Context, u *User) (any, error) { return nil, u.Typing(ctx, "!r", false, 0) },
		"PUT", v3Path + "rooms/%21r/typing/@xmpp_ann=40example.org:hs" + as, `{"typing":false}`, `{}`, nil,
	},
	{
		"read", func(ctx context.Context, u *User) (any, error) { return nil, u.Read(ctx, "!r", "$e") },
		"POST", v3Path + "rooms/%21r/receipt/m.read/$e" + as, `{}`, `{}`, nil,
	},
	{
		"messages", func(ctx context.Context, u *User) (any, error) { return u.Messages(ctx, "!r", "t5", Back, 20) },
		"GET", v3Path + "rooms/%21r/messages?dir=b&from=t5&limit=20&" + as[1:], "",
		`{"chunk":[{"type":"m.x","event_id":"$1","room_id":"!r","sender":"@a:hs","content":{}},{"type":7}],"end":"t4"}`,
		Page{Events: []event.Event{{Type: "m.x", ID: "$1", Room: "!r", Sender: "@a:hs", Content: []byte("{}")}}, End: "t4"},
	},
	{
		"profile", func(ctx context.Context, u *User) (any, error) { return u.Profile(ctx, "@b/é:hs") },
		"GET", v3Path + "profile/@b%2F%C3%A9:hs" + as, "", `{"displayname":"B","avatar_url":["no"]}`,
		Profile{Name: "B"},
	},
	{
		"name", func(ctx context.Context, u *User) (any, error) { return nil, u.SetName(ctx, "Ann") },
		"PUT", v3Path + "profile/@xmpp_ann=40example.org:hs/displayname" + as, `{"displayname":"Ann"}`, `{}`, nil,
	},
	{
		"avatar", func(ctx context.Context, u *User) (any, error) { return nil, u.SetAvatar(ctx, "mxc://hs/1") },
		"PUT", v3Path + "profile/@xmpp_ann=40example.org:hs/avatar_url" + as, `{"avatar_url":"mxc://hs/1"}`, `{}`, nil,
	},
	{
		"search", func(ctx context.Context, u *User) (any, error) { return u.SearchUsers(ctx, "be", 5) },
		"POST", v3Path + "user_directory/search" + as, `{"limit":5,"search_term":"be"}`,
		`{"limited":false,"results":[{"user_id":"@ben:hs","display_name":"Ben","avatar_url":null}]}`,
		[]Found{{User: "@ben:hs", Profile: Profile{Name: "Ben"}}},
	},
	{"account data", func(ctx context.Context, u *User) (any, error) {
		var d struct{ X int }
		err := u.AccountData(ctx, "m.direct", &d)
		return d.X, err
	}, "GET", v3Path + "user/@xmpp_ann=40example.org:hs/account_data/m.direct" + as, "", `{"x":3}`, 3},
	{"set account data", func(ctx context.Context, u *User) (any, error) {
		return nil, u.SetAccountData(ctx, "m.direct", map[string]int{"x": 3})
	}, "PUT", v3Path + "user/@xmpp_ann=40example.org:hs/account_data/m.direct" + as, `{"x":3}`, `{}`, nil},
}

func TestCalls(t *testing.T) {
	for _, c := range slices.Concat(accountCalls, roomCalls, signCalls) {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, says(200, c.answer))
			got, err := c.do(t.Context(), r.As(ghost))
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %#v, %v", got, err)
			}
			a := r.only(t)
			if a.method != c.method || a.uri != c.uri || strings.TrimSpace(a.body) != c.body || a.auth != "Bearer "+token {
				t.Errorf("asked %+v, want %s %s %s", a, c.method, c.uri, c.body)
			}
		})
	}
}

// The bot's own id is asked for once, where a path has it; elsewhere it is not
// needed.
func TestBot(t *testing.T) {
	r := newRig(t, says(200, `{"user_id":"@bot:hs"}`))
	for range 2 {
		if err := r.As("").SetName(t.Context(), "Gateway"); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.As("").Join(t.Context(), "!r"); err != nil {
		t.Fatal(err)
	}
	var uris []string
	for _, a := range r.asked {
		uris = append(uris, strings.TrimPrefix(a.uri, "/_matrix/client/v3/"))
	}
	want := []string{"account/whoami", "profile/@bot:hs/displayname", "profile/@bot:hs/displayname", "rooms/%21r/join"}
	if !reflect.DeepEqual(uris, want) {
		t.Errorf("asked %q", uris)
	}
}

// A user that exists is registered.
func TestRegisterAgain(t *testing.T) {
	r := newRig(t, says(400, `{"errcode":"M_USER_IN_USE","error":"in use"}`))
	if err := r.As(ghost).Register(t.Context()); err != nil {
		t.Error(err)
	}
	r = newRig(t, says(400, `{"errcode":"M_EXCLUSIVE","error":"not yours"}`))
	if err := r.As(ghost).Register(t.Context()); !Is(err, "M_EXCLUSIVE") {
		t.Error(err)
	}
}

// No id leads out of its place in the path.
func TestHostileIDs(t *testing.T) {
	for id, want := range map[string]string{
		"!a/../../x:hs":  "%21a%2F..%2F..%2Fx:hs",
		"..":             "%2E%2E",
		".":              "%2E",
		"!é\x00 %2F?#":   "%21%C3%A9%00%20%252F%3F%23",
		"!!;a=b&user_id": "%21%21%3Ba=b&user_id",
	} {
		r := newRig(t, says(200, `{}`))
		if err := r.As(ghost).Join(t.Context(), id); err != nil {
			t.Errorf("%q: %v", id, err)
		}
		uri, _, _ := strings.Cut(r.only(t).uri, "?")
		if uri != "/_matrix/client/v3/rooms/"+want+"/join" {
			t.Errorf("%q became %s", id, uri)
		}
	}
}

// Who acts is a parameter that no id can change.
func TestHostileActor(t *testing.T) {
	r := newRig(t, says(200, `{}`))
	if err := r.As("@a&user_id=@root:hs").Join(t.Context(), "!r"); err != nil {
		t.Fatal(err)
	}
	if uri := r.only(t).uri; !strings.HasSuffix(uri, "?user_id=%40a%26user_id%3D%40root%3Ahs") {
		t.Error(uri)
	}
}

func TestNew(t *testing.T) {
	for _, bad := range []string{"", "hs.example.org", "ftp://hs", "http://", "http://hs?x=1", "http://me:secret@hs", "http://h s", "http://hs:x"} {
		if _, err := New(Config{URL: bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// Nobody is nobody, whatever the homeserver calls it.
func TestProfileOfNobody(t *testing.T) {
	r := newRig(t, says(404, `{"errcode":"M_UNKNOWN","error":"No row found (profiles)"}`))
	if _, err := r.As(ghost).Profile(t.Context(), "@nobody:hs"); !Is(err, "M_NOT_FOUND") {
		t.Errorf("got %v", err)
	}
}

// Who shows nothing is somebody all the same.
func TestProfileOfNameless(t *testing.T) {
	r := newRig(t, says(404, `{"errcode":"M_NOT_FOUND","error":"Profile was not found"}`), says(200, `{}`))
	if p, err := r.As(ghost).Profile(t.Context(), "@ben:hs"); err != nil || p != (Profile{}) {
		t.Errorf("got %+v, %v", p, err)
	}
}
