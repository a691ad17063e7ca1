package gateway

import (
	"strings"

	"causeway/bridges"
)

// resource is the one from which contacts speak (xeps.md 5.1.2).
const resource = "gateway"

// bare returns a JID without its resource.
func bare(jid string) string {
	b, _, _ := strings.Cut(jid, "/")
	return b
}

// resourceOf returns the resource of a JID; empty if it has none.
func resourceOf(jid string) string {
	_, r, _ := strings.Cut(jid, "/")
	return r
}

// localOf returns the localpart of a JID; empty if it has none.
func localOf(jid string) string {
	l, _, ok := strings.Cut(bare(jid), "@")
	if !ok {
		return ""
	}
	return l
}

// folded returns a JID in the form in which JIDs are compared: case counts in the
// resource only (RFC 7622, 3.2.1 and 3.3.1; xeps.md 0106.13).
func folded(jid string) string {
	b := bare(jid)
	return strings.ToLower(b) + jid[len(b):]
}

// accountOf returns the account that a JID stands for. The server stamps from
// with a normalised JID, and nothing else says who a user is (From-spoofing 1).
func accountOf(jid string) bridges.AccountID {
	return bridges.AccountID(strings.ToLower(bare(jid)))
}

// contactJID returns the bare JID of a conversation of the network.
func (g *Gateway) contactJID(chat bridges.ChatID) string {
	return localpart(string(chat)) + "@" + g.domain
}

// hostOf is the host of an account.
func hostOf(id bridges.AccountID) string {
	_, host, _ := strings.Cut(string(id), "@")
	return host
}
