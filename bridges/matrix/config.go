package matrix

import (
	"errors"
	"io/fs"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"causeway/bridges"
	"causeway/bridges/matrix/appservice"
	"causeway/bridges/settings"
)

// Config holds the keys that a bridge block with network matrix has besides those
// of every bridge.
type Config struct {
	Homeserver Homeserver `yaml:"homeserver"`
	Appservice Appservice `yaml:"appservice"`
	// UserPrefix begins the names of the users of Matrix that stand for users of
	// XMPP.
	UserPrefix string `yaml:"user_prefix"`
	// UserName is what they are called. {name} is what the user is, {jid} the bare
	// JID, {local} what stands in it before the @.
	UserName string `yaml:"user_name"`
	Chat     Chat   `yaml:"chat"`
}

// Chat says whom the bot serves.
type Chat struct {
	// Allow has users of Matrix, as @NAME:SERVER, the names of homeservers, or "*" for
	// all. Nil: those of our homeserver. Others are told that nobody is there.
	Allow []string `yaml:"allow"`
}

// Homeserver is the server of Matrix.
type Homeserver struct {
	URL  string `yaml:"url"`
	Name string `yaml:"name"` // the part of user ids behind the colon
}

// Appservice is what the homeserver knows of the bridge.
type Appservice struct {
	// Registration is the file that `causeway registration` writes and the
	// homeserver reads, too.
	Registration string `yaml:"registration"`
	Listen       string `yaml:"listen"` // where the homeserver reaches us: host:port
	// URL is how it does; empty: http:// and Listen.
	URL string `yaml:"url"`
}

// DefaultConfig returns what an empty block means.
func DefaultConfig() Config {
	return Config{
		Appservice: Appservice{Registration: "registration.yaml", Listen: "127.0.0.1:9471"},
		UserPrefix: "_xmpp_", UserName: "{name} (XMPP)",
	}
}

// UnmarshalYAML puts the defaults under what the file says, and checks it. The
// registration file is read by New.
func (c *Config) UnmarshalYAML(decode func(any) error) error {
	type plain Config
	*c = DefaultConfig()
	if err := settings.Decode(decode, (*plain)(c)); err != nil {
		return err
	}
	return c.check()
}

// prefixes are what can stand in a user id and needs no quoting in the regular
// expression of a registration. Enough is left for a name behind it.
var prefixes = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)

// check says what is wrong with a value.
func (c *Config) check() error {
	switch {
	case !isURL(c.Homeserver.URL):
		return settings.Fault("homeserver.url", `want the address of the client API, e.g. "http://127.0.0.1:8008"`)
	case !isServer(c.Homeserver.Name) || len(c.Homeserver.Name) > 150:
		return settings.Fault("homeserver.name", "want the name in the ids of its users, e.g. example.org")
	case c.Appservice.Registration == "":
		return settings.Fault("appservice.registration", "want a file, e.g. registration.yaml")
	case !settings.IsHostPort(c.Appservice.Listen):
		return settings.Fault("appservice.listen", `want "HOST:PORT", e.g. "127.0.0.1:9471"`)
	case c.Appservice.URL != "" && !isURL(c.Appservice.URL):
		return settings.Fault("appservice.url", `want how the homeserver reaches us, e.g. "http://127.0.0.1:9471"`)
	case !prefixes.MatchString(c.UserPrefix):
		return settings.Fault("user_prefix", "want 1 to 32 of the characters a to z, 0 to 9, _ and -, e.g. _xmpp_")
	case strings.TrimSpace(c.UserName) == "" || len(c.UserName) > 200:
		return settings.Fault("user_name", "want a name with {name}, {jid} or {local} in it, e.g. \"{name} (XMPP)\"")
	}
	return c.checkChat()
}

func (c *Config) checkChat() error {
	for i, who := range c.Chat.Allow {
		if !(who == anybody || isServer(who) || strings.HasPrefix(who, "@") && isPerson(string(personOf(who)))) {
			return settings.Fault("chat.allow", "entry %d: want a user as @alice:example.org, the name of a homeserver, or \"*\"", i+1)
		}
	}
	return nil
}

// anybody stands for all users of Matrix.
const anybody = "*"

// mayAsk tells whether the bot serves a person.
func (c *Config) mayAsk(id bridges.UserID) bool {
	if c.Chat.Allow == nil {
		return serverOf(id) == c.Homeserver.Name
	}
	return slices.ContainsFunc(c.Chat.Allow, func(who string) bool {
		return who == anybody || who == serverOf(id) || who == userID(id)
	})
}

// isURL tells whether s is the address of a web server.
func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.RawQuery == "" && u.Fragment == ""
}

// callback is how the homeserver reaches us.
func (c *Config) callback() string {
	if c.Appservice.URL != "" {
		return c.Appservice.URL
	}
	return "http://" + c.Appservice.Listen
}

// Registration returns a new one for the bridge, with tokens of its own. The id is
// by what the homeserver tells application services apart.
func (c *Config) Registration(id string) appservice.Registration {
	users := []appservice.Namespace{{Exclusive: true, Regex: "@" + c.UserPrefix + ".*:" + regexp.QuoteMeta(c.Homeserver.Name)}}
	r := appservice.Make(id, c.callback(), c.UserPrefix+"bot", appservice.Namespaces{
		Users: users, Aliases: []appservice.Namespace{}, Rooms: []appservice.Namespace{},
	})
	r.Protocols = []string{protocol}
	return r
}

// load reads the registration file.
func (c *Config) load() (appservice.Registration, error) {
	r, err := appservice.Load(c.Appservice.Registration)
	if errors.Is(err, fs.ErrNotExist) {
		return r, settings.Fault("appservice.registration", "%s is not there: `causeway registration` makes it", c.Appservice.Registration)
	}
	if err != nil {
		return r, settings.Fault("appservice.registration", "%s: %w", c.Appservice.Registration, err)
	}
	return r, nil
}
