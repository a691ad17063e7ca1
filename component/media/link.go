package media

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"causeway/bridges"
)

// linkLife is how long a link opens its file.
const linkLife = 30 * 24 * time.Hour

// mount is where Handler is in the paths of links.
const mount = "/media/"

// ParsePublicURL reads Config.PublicURL; an empty text is no URL and no error.
func ParsePublicURL(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil || unfit(u) != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.RawPath != "" {
		return nil, errors.New("media: the public URL is none of HTTP, or has more than a host and a path")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

// Link returns the address at which anybody reads a file that came for an
// account, for 30 days from now on, through Handler and the Source of the
// domain. It is hard to guess, says nothing of the account, and the same for the
// same arguments. Of f, ID, Name and Type are used. Not ok: there are no links.
func (s *Service) Link(domain string, account bridges.AccountID, f bridges.File, now time.Time) (link string, ok bool) {
	key, ok := s.cfg.Keys[domain]
	if s.base == nil || !ok {
		return "", false
	}
	name := FileName(f.Name, f.Type)
	token := key.token(domain, name, claim{account, f.ID, now.Add(linkLife)})
	if len(token) > maxToken {
		return "", false
	}
	return s.base.String() + mount + url.PathEscape(domain) + "/" + token + "/" + url.PathEscape(name), true
}
