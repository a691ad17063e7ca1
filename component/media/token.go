package media

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"causeway/bridges"
)

// Key seals the links of a domain.
type Key struct{ seal, nonce [sha256.Size]byte }

// NewKey derives a key from a secret, such as that of a component, which it
// does not reveal. With another secret, links made before open nothing.
func NewKey(secret string) Key {
	return Key{derive(secret, "causeway media link seal"), derive(secret, "causeway media link nonce")}
}

func derive(secret, use string) [sha256.Size]byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(use))
	return [sha256.Size]byte(m.Sum(nil))
}

// String keeps the key out of logs.
func (Key) String() string { return "<key>" }

// GoString keeps the key out of logs.
func (Key) GoString() string { return "<key>" }

// claim is what a link says: a file of an account, until when.
type claim struct {
	account bridges.AccountID
	id      string
	until   time.Time // in whole seconds
}

// What is wrong with a token.
var errForged = errors.New("media: not a token of this key")

const (
	tokenVersion = 1
	maxToken     = 3 << 10 // in characters
)

// token seals c for a domain and the name of a file. Who has it can neither
// read nor change it, nor use it with another name. It is the same whenever all
// of that is the same, so that a message that is sent again has the same link:
// the nonce is made of what is sealed.
func (k Key) token(domain, name string, c claim) string {
	b := binary.AppendUvarint([]byte{tokenVersion}, uint64(c.until.Unix()))
	b = binary.AppendUvarint(b, uint64(len(c.account)))
	b = append(append(b, c.account...), c.id...)
	also := with(domain, name)
	m := hmac.New(sha256.New, k.nonce[:])
	m.Write(binary.AppendUvarint(nil, uint64(len(also))))
	m.Write(also)
	m.Write(b)
	a := k.aead()
	nonce := m.Sum(nil)[:a.NonceSize()]
	return base64.RawURLEncoding.EncodeToString(a.Seal(nonce, nonce, b, also))
}

// open reads a token of the same domain and name.
func (k Key) open(domain, name, token string) (c claim, err error) {
	if len(token) > maxToken || strings.ContainsAny(token, "\r\n") { // which base64 skips
		return c, errForged
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	a := k.aead()
	if err != nil || len(b) < a.NonceSize() {
		return c, errForged
	}
	n := a.NonceSize()
	if b, err = a.Open(nil, b[:n], b[n:], with(domain, name)); err != nil {
		return c, errForged
	}
	return parseClaim(b)
}

// parseClaim reads what token has sealed.
func parseClaim(b []byte) (c claim, err error) {
	if len(b) == 0 || b[0] != tokenVersion {
		return c, errForged
	}
	until, n := binary.Uvarint(b[1:])
	if n <= 0 || until > 1<<40 {
		return c, errForged
	}
	b = b[1+n:]
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return c, errForged
	}
	b = b[n:]
	return claim{bridges.AccountID(b[:size]), string(b[size:]), time.Unix(int64(until), 0)}, nil
}

// with is what a token is bound to. No domain has a zero byte.
func with(domain, name string) []byte { return []byte(domain + "\x00" + name) }

func (k Key) aead() cipher.AEAD {
	b, err := aes.NewCipher(k.seal[:])
	if err != nil {
		panic(err) // the key has the right length
	}
	a, err := cipher.NewGCM(b)
	if err != nil {
		panic(err) // as every cipher.Block of this size
	}
	return a
}
