package bridgetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"causeway/bridges"
)

// hostile are localparts that somebody may type, or a stanza may have: nothing says
// that they are addresses.
var hostile = []string{
	"", " ", "\t", "\n", "\x00", "a\x00b", "\xff", "\xc3\x28", "\ufeff", "\u202e101", "a\u200bb", "\u0661\u0662\u0663",
	"%", "%00", "%2f", "%zz", "/", "//", "..", "../..", "a/b", "a\\b", "\\", "\\20", "\\5c20", ":", "::", "a:", ":a", "a:b:c", "@", "@@", "@:", "a@b",
	"#", "!", "+", "++", "-", "?", "&", "<a>", "'", "\"", "`", "{}", "[]", "$1", "*", ";", "é", "É", "é", "ſ", "ı", "İ", "ß", "ẞ", "🙂", "𝔸",
	strings.Repeat("x", 255), strings.Repeat("x", 1023), strings.Repeat("x", 1024), strings.Repeat("1", 1023),
	strings.Repeat("é", 511), strings.Repeat("%", 1023), strings.Repeat("\\", 1023), strings.Repeat(":", 1023), strings.Repeat("x", 1<<20),
}

// odd returns the hostile ones, and what may be made of good ones.
func (s Subject) odd() []string {
	all := append([]string(nil), hostile...)
	for _, g := range append([]string{string(s.Chat)}, s.Good...) {
		all = append(
			all, strings.ToUpper(g), strings.ToLower(g), " "+g, g+" ", g+"\x00", g+"\n", "\u202e"+g, g+"\u200b", g+"/", "/"+g, g+"%00", g+"\\", g+g,
		)
	}
	return append(all, s.Bad...)
}

// checkHostile wants addresses to be what they resolve to, or to be refused with
// words, by Resolve and by all that takes one; and two that are told apart to stay
// apart.
func checkHostile(t *testing.T, s Subject) {
	session := s.open(t.Context(), t)
	resolver, _ := s.Bridge.(bridges.Resolver)
	for _, local := range s.odd() {
		if resolver != nil && !s.resolves(t, resolver, local) {
			s.refused(t, session, local)
		}
		if p, ok := s.Bridge.(bridges.Profiler); ok {
			if b := p.Badge(bridges.UserID(local)); b != p.Badge(bridges.UserID(local)) {
				t.Errorf("the badge of %.40q changes", local)
			}
		}
		if sp, ok := s.Bridge.(bridges.Speller); ok {
			_ = sp.Spell(bridges.UserID(local)) // and does not panic
		}
	}
	if err := session.Close(); err != nil {
		t.Error(err)
	}
}

// resolves checks what an address resolves to, and tells whether it is one.
func (s Subject) resolves(t *testing.T, r bridges.Resolver, local string) bool {
	t.Helper()
	id, err := r.Resolve(local)
	if again, err2 := r.Resolve(local); again != id || bridges.KindOf(err) != bridges.KindOf(err2) {
		t.Errorf("Resolve(%.40q) = %q, %v, and then %q, %v", local, id, err, again, err2)
	}
	if err == nil {
		if string(id) != local {
			t.Errorf("Resolve(%.40q) = %q: a second address of the same; it is Gone", local, id)
		}
		return true
	}
	s.checkError(t, err)
	var e *bridges.Error
	if !errors.As(err, &e) || e.Kind != bridges.Gone {
		if k := bridges.KindOf(err); k == bridges.Temporary || k == bridges.Unknown || k == bridges.Internal {
			t.Errorf("Resolve(%.40q): %v is of kind %d: the user can do nothing about it", local, err, k)
		}
		return false
	}
	if there, err := r.Resolve(string(e.Instead)); err != nil || there != e.Instead {
		t.Errorf("Resolve(%.40q) leads to %q, which is %q, %v", local, e.Instead, there, err)
	}
	return false
}

// refused wants what is no address to be refused by all that sends.
func (s Subject) refused(t *testing.T, session bridges.Session, local string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	chat := bridges.ChatID(local)
	m := s.message("to nobody")
	m.Chat, m.Key = chat, "suite.hostile."+local
	if len(m.Key) > 256 {
		m.Key = m.Key[:256]
	}
	_, err := session.Send(ctx, m)
	if err == nil {
		t.Errorf("a text to %.40q is taken, which Resolve refuses", local)
		return
	}
	s.checkError(t, err)
	if k := bridges.KindOf(err); k == bridges.Temporary || k == bridges.Unknown {
		t.Errorf("a text to %.40q is tried again: %v", local, err)
	}
	if x, ok := session.(bridges.Typist); ok {
		s.checkAnswer(t, x.Typing(ctx, chat, true))
	}
	if x, ok := session.(bridges.Reader); ok {
		s.checkAnswer(t, x.Displayed(ctx, chat, "never seen"))
	}
	if x, ok := session.(bridges.Editor); ok {
		_, err := x.Edit(ctx, bridges.Edit{Message: m, Of: "never seen"})
		s.checkAnswer(t, err)
	}
	if x, ok := session.(bridges.Recaller); ok {
		_, err := x.Recall(ctx, chat, "never seen")
		s.checkAnswer(t, err)
	}
	if x, ok := session.(bridges.Retractor); ok {
		s.checkAnswer(t, x.Retract(ctx, bridges.Retraction{Chat: chat, From: m.From, Key: m.Key, Of: "never seen"}))
	}
	if x, ok := session.(bridges.Reactor); ok {
		s.checkAnswer(t, x.React(ctx, bridges.Reaction{Chat: chat, From: m.From, Key: m.Key, Of: "never seen", Emojis: []string{"x"}}))
	}
}

// checkTexts wants each text to be taken, so that it arrives, or refused in a way
// that is no promise to try again; and the next one to come through.
func checkTexts(t *testing.T, s Subject) {
	ctx, cancel := context.WithTimeout(t.Context(), 6*limit)
	defer cancel()
	session := s.open(ctx, t)
	taken := 0
	for _, text := range []string{
		"x", " ", "\n", "\t\r\n ", "\x00", "a\x00b", "\x1b", "\u202eabc", "\ufeff", "\u200b", "\ufffd", "🙂", "👨‍👩‍👧‍👦", "e\u0301", "]]>", "<b>&amp;",
		"/me waves", "> quoted", strings.Repeat("é", 10_000), strings.Repeat("x", 64<<10), strings.Repeat("x\n", 32<<10), strings.Repeat("🙂", 256<<10),
	} {
		m := s.message(text)
		m.Key = "suite.text." + m.Key[:min(len(m.Key), 200)] + time.Now().String()
		_, err := session.Send(ctx, m)
		if err == nil {
			taken++
			continue
		}
		s.checkError(t, err)
		if k := bridges.KindOf(err); k == bridges.Temporary || k == bridges.Unknown || k == bridges.Internal {
			t.Errorf("%.20q, of %d bytes: %v, of kind %d", text, len(text), err, k)
		}
	}
	if taken == 0 {
		t.Error("no text is taken")
	}
	if got := s.send(s.Account, "texts: after all"); got != sent {
		t.Errorf("a text after those has the fate %d", got)
	}
	s.read("texts:", s.Account, []string{"texts: after all"}, []fate{sent})
	if err := session.Close(); err != nil {
		t.Error(err)
	}
}
