package bridges

// Opaque identifiers. Only the bridge that minted one parses it; every other
// package stores, compares and passes them on.
type (
	// AccountID names a registered XMPP user at one bridge: its bare JID,
	// normalised by the gateway.
	AccountID string
	// UserID names a person (or the account's own identity) on the network,
	// e.g. a phone number in E.164 form.
	UserID string
	// ChatID names a conversation on the network. The chat with one person
	// has the same text as that person's UserID.
	ChatID string
	// MessageID names one message, or one part of a message, on the network.
	MessageID string
)
