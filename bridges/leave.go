package bridges

import "context"

// Leaver is a Bridge whose network can be told that an account is done with a
// person.
type Leaver interface {
	// Leave says that the account has no such contact any more, or refuses one that
	// asked. It returns nil when that is on disk, and has the network told later: it
	// blocks on the disk only, until ctx ends. What either side says to the other
	// afterwards begins anew. It is called again when nobody knows whether it has
	// returned, also when the two had nothing to do with each other.
	Leave(ctx context.Context, account Account, person UserID) error
}

// Ender is a Bridge whose network can be told that an account is no more.
type Ender interface {
	// End says that an account ends, whose session is closed and does not open
	// again; its owner may register anew. It behaves as Leave: what the network has
	// of the account is taken away later, and what was noted of it is forgotten.
	// Host.Owner may still know the account for a moment.
	End(ctx context.Context, account Account) error
}
