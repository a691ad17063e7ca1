package gateway

import (
	"maps"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

// settable is a network with settings of its own, and with messages that users
// send through other programs.
func settable(t *testing.T, opts ...option) *rig {
	info := bridgetest.SMS()
	info.Can |= bridges.CanOwnMessages
	s := newMemStore()
	registered(s, alice, number)
	r := start(t, s, info, append(opts, func(c *Config) {
		c.Bridge.(*bridgetest.Bridge).SetSettings([]bridges.Field{
			{Name: "signature", Label: "Signature"},
			{Name: "loud", Label: "Loud", Kind: bridges.Bool, Default: "false"},
			{Name: "token", Label: "Token", Kind: bridges.Secret},
		}, func(values map[string]string) error {
			if values["signature"] == "" && values["loud"] == "true" {
				return &bridges.Error{Kind: bridges.Malformed, Text: "Who is loud must sign."}
			}
			return nil
		})
	})...)
	r.greeting()
	return r
}

// wantSettings compares what is kept of alice with name=value pairs.
func (r *rig) wantSettings(pairs ...string) {
	r.t.Helper()
	want := map[string]string{}
	for _, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		want[name] = value
	}
	acc, _, err := r.store.Account(r.t.Context(), domain, alice)
	if err != nil || !maps.Equal(acc.Settings, want) {
		r.t.Errorf("the settings are %v, want %v: %v", acc.Settings, want, err)
	}
}

// offers wants a form to have each of these pieces.
func offers(t *testing.T, form string, pieces ...string) {
	t.Helper()
	for _, p := range pieces {
		if !strings.Contains(form, p) {
			t.Errorf("%s is not in %s", p, form)
		}
	}
}

func TestSettingsByCommand(t *testing.T) {
	r := settable(t)
	begin := func() (session, form string) {
		n := r.step("preferences", "", "execute", "", "executing") // 0050.11
		return n.Attr["sessionid"], n.String()
	}
	session, form := begin()
	t.Run("0050.3 what is in effect", func(t *testing.T) {
		offers(t, form, "urn:causeway:preferences", "<value>false</value>", "<value>mark</value>", "<value>send</value>", "<value>plain</value>")
		for _, name := range []string{"signature", "loud", "token", ownMessages, corrections, replies} {
			offers(t, form, name)
		}
	})
	t.Run("0122.4 a bad value comes again", func(t *testing.T) {
		again := r.step("preferences", session, "complete", fields("signature", "Ann", corrections, "blue"), "executing").String()
		offers(t, again, "<note type='error'>Corrections: this value does not fit.", "<value>Ann</value>")
	})
	t.Run("0122.4 values that do not go together", func(t *testing.T) {
		again := r.step("preferences", session, "complete", fields("signature", "", "loud", "1"), "executing").String()
		offers(t, again, "Who is loud must sign.")
		r.wantSettings()
	})
	t.Run("0050.5 changed", func(t *testing.T) {
		done := r.step("preferences", session, "complete", fields("signature", " Ann ", "loud", "1", "token", "s3cret", corrections, "refuse", replies, "plain"), "completed")
		offers(t, done.String(), "Your settings are changed.")
		r.wantSettings("signature=Ann", "loud=true", "token=s3cret", "gateway/corrections=refuse")
	})
	session, form = begin()
	t.Run("0077.3 no secret is shown", func(t *testing.T) {
		offers(t, form, "<value>Ann</value>", "<value>true</value>", "<value>refuse</value>")
		if strings.Contains(form, "s3cret") {
			t.Errorf("the secret is in %s", form)
		}
	})
	t.Run("what is left out stays, what is emptied goes", func(t *testing.T) {
		r.step("preferences", session, "complete", fields("loud", "false", "signature", "", "token", "", corrections, "send"), "completed")
		r.wantSettings("loud=false", "token=s3cret", "gateway/corrections=send")
	})
	t.Run("0050.5 nothing to do", func(t *testing.T) {
		session, _ := begin()
		done := r.step("preferences", session, "complete", fields("loud", "0", replies, "plain"), "completed")
		offers(t, done.String(), "Nothing was changed.")
	})
}

