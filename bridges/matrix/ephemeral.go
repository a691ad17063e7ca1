package matrix

import (
	"encoding/json"
	"slices"

	"causeway/bridges"
	"causeway/bridges/matrix/event"
)

// ephemeral reads what is not kept in a room: who types, what was read, and who is
// there.
func (r *reading) ephemeral(e event.Event) error {
	if e.Type == typePresence {
		return r.presence(e)
	}
	if e.Type != typeTyping && e.Type != typeReceipt {
		return nil
	}
	room, account, err := r.room(e.Room)
	if err != nil || account == "" || room.Person == "" {
		return err
	}
	if e.Type == typeTyping {
		r.typing(e, room, account)
		return nil
	}
	r.receipts(e, room, account)
	return nil
}

// typing reads who types in a room: the list is whole each time.
func (r *reading) typing(e event.Event, x room, account bridges.AccountID) {
	var c struct {
		Users []string `json:"user_ids"`
	}
	if json.Unmarshal(e.Content, &c) != nil {
		return
	}
	r.hints = append(r.hints, bridges.Delivery{Account: account, Event: bridges.Typing{
		Chat: bridges.ChatID(x.Person), From: x.Person, Composing: slices.Contains(c.Users, userID(x.Person)),
	}})
}

// receipts reads how far the person has read, by the events at which that is.
func (r *reading) receipts(e event.Event, x room, account bridges.AccountID) {
	var at map[string]map[string]map[string]json.RawMessage // event, kind, user
	if json.Unmarshal(e.Content, &at) != nil {
		return
	}
	for id, kinds := range at {
		if mark, read := kinds["m.read"][userID(x.Person)]; read && id != "" && !ofThread(mark) {
			r.counts[inRead]++
			r.marked(x.Person, account, readMark{e.Room, bridges.MessageID(id)})
		}
	}
}

// ofThread tells whether a receipt is of a thread only, which says nothing of the texts beside
// that (Client-Server API, Threaded read receipts).
func ofThread(receipt json.RawMessage) bool {
	var of struct {
		Thread string `json:"thread_id"`
	}
	return json.Unmarshal(receipt, &of) == nil && of.Thread != "" && of.Thread != "main"
}

// marked tells which texts a person has read, and so has: nothing, if that is none.
func (r *reading) marked(person bridges.UserID, account bridges.AccountID, m readMark) {
	tell := func(e bridges.Event) { r.keep = append(r.keep, bridges.Delivery{Account: account, Event: e}) }
	texts, last := r.b.unread.upTo(m)
	for _, id := range texts {
		tell(bridges.Receipt{ID: id, Chat: bridges.ChatID(person), State: bridges.Delivered})
	}
	if last != "" {
		tell(bridges.Displayed{Chat: bridges.ChatID(person), From: person, UpTo: last})
	}
	r.marks = append(r.marks, m)
}
