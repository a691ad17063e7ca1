package bridgetest

import (
	"fmt"
	"strings"

	"causeway/bridges"
)

// textOf has the texts that messages first were, those of edits, and the names in the
// account's list.
type textOf struct {
	first, edit map[bridges.MessageID]string
	name        map[bridges.UserID]string
	styles      bool // texts have styling
}

func newTextOf(styles bool) textOf {
	return textOf{map[bridges.MessageID]string{}, map[bridges.MessageID]string{}, map[bridges.UserID]string{}, styles}
}

// tell says what an event does, and notes the id of its text.
func (t textOf) tell(e bridges.Event) string {
	switch e := e.(type) {
	case bridges.Message:
		t.first[e.ID] = e.Text
		return t.say(e) + author(e.Chat, e.From)
	case bridges.Edit:
		t.first[e.ID], t.edit[e.ID] = t.first[e.Of], e.Text
		return "edit " + t.first[e.Of] + " to " + e.Text
	case bridges.Retraction:
		if edit, is := t.edit[e.Of]; is && e.Of != "" {
			return "retract the edit to " + edit
		}
		return "retract " + t.first[e.Of]
	case bridges.Reaction:
		return fmt.Sprint("react ", e.Emojis, " to ", t.first[e.Of], author(e.Chat, e.From))
	case bridges.Displayed:
		return "read " + t.first[e.UpTo] + author(e.Chat, e.From)
	case bridges.Receipt:
		if e.State == bridges.Delivered {
			return "got " + t.first[e.ID]
		}
	case bridges.ContactChange:
		return t.list(e)
	}
	return ""
}

// author tells when it was the account that has done something.
func author(chat bridges.ChatID, from bridges.UserID) string {
	if from == bridges.UserID(chat) {
		return ""
	}
	return ", from the account"
}

func (t textOf) list(c bridges.ContactChange) string {
	if c.Gone {
		return "unlist " + t.name[c.Person.ID]
	}
	t.name[c.Person.ID] = c.Person.Name
	return "list " + c.Person.Name
}

func (t textOf) say(m bridges.Message) string {
	switch {
	case m.File != nil:
		return strings.TrimSuffix("send "+m.File.Name+" "+m.Text, " ")
	case m.Thread != "": // it may answer something there
		return "say " + m.Text + ", in the thread of " + t.first[m.Thread]
	case m.ReplyTo != "":
		return "say " + m.Text + ", answering " + t.first[m.ReplyTo]
	case t.styles && !m.Unstyled && strings.Contains(m.Text, "*"):
		return "say " + m.Text + ", with styling"
	}
	return "say " + m.Text
}

// idOf returns the id of a text that came for an account.
func (s *store) idOf(account bridges.AccountID, text string) bridges.MessageID {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.kept {
		if m, ok := d.Event.(bridges.Message); ok && d.Account == account && m.Text == text {
			return m.ID
		}
	}
	return ""
}

// asked counts how often somebody has asked to be a contact of an account.
func (s *store) asked(account bridges.AccountID) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.kept {
		if _, asks := d.Event.(bridges.ContactRequest); asks && d.Account == account {
			n++
		}
	}
	return n
}
