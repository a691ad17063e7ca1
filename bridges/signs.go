package bridges

import "context"

// Typist is a Session of a network that shows who is typing (CanTyping).
type Typist interface {
	// Typing says that the account types in a chat, or no longer does. It may
	// block on the network until ctx ends. After an error nothing is repeated. The
	// gateway says so once, however long it lasts: the adapter renews it as its
	// network wants, and ends it with the next Send to that chat. It is called
	// while Send is under way, too, but for one chat of an account at a time.
	Typing(ctx context.Context, chat ChatID, composing bool) error
}

// Reader is a Session of a network that shows what was read (CanDisplayed).
type Reader interface {
	// Displayed says that the account has read a chat up to this message, and
	// all before. It blocks on the network until ctx ends. An *Error tells what
	// failed; only a Temporary one is tried again. It is called as Typing is, and
	// never back to an earlier message.
	Displayed(ctx context.Context, chat ChatID, upTo MessageID) error
}

// Typing tells that somebody types in a chat, or no longer does. It may get
// lost, and goes to Host.Hint. From is the author, never the account itself.
type Typing struct {
	Chat ChatID
	From UserID
	// Composing is false at the end, which the adapter also tells when its
	// network says nothing any more. With a Message of the same person it has
	// ended without that.
	Composing bool
}

// Displayed tells that somebody has read a chat up to a message, and all before.
// From may be the account itself, which read elsewhere.
type Displayed struct {
	Chat ChatID    `json:"chat"`
	From UserID    `json:"from"`
	UpTo MessageID `json:"upTo"`
}

// ContactChange tells what has changed in the account's list of contacts on the
// network: somebody is new in it, or has another name or group, or is Gone. In
// the user's roster only the name follows, unless the user has given another;
// groups are taken from the list when a contact is placed, and the user's then.
type ContactChange struct {
	Person Person `json:"person"`
	Gone   bool   `json:"gone,omitempty"`
}

func (Typing) event()        {}
func (Displayed) event()     {}
func (ContactChange) event() {}
