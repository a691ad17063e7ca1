package bridges

// Configurer is a Bridge whose users have something to set.
type Configurer interface {
	// Settings describes it. What a user sets comes as Account.Settings, by
	// Field.Name, when a session is opened; a new one is, after a change. One named
	// as a setting of the gateway takes its place. It does not block and never
	// changes.
	Settings() []Field
	// CheckSettings tells what is wrong between values that Field.Check takes
	// one by one. It does not block. A Malformed *Error has words for the user.
	CheckSettings(values map[string]string) error
}
