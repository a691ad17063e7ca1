package gateway

import (
	"errors"
	"net/url"

	"causeway/bridges"
	"causeway/component/stanza"
)

// The errors that the gateway gives by itself.
var (
	errInternal = &stanza.Error{
		Type: "wait", Condition: "internal-server-error",
		Text: "Something went wrong in the gateway. Please try again later.",
	}
	errBusy = &stanza.Error{
		Type: "wait", Condition: "resource-constraint",
		Text: "Too many of your messages wait to be sent. Please try again later.",
	}
	errExpired = &stanza.Error{
		Type: "wait", Condition: "remote-server-timeout",
		Text: "The network could not be reached in time. The message was not sent.",
	}
	errInDoubt = &stanza.Error{
		Type: "wait", Condition: "remote-server-timeout",
		Text: "The network did not confirm this message: it may have been sent.",
	}
	errEncrypted = &stanza.Error{
		Type: "modify", Condition: "not-acceptable",
		Text: "This gateway cannot read encrypted messages, turn encryption off for this chat.",
	}
	errNotAllowed = &stanza.Error{
		Type: "cancel", Condition: "not-allowed",
		Text: "The operator of this gateway does not offer it to your address.",
	}
	errNotRegistered = &stanza.Error{
		Type: "auth", Condition: "registration-required",
		Text: "You are not registered with this gateway: write register to it.",
	}
	errAddsTooEarly = &stanza.Error{
		Type: "auth", Condition: "registration-required",
		Text: errNotRegistered.Text + " Then add the contact again.",
	}
)

// conditions is the table from the kind of a failure to the XMPP error.
var conditions = map[bridges.Kind]struct{ typ, condition, text string }{
	bridges.Internal:    {"wait", "internal-server-error", errInternal.Text},
	bridges.Temporary:   {"wait", "remote-server-timeout", errExpired.Text},
	bridges.Unknown:     {"wait", "remote-server-timeout", errInDoubt.Text},
	bridges.Malformed:   {"modify", "jid-malformed", noSuchAddress},
	bridges.NotFound:    {"cancel", "item-not-found", "Nobody has this address."},
	bridges.Absent:      {"wait", "recipient-unavailable", "The addressee cannot be reached now."},
	bridges.Rejected:    {"cancel", "not-acceptable", "The network refused this message."},
	bridges.Forbidden:   {"auth", "forbidden", "The addressee does not want messages from you."},
	bridges.NotAllowed:  {"cancel", "not-allowed", "This address is not allowed here."},
	bridges.Quota:       {"wait", "resource-constraint", "Too much was sent. Please try again later."},
	bridges.TooLong:     {"modify", "not-acceptable", "The message is too long."},
	bridges.Unsupported: {"cancel", "feature-not-implemented", "The network cannot carry this."},
	bridges.Gone:        {"cancel", "gone", "This contact has another address."},
}

// stanzaError shapes a failure for its sender: the kind decides the condition,
// the text is the bridge's own. Causes are for the operator's log only.
func (g *Gateway) stanzaError(err error) *stanza.Error {
	var e *bridges.Error
	if !errors.As(err, &e) {
		g.log.Error("failure of a bridge without a kind", "err", err)
		return errInternal
	}
	c, ok := conditions[e.Kind]
	if !ok {
		c = conditions[bridges.Internal]
	}
	out := &stanza.Error{Type: c.typ, Condition: c.condition, Text: e.Text}
	if out.Text == "" {
		out.Text = c.text
	}
	if e.Instead != "" { // clients show the text alone
		out.Text += " Write to " + g.contactJID(bridges.ChatID(e.Instead)) + " instead."
		out.Gone = g.uri(e.Instead)
	}
	return out
}

// uri is the address of a person of the network as an XMPP URI (RFC 5122).
func (g *Gateway) uri(id bridges.UserID) string {
	return "xmpp:" + url.PathEscape(localpart(string(id))) + "@" + g.domain
}
