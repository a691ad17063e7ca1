package bridges

import (
	"context"
	"time"
)

// Enroller is a Bridge that has something to say about who registers.
type Enroller interface {
	// Enroll decides about a registration and returns the identity that the
	// account shall have on the network, or what it must be told before it can.
	// It stores nothing: the gateway does. It does not block on the network for
	// longer than ctx allows. An *Error tells what is wrong with the fields.
	Enroll(ctx context.Context, r Registration) (Enrollment, error)
}

// Registration is a wish to register.
type Registration struct {
	Account AccountID
	// Fields holds what the user filled in, by Field.Name, in all stages so far.
	Fields map[string]string
	// Taken tells whether another account has this identity.
	Taken func(UserID) (bool, error)
	// Released tells when an identity that is not taken was given back, zero
	// when nobody had it as far as is remembered (half a year), and whether
	// this account has it or had it last. Choose picks by that.
	Released func(UserID) (at time.Time, own bool, err error)
}

// Enrollment is the answer to a Registration.
type Enrollment struct {
	Self UserID
	// Welcome is shown to the user, one sentence or more.
	Welcome string
	// Ask, when not nil, says that more is needed, and nothing is registered
	// yet: Self and Welcome are empty. Enroll is called again with all fields so
	// far and those of Ask. A user who goes a stage back takes away the fields of
	// the later ones: what Enroll answers depends on the fields only.
	Ask *Ask
}

// Ask is a further stage of a registration.
type Ask struct {
	// Title and Instructions are shown with the Fields. Instructions is never
	// empty.
	Title, Instructions string
	// Fields is not empty, and no name in it is of an earlier stage.
	Fields []Field
}
