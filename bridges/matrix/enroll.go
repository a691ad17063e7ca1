package matrix

import (
	"context"
	"fmt"

	"causeway/bridges"
)

// Enroll implements bridges.Enroller: every account has one identity, that of its
// ghost. It does not ask the network.
func (b *Bridge) Enroll(_ context.Context, r bridges.Registration) (bridges.Enrollment, error) {
	self := b.ghosts.of(r.Account)
	taken, err := r.Taken(self)
	switch {
	case err != nil:
		return bridges.Enrollment{}, err
	case taken:
		return bridges.Enrollment{}, because(errSelf, fmt.Errorf("%s of %s is another's", self, r.Account))
	}
	return bridges.Enrollment{Self: self, Welcome: "Welcome. People of Matrix see you as " + userID(self) + ", and can write to you there."}, nil
}
