package bridgetest

import (
	"sync"
	"testing"

	"causeway/bridges"
)

// Adapter is what the tests of a network tell the Suite of it.
type Adapter struct {
	// Make makes an adapter that is connected to Network, with these notes. It is
	// called again for each one that follows another on the same network: there is
	// one at a time, and each is run until it is over.
	Make func(t *testing.T, n bridges.Notes) bridges.Bridge
	// Network is the other side.
	Network Network
	// Line lies between the two. Nil: nothing can happen there, so that the suite
	// sees no more than the good days of the adapter.
	Line *Line
	// Notes are what the adapter finds; nil: nothing. The suite keeps the notes of
	// all adapters in it that Make made.
	Notes *Notes
	// Account is whoever writes and is written to. Second is somebody else.
	Account, Second bridges.Account
	// Chat is somebody on the network who can be written to.
	Chat bridges.ChatID
	// Nobody is an identity that no account has.
	Nobody bridges.UserID
	// Good and Bad are localparts that can and cannot be an address.
	Good, Bad []string
	// Fields register successfully.
	Fields map[string]string
	// Secrets must never occur in an error.
	Secrets []string
}

// Network is a network as one of its people, the one of Adapter.Chat, sees it. It
// keeps what the adapter has not taken, and hands it over in its order, again and
// again; so it goes on where one adapter follows another.
type Network interface {
	// Texts returns what this person has got from an identity, in the order in
	// which it came, each as a person reads it: a long one in one piece.
	Texts(from bridges.UserID) []string
	// Say has this person write to an identity. It does not wait for the adapter.
	Say(t *testing.T, to bridges.UserID, text string)
}

// Losing is a Network that may lose some of what its people do when the adapter does not
// say that it has it. That is done on good days only.
type Losing interface {
	// Loses returns the abilities by which that comes.
	Loses() bridges.Can
}

// Seeing is a Network whose person sees more than texts. Where Info.Can names one of
// the abilities below, the suite needs it.
type Seeing interface {
	// Sees returns what this person has seen an identity do, in its order, in the words
	// of an Act; of these abilities:
	//
	//	CanEdits, CanRetractions, CanReactions, CanReplies, CanThreads, CanTyping, CanDisplayed
	//	CanStyling    Text is what was shown in bold
	//	CanFiles      Text is its name, type and bytes, by spaces; Of is what was said beside it
	//	CanPresence   is there, or away, or gone, which Ends; Text says it in words
	//	CanIntroduce  Text is what it is called
	Sees(from bridges.UserID) []Act
}

// Step is a moment between an adapter and its network at which things happen.
type Step int

// The steps.
const (
	Asked   Step = iota + 1 // a request of the adapter has come
	Done                    // it is carried out, and will be answered
	Telling                 // something will be handed to the adapter
	Told                    // the adapter has answered that
)

// Verdict is what a network has to do at a Step.
type Verdict int

// The verdicts.
const (
	Go   Verdict = iota // go on
	Busy                // answer that it has to be tried again soon; only when Asked, and where the network has words for that
	Cut                 // close the connection without another word
)

// Line is what lies between an adapter and its network. The network, or a proxy
// before a real one, calls Pass at every Step and does as it says. The zero value
// is ready to use.
type Line struct {
	mu sync.Mutex
	at func(Step) Verdict
}

// Pass is called at every step, by many goroutines. It may block for as long as
// the network shall be slow.
func (l *Line) Pass(s Step) Verdict {
	l.mu.Lock()
	at := l.at
	l.mu.Unlock()
	if at == nil {
		return Go
	}
	return at(s)
}

// set sets what happens at each step from now on; nil: nothing.
func (l *Line) set(at func(Step) Verdict) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at = at
}
