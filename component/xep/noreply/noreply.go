// Package noreply implements XEP-0506 (0.1.0): No-reply JIDs, as who has such an
// address.
package noreply

// NS is the feature of an address that nobody can write to.
const NS = "urn:xmpp:noreply:0"
