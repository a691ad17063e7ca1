package bridges

import "time"

// Event is what happens in a conversation. The same structs travel both ways.
type Event interface{ event() }

// Message is one text of a person to a conversation. An incoming one whose From
// is the account's own identity was sent by the user through another program of
// the network; only to oneself Chat is that identity, too.
type Message struct {
	// ID is the network's own id of an incoming message; empty when the
	// network has none (SMS). On the way out it is empty.
	ID MessageID `json:"id,omitempty"`
	// Chat is the conversation that the message belongs to.
	Chat ChatID `json:"chat"`
	// From is the author. On the way out: the account's own identity.
	From UserID `json:"from"`
	// Key is the idempotency key of an outgoing message: equal for every
	// attempt at the same message, unique among messages.
	Key string `json:"key,omitempty"`
	// Text is the plain readable form, valid UTF-8, never empty but with a File.
	Text string `json:"text"`
	// Unstyled says that nothing in Text is meant as styling (XEP-0393), whatever it
	// looks like. With CanStyling only: else nothing that comes is, and nobody looks.
	Unstyled bool `json:"-"`
	// ReplyTo is the message that this one answers, as it first was; with CanReplies
	// only. Text is then without what it quotes of that.
	ReplyTo MessageID `json:"replyTo,omitempty"`
	// Thread is the message that began the thread that this one is in, if it is in
	// one; with CanThreads only.
	Thread MessageID `json:"-"`
	// Quote is what an incoming answer quotes, where it does.
	Quote string `json:"quote,omitempty"`
	// File is what the message carries; with CanFiles only.
	File *File `json:"file,omitempty"`
	// Sent is the network's time of an incoming message; zero if unknown.
	Sent time.Time `json:"sent,omitzero"`
	// Receipt asks the network to report delivery of an outgoing message.
	Receipt bool `json:"-"`
}

// Part is a piece of an incoming message that the network has cut. The gateway
// keeps the parts of a message until all are there, or no more are to be
// expected, and has an Assembler make the message.
type Part struct {
	Chat ChatID `json:"chat"`
	// Ref tells the messages of a chat apart whose parts come now.
	Ref string `json:"ref"`
	// Number is this part's, from 1 to Total. Total is the same for all parts.
	Number uint8 `json:"number"`
	Total  uint8 `json:"total"`
	// Data is what only the bridge reads. It lives on disk: a later version of
	// the bridge must read it, too.
	Data []byte `json:"data"`
}

// State is how far an outgoing message, or one part of it, has come.
type State uint8

// The final states. What is on its way has no state worth an event.
const (
	Delivered State = iota + 1 // the addressee's device has it
	Failed                     // it will not arrive; Receipt.Reason says why
)

// Receipt reports the fate of an outgoing message or of one part of it.
type Receipt struct {
	ID    MessageID `json:"id"`
	Chat  ChatID    `json:"chat"`
	State State     `json:"state"`
	// Reason is set when State is Failed.
	Reason *Error `json:"reason,omitempty"`
}

func (Message) event() {}
func (Part) event()    {}
func (Receipt) event() {}
