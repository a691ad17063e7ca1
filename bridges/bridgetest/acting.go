package bridgetest

import (
	"testing"

	"causeway/bridges"
)

// Acting is a Network whose person does more than write. Where Info.Can names one of
// the abilities of an Act, the suite needs it.
type Acting interface {
	// Act has this person do something to an identity. As Say it does not wait for the
	// adapter.
	Act(t *testing.T, to bridges.UserID, a Act)
}

// Act is what a person does beside writing. The abilities that it may take, one for
// each:
//
//	CanEdits        puts Text in the place of Of, which may have been changed before; or takes that edit back, where an Editor is a Recaller
//	CanRetractions  takes Of back
//	CanReactions    reacts to Of with the emoji Text, or no longer does
//	CanReplies      answers Of by Text
//	CanThreads      writes Text in the thread that Of began
//	CanStyling      writes what the styling of Text (XEP-0393) shows; Say writes the characters
//	CanFiles        sends a file whose name and bytes are Text
//	CanDisplayed    has read all up to Of
//	CanReceipts     has got Of, or does what the network takes for that
//	CanTyping       types, or no longer does
//	CanPresence     is there, or away; Text says it in words
//	CanPictures     has another name or picture
//	CanContacts     is in the account's list by the name Text, or in it no longer
//	CanOwnMessages  the account itself writes Text through another program; with one of those above it does that
type Act struct {
	Takes bridges.Can // 0: no more than Say, of Text
	Of    string      // a text, as it first was: this person's own, or one from the identity
	Text  string
	Ends  bool // what is done no longer
}

// acted are the abilities of acts.
const acted = bridges.CanEdits | bridges.CanRetractions | bridges.CanReactions | bridges.CanReplies | bridges.CanThreads | bridges.CanStyling |
	bridges.CanFiles | bridges.CanDisplayed | bridges.CanReceipts | bridges.CanTyping | bridges.CanPresence | bridges.CanPictures |
	bridges.CanContacts | bridges.CanOwnMessages

// Asking is a Network whose people ask to be contacts (bridges.ContactRequest). Where
// they do, the suite needs it.
type Asking interface {
	// Ask has this person ask an identity for that. As Say it does not wait for the
	// adapter.
	Ask(t *testing.T, to bridges.UserID)
}

// scene is an act, and what comes of it.
type scene struct {
	act  Act
	want string // as textOf tells it
}

// scenes are what a person does in a play that can come of a network. out is a text
// that the person has got; empty: there is none. recalls: edits can be taken back.
func scenes(play, out string, can bridges.Can, recalls bool) (all []scene) {
	one, two, file := play+" one", play+" two", play+" file.txt"
	for _, x := range []scene{
		{Act{Text: one}, "say " + one},
		{Act{Text: two}, "say " + two},
		{Act{Takes: bridges.CanEdits, Of: one, Text: one + ", changed"}, "edit " + one + " to " + one + ", changed"},
		{Act{Takes: bridges.CanEdits, Of: one, Text: one + ", again"}, "edit " + one + " to " + one + ", again"},
		{Act{Takes: bridges.CanEdits, Of: one, Text: one + ", again", Ends: true}, "retract the edit to " + one + ", again"},
		{Act{Takes: bridges.CanReactions, Of: out, Text: "👍"}, "react [👍] to " + out},
		{Act{Takes: bridges.CanReactions, Of: out, Text: "🎉"}, "react [👍 🎉] to " + out},
		{Act{Takes: bridges.CanReactions, Of: out, Text: "👍", Ends: true}, "react [🎉] to " + out},
		{Act{Takes: bridges.CanReplies, Of: out, Text: play + " answer"}, "say " + play + " answer, answering " + out},
		{Act{Takes: bridges.CanThreads, Of: two, Text: play + " aside"}, "say " + play + " aside, in the thread of " + two},
		{Act{Takes: bridges.CanStyling, Text: play + " *bold*"}, "say " + play + " *bold*, with styling"},
		{Act{Takes: bridges.CanFiles, Text: file}, "send " + file},
		{Act{Takes: bridges.CanOwnMessages, Text: play + " own"}, "say " + play + " own, from the account"},
		{Act{Takes: bridges.CanOwnMessages | bridges.CanReactions, Of: one, Text: "👀"}, "react [👀] to " + one + ", from the account"},
		{Act{Takes: bridges.CanOwnMessages | bridges.CanDisplayed, Of: one}, "read " + one + ", from the account"},
		{Act{Takes: bridges.CanContacts, Text: play + " Bob"}, "list " + play + " Bob"},
		{Act{Takes: bridges.CanContacts, Text: play + " Rob"}, "list " + play + " Rob"},
		{Act{Takes: bridges.CanContacts, Ends: true}, "unlist " + play + " Rob"},
		{Act{Takes: bridges.CanRetractions, Of: two}, "retract " + two},
		{Act{Takes: bridges.CanReceipts, Of: out}, "got " + out},
		{Act{Takes: bridges.CanDisplayed, Of: out}, "read " + out},
		{Act{Text: play + " *last*"}, "say " + play + " *last*"},
	} {
		if can.Has(x.act.Takes) && (x.act.Of != "" || !x.act.needsOf()) && (recalls || !x.act.recalls()) {
			all = append(all, x)
		}
	}
	return all
}

// needsOf tells whether an act is of a text.
func (a Act) needsOf() bool {
	return a.Takes&(bridges.CanEdits|bridges.CanRetractions|bridges.CanReactions|bridges.CanReplies|bridges.CanThreads|bridges.CanReceipts|bridges.CanDisplayed) != 0
}

// recalls tells whether it takes an edit back.
func (a Act) recalls() bool { return a.Takes == bridges.CanEdits && a.Ends }
