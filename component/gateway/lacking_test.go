package gateway

import (
	"os"
	"slices"
	"testing"
	"testing/synctest"

	"causeway/bridges"
)

// lack is an ability that a network may not have: SMS has receipts alone, Matrix all
// but contacts and own messages.
type lack struct {
	can bridges.Can
	// rule is the reason of the row of fallbackRules that then stands for it; empty: no
	// message asks for it alone.
	rule string
	// does is what asks for the ability; it returns what comes of it, which is instead
	// where the ability is missing.
	does    func(r *timeless) string
	instead string
}

var lacking = map[string]lack{
	"CanReceipts":    {bridges.CanReceipts, "", asksForReceipt, "a text, announced: false, asked for: false"}, // clients wait for none
	"CanTyping":      {bridges.CanTyping, "", typesToContact, ""},
	"CanDisplayed":   {bridges.CanDisplayed, marker, readsText, ""},
	"CanContacts":    {bridges.CanContacts, "", adds, "Bob after it is added"}, // the roster is what the user has added
	"CanStyling":     {bridges.CanStyling, "", isToldStars, "unstyled: true"},  // what looks like styling by accident is marked
	"CanOwnMessages": {bridges.CanOwnMessages, "", setsOwnMessages, "a setting: false"},
	"CanPictures":    {bridges.CanPictures, "", looksAtContact, "a picture: true, the gateway's: true"}, // the gateway makes it
	"CanEdits":       {bridges.CanEdits, "correction", handing(replacing("e", "a1", "ONE")), "[* ONE]"},
	"CanRetractions": {bridges.CanRetractions, "retraction", handing(takingBack("x", "a1")), "[] feature-not-implemented"},
	"CanReactions":   {bridges.CanReactions, "reaction", handing(reacting("x", "a1", "x")), "[] not-acceptable"},
	"CanReplies":     {bridges.CanReplies, "reply", answersText, "yes to "},
	"CanPresence":    {bridges.CanPresence, "", seesContact, "[available]"}, // people are there
	"CanIntroduce":   {bridges.CanIntroduce, "", isCalled, "[]"},            // the network is not told
	"CanFiles":       {bridges.CanFiles, "file", sendsLink, "https://a.example/b.png, a file: false"},
	"CanThreads":     {bridges.CanThreads, "", writesInThread, "one in "}, // a text in one is a text
}

// TestEveryLackHasAFallback: a bridge that cannot do something has something in its
// place, and an ability that is new needs it, too.
func TestEveryLackHasAFallback(t *testing.T) {
	source, err := os.ReadFile("../../bridges/can.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := bridges.Can(0)
	for i, m := range declared.FindAllSubmatch(source, -1) {
		name := string(m[1])
		l, ok := lacking[name]
		if !ok || l.can != 1<<i {
			t.Errorf("nobody says what becomes of users whose network lacks %s", name)
			continue
		}
		if l.rule != "" && !slices.ContainsFunc(fallbackRules, func(r fallbackRule) bool { return r.reason == l.rule && (r.lacks == l.can || r.lacks == 0) }) {
			t.Errorf("%s: no row of fallbackRules is about %s", name, l.rule)
		}
		seen |= l.can
	}
	for i := range fallbackRules {
		if r := &fallbackRules[i]; !seen.Has(r.lacks) || r.lacks != 0 && lacking[abilityOf(r.lacks)].rule != r.reason {
			t.Errorf("the row about %s is for networks that lack something else", r.reason)
		}
	}
	for name, l := range lacking {
		t.Run(name, func(t *testing.T) { l.falls(t, seen) })
	}
}

// falls wants the fallback of a network that can do all else, and with the ability
// something else.
func (l lack) falls(t *testing.T, all bridges.Can) {
	t.Helper()
	if got := l.comes(t, all&^l.can); got != l.instead {
		t.Errorf("without it comes %q, not %q", got, l.instead)
	}
	if got := l.comes(t, all); got == l.instead {
		t.Errorf("with it comes %q, too", got)
	}
}

// comes returns what comes of a lack on a network that can do this.
func (l lack) comes(t *testing.T, can bridges.Can) (came string) {
	t.Helper()
	m := newFakeMedia(t)
	m.serves(fileURL, "12345", 5)
	synctest.Test(t, func(t *testing.T) {
		s := newMemStore()
		registered(s, alice, number)
		r := startTimeless(t, s, bridges.Info{Type: "sms", Client: "phone", Name: "SMS", Can: can}, func(c *Config) { c.Media = m })
		defer r.end()
		came = l.does(r)
	})
	return came
}

func abilityOf(can bridges.Can) string {
	for name, l := range lacking {
		if l.can == can {
			return name
		}
	}
	return ""
}
