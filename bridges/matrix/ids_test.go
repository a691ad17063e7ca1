package matrix

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"causeway/bridges"
)

var someGhosts = ghosts{prefix: "_xmpp_", server: "hs", bot: "_xmpp_bot:hs"}

func TestGhosts(t *testing.T) {
	long := strings.Repeat("l", 300) + "@example.org"
	for account, want := range map[bridges.AccountID]bridges.UserID{
		"alice@example.org":     "_xmpp_alice=40example.org:hs",
		"a_b@example.org":       "_xmpp_a__b=40example.org:hs",
		"é@example.org":         "_xmpp_=c3=a9=40example.org:hs",
		bridges.AccountID(long): "",
	} {
		got := someGhosts.of(account)
		if len(account) > 255 {
			want = got // only its form is of interest
			if !strings.HasPrefix(string(got), "_xmpp_=x") || len(got) > 60 {
				t.Errorf("a long account is %s", got)
			}
		}
		if got != want || !someGhosts.owns(got) {
			t.Errorf("%s is %s, not %s", account, got, want)
		}
		if back, ok := someGhosts.account(got); len(account) < 255 && (!ok || back != account) {
			t.Errorf("%s is whose? %q", got, back)
		}
	}
	for _, id := range []bridges.UserID{"alice:hs", "_xmpp_alice=40example.org:other", "_xmpp_bot:hs", "", ":"} {
		if someGhosts.owns(id) {
			t.Errorf("%q counts as a ghost", id)
		}
	}
}

// Ids of two accounts differ, whatever is in them, and fit.
func TestGhostsDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		x, y := someGhosts.of(bridges.AccountID(a)), someGhosts.of(bridges.AccountID(b))
		if (a == b) != (x == y) || len(userID(x)) > maxUserID || string(x) != strings.ToLower(string(x)) {
			t.Fatalf("%q is %s, %q is %s", a, x, b, y)
		}
	})
}

func TestResolve(t *testing.T) {
	b := &Bridge{ghosts: someGhosts}
	for _, c := range []struct {
		typed, want string
		kind        bridges.Kind // of the error, with 0: none
		says        string
	}{
		{typed: "alice:hs", want: "alice:hs"},
		{typed: "Alice:hs", want: "Alice:hs"},
		{typed: "alice:example.org:8448", want: "alice:example.org:8448"},
		{typed: "alice:[::1]:8448", want: "alice:[::1]:8448"},
		{typed: "a/b!c=d:hs", want: "a/b!c=d:hs"},
		{typed: "@@odd:hs", want: "@@odd:hs"},
		{typed: "@!odd:hs", want: "@!odd:hs"},
		{typed: "é:hs", want: "é:hs"},
		{typed: "@alice:hs", want: "alice:hs", kind: bridges.Gone},
		{typed: "alice", want: "alice:hs", kind: bridges.Gone},
		{typed: "@alice", want: "alice:hs", kind: bridges.Gone},
		{typed: "https://matrix.to/#/@alice:hs", want: "alice:hs", kind: bridges.Gone},
		{typed: "HTTPS://matrix.to/#/%40alice%3Ahs?via=hs", want: "alice:hs", kind: bridges.Gone},
		{typed: "matrix:u/alice:hs", want: "alice:hs", kind: bridges.Gone},
		{typed: "matrix:u/%40odd:hs", want: "@@odd:hs", kind: bridges.Gone},
		{typed: "matrix:user/alice:hs?action=chat", want: "alice:hs", kind: bridges.Gone},
		{typed: "_xmpp_alice=40example.org:hs", kind: bridges.NotAllowed, says: "alice@example.org"},
		{typed: "@_xmpp_bot:hs", kind: bridges.NotAllowed},
		{typed: "#room:hs", kind: bridges.Unsupported, says: "rooms"},
		{typed: "!room", kind: bridges.Unsupported, says: "rooms"},
		{typed: "https://matrix.to/#/#room:hs", kind: bridges.Malformed},
		{typed: "https://matrix.to/#/%zz", kind: bridges.Malformed},
		{typed: "matrix:r/room:hs", kind: bridges.Malformed},
		{typed: "", kind: bridges.Malformed, says: example},
		{typed: "@", kind: bridges.Malformed},
		{typed: ":hs", kind: bridges.Malformed},
		{typed: "alice:", kind: bridges.Malformed},
		{typed: "a b:hs", kind: bridges.Malformed},
		{typed: "a\x00:hs", kind: bridges.Malformed},
		{typed: "alice:h s", kind: bridges.Malformed},
		{typed: "\xff:hs", kind: bridges.Malformed},
		{typed: strings.Repeat("x", 252) + ":hs", kind: bridges.Malformed},
		{typed: strings.Repeat("x", 251) + ":hs", want: strings.Repeat("x", 251) + ":hs"},
	} {
		id, err := b.Resolve(c.typed)
		var e *bridges.Error
		if errors.As(err, &e) {
			id = e.Instead
		}
		if string(id) != c.want || bridges.KindOf(err) != c.kind || err != nil && !strings.Contains(e.Text, c.says) {
			t.Errorf("%.50q is %q, %v", c.typed, id, err)
		}
	}
}

// Ids that differ are different people, there and back (issue 6).
func FuzzIDs(f *testing.F) {
	for _, id := range []string{"@alice:hs", "@Alice:hs", "@@alice:hs", "@a/b:hs", "@:hs", "@é:hs", ""} {
		f.Add(id)
	}
	b := &Bridge{ghosts: someGhosts}
	f.Fuzz(func(t *testing.T, user string) {
		id := personOf(user)
		if strings.HasPrefix(user, "@") && userID(id) != user {
			t.Errorf("%q became %q and then %q", user, id, userID(id))
		}
		got, err := b.Resolve(user)
		var e *bridges.Error
		switch {
		case err == nil && string(got) != user:
			t.Errorf("%q is %q and no error", user, got)
		case errors.As(err, &e) && e.Kind == bridges.Gone:
			if again, err := b.Resolve(string(e.Instead)); err != nil || again != e.Instead {
				t.Errorf("%q leads to %q, and that to %q, %v", user, e.Instead, again, err)
			}
		case err != nil && (e == nil || e.Text == "" || !utf8.ValidString(e.Text)):
			t.Errorf("%q: %v", user, err)
		}
	})
}
