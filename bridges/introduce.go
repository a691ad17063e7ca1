package bridges

import "context"

// Introducer is a Bridge whose network shows who the owner of an account is
// (CanIntroduce).
type Introducer interface {
	// Introduce says what the owner of an account is called and looks like: only
	// Name, which is never empty, and Picture of me are set. A Picture is a PNG of
	// at most 64 KiB and 256 pixels a side; nil: there is none. It is called for
	// one account at a time, once after each start and when something changes: the
	// adapter notes what its network has, and asks nothing of it when that is the
	// same. It blocks on the network until ctx ends. An *Error tells what failed;
	// only a Temporary one is tried again.
	Introduce(ctx context.Context, account Account, me Profile) error
}

// ContactRequest tells that a person wants to be a contact of the account. The user
// is asked, with the person's name and picture, unless the person is one already or
// was refused. It may be delivered again.
type ContactRequest struct{ Person UserID }

func (ContactRequest) event() {}
