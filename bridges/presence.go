package bridges

import "context"

// Show is how much somebody is there.
type Show uint8

// The shows.
const (
	Available   Show = iota + 1
	Busy             // there, and not to be disturbed
	Away             // there, and not looking
	Unavailable      // not there
)

// Presenter is a Bridge whose network shows whether people are there (CanPresence).
type Presenter interface {
	// Present says how much the owner of an account is there, and in which words of
	// its own; there may be none. It is called when that changes, for one account
	// at a time: the adapter renews it as its network wants, and ends it with
	// Unavailable, which is also said of who leaves the gateway. It may block on the
	// network until ctx ends. After an error nothing is repeated.
	Present(ctx context.Context, account Account, show Show, status string) error
}

// Prober is a Presenter whose network can be asked how much somebody is there.
type Prober interface {
	// Probe asks that of a person, for an account that sees it. It is called when the
	// gateway is about to show somebody of whom it has not heard for long, never of all
	// people at once. Without an error and without a Show the network does not tell. It
	// may block on the network until ctx ends. After a Temporary error it is called
	// again at Host.Ready or the next time, after another one as after an answer.
	Probe(ctx context.Context, account Account, person UserID) (Presence, error)
}

// Presence tells how much a person is there, as far as an account may see it. It
// may get lost, and goes to Host.Hint. Of whom nothing was told is shown as
// Available.
type Presence struct {
	Person UserID
	Show   Show
	// Status is in the person's own words; may be empty.
	Status string
}

func (Presence) event() {}
