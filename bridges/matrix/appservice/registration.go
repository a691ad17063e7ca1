package appservice

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"gopkg.in/yaml.v3"

	"causeway/bridges/settings"
)

// Registration is what a homeserver and an application service agree on (Spec,
// Registration). The homeserver reads the same file, which may hold more.
type Registration struct {
	ID  string `yaml:"id"`  // unique for the homeserver, and never changes
	URL string `yaml:"url"` // where the homeserver finds us
	// ASToken is what we show to the homeserver, HSToken what it shows to us.
	ASToken         settings.Secret `yaml:"as_token"`
	HSToken         settings.Secret `yaml:"hs_token"`
	SenderLocalpart string          `yaml:"sender_localpart"` // of the bot
	Namespaces      Namespaces      `yaml:"namespaces"`
	// RateLimited is whether our users are limited as others are. The bot never
	// is. A homeserver takes a missing key for true.
	RateLimited bool `yaml:"rate_limited"`
	// ReceiveEphemeral asks for Transaction.Ephemeral.
	ReceiveEphemeral bool     `yaml:"receive_ephemeral"`
	Protocols        []string `yaml:"protocols,omitempty"`
}

// Namespaces are what the homeserver keeps for us and tells us of.
type Namespaces struct {
	Users   []Namespace `yaml:"users"`
	Aliases []Namespace `yaml:"aliases"`
	Rooms   []Namespace `yaml:"rooms"`
}

// Namespace is all ids that a regular expression matches.
type Namespace struct {
	Exclusive bool   `yaml:"exclusive"` // nobody else may have them
	Regex     string `yaml:"regex"`
}

// Make returns a registration with random tokens, without rate limits and with
// ephemeral data.
func Make(id, url, sender string, n Namespaces) Registration {
	return Registration{
		ID: id, URL: url, SenderLocalpart: sender, Namespaces: n, ReceiveEphemeral: true,
		ASToken: settings.Secret(rand.Text()), HSToken: settings.Secret(rand.Text()),
	}
}

// Load reads and checks a registration file. Errors hold nothing of it but the
// names of keys.
func Load(file string) (Registration, error) {
	text, err := settings.ReadSecret(file)
	if err != nil {
		return Registration{}, err
	}
	return decode([]byte(text))
}

// decode takes unknown keys: homeservers have some of their own.
func decode(text []byte) (r Registration, err error) {
	r.RateLimited = true
	if err := yaml.Unmarshal(text, &r); err != nil {
		return Registration{}, errors.New("is no registration in YAML") // err may quote a token
	}
	if err := r.check(); err != nil {
		return Registration{}, err
	}
	return r, nil
}

// check says what is wrong with a registration.
func (r *Registration) check() error {
	for _, f := range []struct{ key, value string }{
		{"id", r.ID},
		{"url", r.URL},
		{"sender_localpart", r.SenderLocalpart},
		{"as_token", string(r.ASToken)},
		{"hs_token", string(r.HSToken)},
	} {
		if f.value == "" {
			return fmt.Errorf("%s is missing", f.key)
		}
	}
	if r.ASToken == r.HSToken {
		return errors.New("as_token and hs_token are the same, want two secrets")
	}
	return nil
}

// Write makes the file, for its owner's eyes only. It replaces none: the tokens
// in it are known to a homeserver.
func (r Registration) Write(file string) error {
	text, err := yaml.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(file))
	}
	return nil
}