func TestSettingsByChat(t *testing.T) {
	r := settable(t)
	for _, c := range []struct{ name, say, want string }{
		{"0050.10 help", "help", "settings (what you can choose)"},
		{"0050.10 one after the other", "settings", "These are your settings. Signature? Write cancel to stop, - to leave it as it is."},
		{"cancel", "cancel", "Nothing was changed."},
		{"again", "Settings", "These are your settings. Signature?"},
		{"the first", "Ann Archer", "Loud, one of: true, false? Write cancel to stop, - for false."},
		{"0122.4 a bad value", "very", "Loud: this value does not fit. Loud, one of: true, false?"},
		{"another", "true", "Token? Write cancel to stop, - to leave it as it is."},
		{"a secret", "s3cret", "What you write on another device (Where your server does not let the gateway show it as yours), one of: mark = show it with a mark, drop = do not show it? Write cancel to stop, - for mark."},
		{"by its name", "drop", "Corrections, one of: send = send a new text that begins with *, refuse = send nothing and give an error?"},
		{"as it is", "-", "Replies, one of: plain = send them without the quote, quote = send the quote, too?"},
		{"0050.10 the last", "quote", "Your settings are changed."},
	} {
		r.says(c.name, c.say, c.want)
	}
	r.wantSettings("signature=Ann Archer", "loud=true", "token=s3cret", "gateway/own_messages=drop", "gateway/replies=quote")
	for _, c := range []struct{ name, say, want string }{
		{"0050.10 at once", "settings replies=plain corrections=refuse", "Your settings are changed."},
		{"0122.4 at once", "settings replies=loudly", "Replies: this value does not fit."},
		{"0122.4 values that do not go together", "settings signature=", "Who is loud must sign."},
		{"nothing to do", "settings replies=plain", "Nothing was changed."},
		{"0077.3 no secret is shown", "settings", "These are your settings. Signature? Write cancel to stop, - for Ann Archer."},
		{"", "-", "Loud"},
		{"", "-", "Token? Write cancel to stop, - to leave it as it is."},
	} {
		r.says(c.name, c.say, c.want)
	}
	r.wantSettings("signature=Ann Archer", "loud=true", "token=s3cret", "gateway/own_messages=drop", "gateway/replies=plain", "gateway/corrections=refuse")
}

// says wants the gateway to answer alice so.
func (r *rig) says(name, say, want string) {
	r.t.Helper()
	r.say(alice, say)
	if got := r.answer(alice); !strings.Contains(got, want) {
		r.t.Errorf("%s: %q was answered by %q", name, say, got)
	}
}

// TestSettingsOffered: only what anybody would notice, and only to who is
// registered.
func TestSettingsOffered(t *testing.T) {
	for name, c := range map[string]struct {
		can  bridges.Can
		want string
	}{
		"texts": {0, "corrections replies"},
		"own":   {bridges.CanOwnMessages, "own_messages corrections replies"},
		"all":   {bridgetest.Rich().Can, "own_messages"},
	} {
		t.Run("0050.1 "+name, func(t *testing.T) {
			info := bridgetest.SMS()
			info.Can |= c.can
			s := newMemStore()
			registered(s, alice, number)
			r := start(t, s, info)
			r.greeting()
			if !strings.Contains(strings.Join(r.commandNodes(alice), " "), "preferences") {
				t.Error("no settings are offered")
			}
			form := r.step("preferences", "", "execute", "", "executing").String()
			for _, name := range []string{ownMessages, corrections, replies} {
				if strings.Contains(form, "'"+name+"'") != strings.Contains(c.want, name) {
					t.Errorf("%s in %s", name, form)
				}
			}
		})
	}
	t.Run("a stranger has none", func(t *testing.T) {
		r := newRig(t)
		r.Send(fromBob("set", "s", commandXML("preferences", "", "")))
		r.Receive(iqError("s", "auth", "forbidden"))
	})
	t.Run("the bridge does it itself", func(t *testing.T) {
		b := bridgetest.New(bridgetest.SMS())
		b.SetSettings([]bridges.Field{{Name: replies, Label: "How?"}}, nil)
		all := settingsOf(b)
		if len(all) != 2 || all[0].Label != "How?" || all[0].key != replies || all[1].Name != corrections {
			t.Errorf("%+v", all)
		}
	})
}
