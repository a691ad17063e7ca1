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
	// More are the other parts of what is there now, in order, on the way out: of a
	// text for which Send or Edit has returned several ids. Some may be files.
	More []MessageID
}

// Editor is a Session of a network that lets texts be changed (CanEdits).
type Editor interface {
	// Edit changes a text of the account's, and returns an id for each part of what
	// it is then, in order: for a part that was there that of its edit, empty if the
	// network has none, and for one that is new its own. A text that is too long for
	// the parts that were there goes on in new ones, and those that are too many are
	// taken back. A file is never taken back, nor replaced: when Of has one, Text is
	// what is said beside it, and no word at all may be left of that; other files stay,
	// with an empty id. It behaves as Send, and is called in turn with that: the same Key
	// is the same edit. An *Error tells what failed; then nothing is sent in its
	// place.
	Edit(ctx context.Context, e Edit) ([]MessageID, error)
}

// Recaller is an Editor of a network where an edit can be taken back: then the text is
// what it was before. The Retraction that comes is of the edit.
type Recaller interface {
	// Recall returns what a message of a chat is now, as it would come, whoever has
	// written it. It blocks on the network until ctx ends, and may be called again.
	// An *Error tells what failed: NotFound when there is no such text any more. After
	// Temporary it is called again, while a Reporter says that the network is away as
	// long as texts wait for it, else for some minutes.
	Recall(ctx context.Context, chat ChatID, of MessageID) (Message, error)
}

// Retraction tells that the author of a message has taken it back.
type Retraction struct {
	// ID is the network's own id of an incoming retraction, if it has one.
	ID   MessageID
	Chat ChatID
	From UserID
	// Key is the idempotency key of an outgoing one, as that of a Message.
	Key string
	// Of is the message, or one part of it, as it first was, never an edit of it.
	Of MessageID
}

// Retractor is a Session of a network that lets messages be taken back
// (CanRetractions).
type Retractor interface {
	// Retract takes a message of the account's back, or one part of it, with all
	// that it ever was by edits. It behaves as Send, and is called in turn with
	// that. What was taken back already is no error.
	Retract(ctx context.Context, r Retraction) error
}

// Reaction tells with what somebody reacts to a message from now on.
type Reaction struct {
	Chat ChatID
	// From is who reacts: with the account's own identity it does so elsewhere.
	From UserID
	// Key is the idempotency key of an outgoing one, as that of a Message.
	Key string
	// Of is the message as it first was, never an edit of it. Anybody in the chat
	// may have written it.
	Of MessageID
	// Emojis are all of this person's that are there now, none twice; empty: none is
	// any more. Each is a short text, as a rule one emoji.
	Emojis []string
}

// Reactor is a Session of a network in which messages are reacted to
// (CanReactions).
type Reactor interface {
	// React has the account's reactions to a message be these: what is missing is
	// added, then what is too much is taken away; others' are let alone. It behaves
	// as Send, and is called in turn with that. What is there already is no error.
	React(ctx context.Context, r Reaction) error
}

func (Retraction) event() {}
func (Reaction) event()   {}
