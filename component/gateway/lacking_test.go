package gateway

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"causeway/bridges"
)

// lack is an ability that a network may not have: SMS has receipts alone, Matrix all
// but contacts and own messages.
type lack struct {
	can bridges.Can
	// rule is the reason of the row of fallbackRules that then stands for it; empty: no
	// message asks for it alone.
	rule string
	// shows is the test of this package that shows what users have then.
	shows string
}

var lacking = map[string]lack{
	"CanReceipts":    {can: bridges.CanReceipts, shows: "TestSignsAnnounced"}, // it is not announced: clients wait for none
	"CanTyping":      {can: bridges.CanTyping, shows: "TestFallbacks"},        // dropped, and not announced
	"CanDisplayed":   {can: bridges.CanDisplayed, rule: marker, shows: "TestFallbacks"},
	"CanContacts":    {can: bridges.CanContacts, shows: "TestAddContact"},         // the roster is what the user has added
	"CanStyling":     {can: bridges.CanStyling, shows: "TestUnstyled"},            // as typed; what looks like it by accident is marked
	"CanOwnMessages": {can: bridges.CanOwnMessages, shows: "TestSettingsOffered"}, // none come, and no setting is about them
	"CanPictures":    {can: bridges.CanPictures, shows: "TestBadges"},             // the gateway makes them
	"CanEdits":       {can: bridges.CanEdits, rule: "correction", shows: "TestFallbacks"},
	"CanRetractions": {can: bridges.CanRetractions, rule: "retraction", shows: "TestFallbacks"},
	"CanReactions":   {can: bridges.CanReactions, rule: "reaction", shows: "TestFallbacks"},
	"CanReplies":     {can: bridges.CanReplies, rule: "reply", shows: "TestFallbacks"},
	"CanPresence":    {can: bridges.CanPresence, shows: "TestAddContact"},        // people are there
	"CanIntroduce":   {can: bridges.CanIntroduce, shows: "TestIntroduceUnasked"}, // nobody is asked
	"CanFiles":       {can: bridges.CanFiles, rule: "file", shows: "TestFilesWhereThereAreNone"},
	"CanThreads":     {can: bridges.CanThreads, shows: "TestFallbacks"}, // a text in one is a text
}

// TestEveryLackHasAFallback: a bridge that cannot do something has something in its
// place, and an ability that is new needs it, too.
func TestEveryLackHasAFallback(t *testing.T) {
	source, err := os.ReadFile("../../bridges/can.go")
	if err != nil {
		t.Fatal(err)
	}
	tests := source[:0:0]
	files, _ := filepath.Glob("*_test.go")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tests = append(tests, text...)
	}
	seen := bridges.Can(0)
	for i, m := range declared.FindAllSubmatch(source, -1) {
		name := string(m[1])
		l, ok := lacking[name]
		if !ok || l.can != 1<<i {
			t.Errorf("nobody says what becomes of users whose network lacks %s", name)
			continue
		}
		if !bytes.Contains(tests, []byte("\nfunc "+l.shows+"(t *testing.T) {")) {
			t.Errorf("%s: there is no %s", name, l.shows)
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
}

func abilityOf(can bridges.Can) string {
	for name, l := range lacking {
		if l.can == can {
			return name
		}
	}
	return ""
}
