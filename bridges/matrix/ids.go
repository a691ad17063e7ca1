package matrix

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/matrix-org/gomatrix"

	"causeway/bridges"
)

// maxUserID is the longest user id, in bytes, with its @ (Matrix appendices, User
// Identifiers).
const maxUserID = 255

// sigils begin ids of other kinds.
const sigils = "@#!"

// keepsAt tells whether a user id stays as it is, with its @: that of somebody
// whose localpart begins with a sigil, which nobody new can have. So two ids are
// always two people, and no person is a room.
func keepsAt(user string) bool {
	return len(user) > 1 && user[0] == '@' && strings.IndexByte(sigils, user[1]) >= 0
}

// userID returns what the homeserver calls a person of the bridge: ids are
// without their @ here, since that is how they stand in addresses.
func userID(id bridges.UserID) string {
	if keepsAt(string(id)) {
		return string(id)
	}
	return "@" + string(id)
}

// personOf returns the id of a user of Matrix.
func personOf(user string) bridges.UserID {
	if keepsAt(user) {
		return bridges.UserID(user)
	}
	return bridges.UserID(strings.TrimPrefix(user, "@"))
}

// isPerson tells whether id is one of a person: a localpart, a colon, and the
// name of a server. The localpart may be a historical one, so it is anything
// that is printed.
func isPerson(id string) bool {
	local, server, ok := strings.Cut(id, ":")
	return ok && local != "" && len(userID(bridges.UserID(id))) <= maxUserID && isServer(server) &&
		(strings.IndexByte(sigils, local[0]) < 0 || keepsAt(local)) && utf8.ValidString(local) && !strings.ContainsFunc(local, unprinted)
}

func unprinted(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }

// isServer tells whether s can be the name of a homeserver (Matrix appendices,
// Server Name): a host or an IP address, and perhaps a port.
func isServer(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-.:[]", c) >= 0) {
			return false
		}
	}
	return true
}

// ghosts names the users of Matrix that stand for users of XMPP. The bot is none,
// whatever it is called.
type ghosts struct {
	prefix, server string
	bot            bridges.UserID
}

// hashed begins the rest of a localpart that would be too long otherwise. Behind
// = an encoded byte has two digits: so it is no encoding of anything.
const hashed = "=x"

// of returns the ghost of an account. Two accounts never have the same one, and
// it never changes: it is what people of Matrix know the account by.
func (g ghosts) of(account bridges.AccountID) bridges.UserID {
	local := g.prefix + gomatrix.EncodeUserLocalpart(string(account))
	if len("@"+local+":"+g.server) > maxUserID {
		sum := sha256.Sum256([]byte(account))
		local = g.prefix + hashed + hex.EncodeToString(sum[:16])
	}
	return bridges.UserID(local + ":" + g.server)
}

// owns tells whether id is a ghost's, by its form.
func (g ghosts) owns(id bridges.UserID) bool {
	local, server, ok := strings.Cut(string(id), ":")
	return ok && server == g.server && strings.HasPrefix(local, g.prefix) && id != g.bot
}

// account returns whose ghost id is, if its name tells.
func (g ghosts) account(id bridges.UserID) (bridges.AccountID, bool) {
	local, _, _ := strings.Cut(string(id), ":")
	a, err := gomatrix.DecodeUserLocalpart(strings.TrimPrefix(local, g.prefix))
	account := bridges.AccountID(a)
	return account, err == nil && g.owns(id) && g.of(account) == id
}

// serverOf returns the name of the homeserver in a user id.
func serverOf(id bridges.UserID) string {
	_, server, _ := strings.Cut(string(id), ":")
	return server
}
