package bridgetest

import (
	"context"
	"regexp"
	"testing"
	"unicode/utf8"

	"causeway/bridges"
)

// checkCan wants Info.Can to say exactly what a Session implements.
func checkCan(t *testing.T, s Subject) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	session := s.open(ctx, t)
	can := s.Bridge.Info().Can
	if typist, ok := session.(bridges.Typist); ok != can.Has(bridges.CanTyping) {
		t.Errorf("a Typist: %t, CanTyping: %t", ok, !ok)
	} else if ok {
		for _, composing := range []bool{true, false} {
			s.checkAnswer(t, typist.Typing(ctx, s.Chat, composing))
		}
	}
	if reader, ok := session.(bridges.Reader); ok != can.Has(bridges.CanDisplayed) {
		t.Errorf("a Reader: %t, CanDisplayed: %t", ok, !ok)
	} else if ok {
		s.checkAnswer(t, reader.Displayed(ctx, s.Chat, "never seen"))
	}
	if lister, ok := session.(bridges.Lister); ok != can.Has(bridges.CanContacts) {
		t.Errorf("a Lister: %t, CanContacts: %t", ok, !ok)
	} else if ok {
		list, err := lister.Contacts(ctx)
		s.checkAnswer(t, err)
		checkPersons(t, list)
	}
	s.checkChanges(ctx, t, session)
	if err := session.Close(); err != nil {
		t.Error(err)
	}
}

// checkAnswer wants no error, or one with words.
func (s Subject) checkAnswer(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		s.checkError(t, err)
	}
}

// checkPersons wants nobody without an id, and nobody twice.
func checkPersons(t *testing.T, list []bridges.Person) {
	t.Helper()
	seen := map[bridges.UserID]bool{}
	for _, p := range list {
		if p.ID == "" || seen[p.ID] || !utf8.ValidString(p.Name) {
			t.Errorf("%+v has no id, or comes twice, or has a name that is no text", p)
		}
		seen[p.ID] = true
	}
}

// checkFields wants what every door can show, and defaults that are taken.
func checkFields(t *testing.T, fields []bridges.Field) {
	t.Helper()
	seen := map[string]bool{}
	for _, f := range fields {
		if f.Name == "" || f.Label == "" || seen[f.Name] {
			t.Errorf("field %+v lacks a name or a label, or its name is another's", f)
		}
		seen[f.Name] = true
		if (f.Kind == bridges.Choice) != (len(f.Options) > 0) {
			t.Errorf("field %+v: options belong to a choice, and a choice has some", f)
		}
		if f.Kind == bridges.Secret && f.Default != "" {
			t.Errorf("the secret %s has a default", f.Name)
		}
		if _, err := regexp.Compile(f.Pattern); err != nil || f.Pattern != "" && f.Kind != bridges.Text && f.Kind != bridges.Secret {
			t.Errorf("the pattern of field %+v is of no use: %v", f, err)
		}
		if f.Default != "" && f.Check(f.Default) != nil {
			t.Errorf("field %s does not take its own default", f.Name)
		}
	}
}

func checkConfigurer(t *testing.T, s Subject) {
	c, ok := s.Bridge.(bridges.Configurer)
	if !ok {
		return
	}
	checkFields(t, c.Settings())
	defaults := map[string]string{}
	for _, f := range c.Settings() {
		if f.Default != "" {
			defaults[f.Name] = f.Default
		}
	}
	if err := c.CheckSettings(defaults); err != nil {
		t.Errorf("the defaults are not taken: %v", err)
	}
	s.checkAnswer(t, c.CheckSettings(nil))
}

func checkPeople(t *testing.T, s Subject) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if p, ok := s.Bridge.(bridges.Profiler); ok {
		for _, id := range []bridges.UserID{bridges.UserID(s.Chat), "\xff"} {
			x, err := p.Profile(ctx, s.Account.ID, id)
			s.checkAnswer(t, err)
			badge := p.Badge(id)
			if utf8.RuneCountInString(badge) > 3 || badge != p.Badge(id) {
				t.Errorf("the badge of %q is %q and then %q", id, badge, p.Badge(id))
			}
			if len(x.Picture) > 0 && !s.Bridge.Info().Can.Has(bridges.CanPictures) {
				t.Errorf("%q has a picture, which the network cannot", id)
			}
			for _, text := range []string{x.Name, x.Nick, x.Tel, x.Region, x.Kind, badge} {
				if !utf8.ValidString(text) {
					t.Errorf("the profile of %q has %q", id, text)
				}
			}
		}
	}
	if p, ok := s.Bridge.(bridges.OneWay); ok && (p.NoReply(bridges.UserID(s.Chat)) || p.NoReply("\xff")) {
		t.Errorf("nobody can write to %q, or to somebody who cannot be", s.Chat)
	}
	if p, ok := s.Bridge.(bridges.Searcher); ok {
		fields, values := p.SearchFields(), map[string]string{}
		checkFields(t, fields)
		for _, f := range fields {
			values[f.Name] = "b"
		}
		found, err := p.Search(ctx, s.Account.ID, values)
		s.checkAnswer(t, err)
		checkPersons(t, found)
		if len(fields) == 0 || len(found) > 50 {
			t.Errorf("%d fields to search by, %d people found", len(fields), len(found))
		}
	}
}
