package bridgetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"causeway/bridges"
)

// takes returns what a network must be able to do so that such an event can come.
func takes(account bridges.UserID, e bridges.Event) (can bridges.Can) {
	switch e := e.(type) {
	case bridges.Message:
		for needed, is := range map[bridges.Can]bool{
			bridges.CanReplies: e.ReplyTo != "", bridges.CanThreads: e.Thread != "", bridges.CanFiles: e.File != nil, bridges.CanOwnMessages: e.From == account,
		} {
			if is {
				can |= needed
			}
		}
	case bridges.Edit:
		return bridges.CanEdits
	case bridges.Retraction:
		return bridges.CanRetractions
	case bridges.Reaction:
		return bridges.CanReactions | by(e.From, account)
	case bridges.Displayed:
		return bridges.CanDisplayed | by(e.From, account)
	case bridges.Receipt:
		return bridges.CanReceipts
	case bridges.Typing:
		return bridges.CanTyping
	case bridges.Presence:
		return bridges.CanPresence
	case bridges.ProfileChange:
		return bridges.CanPictures
	case bridges.ContactChange:
		return bridges.CanContacts
	}
	return can
}

// by returns what a network must be able to do if it was the account itself.
func by(from, account bridges.UserID) bridges.Can {
	if from == account {
		return bridges.CanOwnMessages
	}
	return 0
}

// checkOwn checks that a delivery is for one of two accounts, and of what Info.Can
// names.
func (w *world) checkOwn(l *life, d bridges.Delivery) {
	self, known := map[bridges.AccountID]bridges.UserID{w.Account.ID: w.Account.Self, w.Second.ID: w.Second.Self}[d.Account]
	_, asks := d.Event.(bridges.ContactRequest)
	_, asking := w.Network.(Asking)
	switch can := takes(self, d.Event); {
	case asks && !asking:
		w.store.fault(fmt.Errorf("%+v came, and the Network is not Asking", d.Event))
	case !known:
		w.store.fault(fmt.Errorf("%T came for %q, who has no account", d.Event, d.Account))
	case !l.bridge.Info().Can.Has(can):
		w.store.fault(fmt.Errorf("%+v came, which Info.Can does not name", d.Event))
	}
}

// checkDone returns what is wrong with an event that does something to a message.
func checkDone(e bridges.Event) error {
	switch e := e.(type) {
	case bridges.Edit:
		return unless(e.Chat != "" && e.From != "" && e.Of != "" && e.Key == "" && e.Text != "" && utf8.ValidString(e.Text), e)
	case bridges.Retraction:
		return unless(e.Chat != "" && e.From != "" && e.Of != "" && e.Key == "", e)
	case bridges.Reaction:
		twice := slices.Sorted(slices.Values(e.Emojis))
		return unless(e.Chat != "" && e.From != "" && e.Of != "" && e.Key == "" && len(slices.Compact(twice)) == len(e.Emojis) && !slices.Contains(e.Emojis, ""), e)
	case bridges.Displayed:
		return unless(e.Chat != "" && e.From != "" && e.UpTo != "", e)
	case bridges.Receipt:
		return unless(e.Chat != "" && e.ID != "" && e.State != 0, e)
	case bridges.ContactChange:
		return unless(e.Person.ID != "" && utf8.ValidString(e.Person.Name), e)
	case bridges.ContactRequest:
		return unless(e.Person != "", e)
	}
	return nil
}

func unless(well bool, e bridges.Event) error {
	if well {
		return nil
	}
	return fmt.Errorf("an event that lacks something, or has too much: %+v", e)
}

func (s *store) fault(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, err)
}

// checkFaults reports what came and must not.
func (w *world) checkFaults() {
	w.t.Helper()
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	if err := errors.Join(w.store.faults...); err != nil {
		w.t.Error(err)
	}
	w.store.faults = nil
}

// file returns the last that came for an account; nil: none.
func (s *store) file(account bridges.AccountID) *bridges.File {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range slices.Backward(s.kept) {
		if m, ok := d.Event.(bridges.Message); ok && d.Account == account && m.File != nil {
			return m.File
		}
	}
	return nil
}

// acts returns what came for an account that is of a play, by what it is ordered by.
// What says how things are now, and not what has changed, may be said again. sent are
// the ids of texts of the accounts.
func (s *store) acts(account bridges.AccountID, play string, sent map[string][]bridges.MessageID) map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, all, last := newTextOf(s.styles), map[string][]string{}, map[string]string{}
	for of, ids := range sent {
		for _, id := range ids {
			text.first[id] = of
		}
	}
	for _, d := range s.kept {
		if d.Account != account {
			continue
		}
		told := text.tell(d.Event)
		kind := kindOf(told)
		again := kind != "" && last[kind] == told
		if last[kind] = told; strings.Contains(told, play) && !again {
			all[kind] = append(all[kind], told)
		}
	}
	return all
}
