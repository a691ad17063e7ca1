package bridges

import "context"

// Person is somebody on the network.
type Person struct {
	ID UserID
	// Name is what the account calls this person, or else the person; empty when
	// the network knows none.
	Name string
	// Groups are the names of the groups in which the account's list has this
	// person; nil for a person who is in no list.
	Groups []string
}

// Profile is what can be told of a person. Every field may be empty.
type Profile struct {
	// Name is the full name that the network has.
	Name string
	// Nick is the short one that people call themselves.
	Nick string
	// Tel is a phone number as people write it, e.g. "+1 202-555-0100".
	Tel string
	// URI is the person's address for other programs, e.g. "matrix:u/bob:example.org".
	URI string
	// Region is the name of the country or region, in English.
	Region string
	// Kind says in words what is there, e.g. "mobile".
	Kind string
	// Picture is the person's own (CanPictures): a PNG, JPEG or GIF of at most
	// 4 MiB and 4 megapixels; of anything else the gateway makes nothing. Nil:
	// there is none.
	Picture []byte
}

// ProfileChange tells that a person is called otherwise, or has another picture or none
// any more. It may get lost, and goes to Host.Hint: the gateway looks at profiles once a
// day.
type ProfileChange struct{ Person UserID }

func (ProfileChange) event() {}

// Profiler is a Bridge that knows something of the people of its network.
type Profiler interface {
	// Badge returns at most three characters for the picture that the gateway
	// makes of a person, e.g. initials. It is pure, does not block, and is quick:
	// it is called for each presence.
	Badge(id UserID) string
	// Profile returns what an account may know of a person. It blocks on the
	// network until ctx ends. An *Error with NotFound when there is nobody,
	// Temporary when it may be asked again.
	Profile(ctx context.Context, account AccountID, id UserID) (Profile, error)
}

// OneWay is a Bridge with people who write and cannot be written to, such as
// senders that have a name and no number.
type OneWay interface {
	// NoReply tells whether that is so for an id, now and always; a Send there is
	// an *Error that says it. It is pure, does not block, and is quick: it is
	// called for each presence.
	NoReply(id UserID) bool
}

// Searcher is a Bridge whose network can be searched for people.
type Searcher interface {
	// SearchFields describes what can be searched by, at least one. It does not
	// block and never changes.
	SearchFields() []Field
	// Search returns at most 50 people, best first, for the values that were
	// filled in, by Field.Name. Nobody found is no error. It blocks on the network
	// until ctx ends. An *Error has words for the user.
	Search(ctx context.Context, account AccountID, values map[string]string) ([]Person, error)
}

// Lister is a Session of an account that has a list of contacts on the network
// (CanContacts). What changes in it later comes as ContactChange.
type Lister interface {
	// Contacts returns the whole list, in any order, nobody twice. It blocks on
	// the network until ctx ends. An *Error tells what failed.
	Contacts(ctx context.Context) ([]Person, error)
}
