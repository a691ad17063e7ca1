package bridges

import "context"

// Edit tells that somebody has put another text in the place of an earlier one
// of the same author in the same chat.
type Edit struct {
	// Message is what the text is now. ID, Key and Sent are those of the edit; ID
	// may be empty.
	Message
	// Of is the message as it first was, never an earlier edit of it. On the way
	// in it may be one.
	Of MessageID
}

// Editor is a Session of a network that lets texts be changed (CanEdits).
type Editor interface {
	// Edit changes a text of the account's that was one message, and returns the
	// network's id of that, if it has one. It behaves as Send, and is called in
	// turn with that: the same Key is the same edit. An *Error tells what failed;
	// then nothing is sent in its place.
	Edit(ctx context.Context, e Edit) (MessageID, error)
}
