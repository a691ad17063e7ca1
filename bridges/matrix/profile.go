package matrix

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"causeway/bridges"
	"causeway/bridges/matrix/client"
)

// pictureBytes bounds a picture, as the gateway does.
const pictureBytes = 4 << 20

// Badge implements bridges.Profiler: the first letters of the first two words in
// the localpart.
func (b *Bridge) Badge(id bridges.UserID) string {
	local, _, _ := strings.Cut(string(id), ":")
	var s []rune
	for _, word := range strings.FieldsFunc(local, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if r, _ := utf8.DecodeRuneInString(word); len(s) < 2 && r != utf8.RuneError {
			s = append(s, unicode.ToUpper(r))
		}
	}
	if len(s) == 0 {
		return "?"
	}
	return string(s)
}

// Profile implements bridges.Profiler.
func (b *Bridge) Profile(ctx context.Context, _ bridges.AccountID, id bridges.UserID) (bridges.Profile, error) {
	if !isPerson(string(id)) {
		return bridges.Profile{}, because(errNobody, nil)
	}
	bot := b.server.As("")
	p, err := bot.Profile(ctx, userID(id))
	if refuses(err) && !missing(err) {
		p, err = client.Profile{}, nil // it is shown to others only
	}
	if err != nil {
		return bridges.Profile{}, b.failed(err, bridges.Temporary)
	}
	picture, err := download(ctx, bot, p.Avatar)
	if err != nil {
		return bridges.Profile{}, b.failed(err, bridges.Temporary)
	}
	return bridges.Profile{Name: p.Name, Nick: p.Name, URI: uri(id), Kind: userID(id) + " on Matrix", Picture: picture}, nil
}

// uri is a person's address by the scheme of Matrix (Spec, Appendices, Matrix URI
// scheme).
func uri(id bridges.UserID) string { return "matrix:u/" + url.PathEscape(string(id)) }

// download returns a picture; nil when there is none that we can have.
func download(ctx context.Context, u *client.User, mxc string) ([]byte, error) {
	if mxc == "" {
		return nil, nil
	}
	r, err := u.Download(ctx, mxc, pictureBytes)
	var e *client.Error
	if errors.As(err, &e) && !e.Temporary() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	picture, err := io.ReadAll(r)
	if err != nil && ctx.Err() == nil {
		return nil, nil // it is longer than it said
	}
	if err != nil {
		return nil, fmt.Errorf("the picture: %w", err)
	}
	return picture, nil
}
