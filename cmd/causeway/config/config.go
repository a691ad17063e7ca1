// Package config is the configuration file of the program: its frame, read
// strictly and checked before anything starts. The block of a bridge holds
// also the keys of its network, which the network's own package decodes.
package config

import (
	"time"

	"causeway/bridges/settings"
	"causeway/component"
)

// Config is the whole file, checked and complete.
type Config struct {
	Server  settings.Server `yaml:"server"` // where components connect to the XMPP server
	Store   string          `yaml:"store"`
	HTTP    HTTP            `yaml:"http"`
	Media   Media           `yaml:"media"`
	Log     Log             `yaml:"log"`
	Admins  []string        `yaml:"admins"`
	Contact Contact         `yaml:"contact"`
	Bridges []Bridge        `yaml:"bridges"`
}

// Contact has the URIs by which people reach who looks after the gateways, by
// what they are for (XEP-0157).
type Contact struct {
	Abuse    []string `yaml:"abuse"`
	Feedback []string `yaml:"feedback"`
	Sales    []string `yaml:"sales"`
	Security []string `yaml:"security"`
	Status   []string `yaml:"status"`
	Support  []string `yaml:"support"`
}

// HTTP is the program's own web server.
type HTTP struct {
	Listen    string `yaml:"listen"`     // empty: none
	PublicURL string `yaml:"public_url"` // where the world reaches /media/ of it; empty: nowhere
}

// Media says which files are moved.
type Media struct {
	MaxSize      string   `yaml:"max_size"`      // in bytes, or with a unit
	FetchPrivate []string `yaml:"fetch_private"` // places besides the public internet
}

// Log says what is logged and how.
type Log struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

// Limits bound what is accepted and not yet settled, in messages.
type Limits struct {
	Account int `yaml:"account"`
	Bridge  int `yaml:"bridge"`
}

// Bridge is one configured network. It is the part of the block that all
// networks share.
type Bridge struct {
	Domain     string           `yaml:"domain"`
	Network    string           `yaml:"network"`
	Secret     component.Secret `yaml:"secret"`
	SecretFile string           `yaml:"secret_file"`
	Server     *settings.Server `yaml:"server"` // own or the general one
	Allow      []string         `yaml:"allow"`
	Hold       time.Duration    `yaml:"hold"`
	Limits     Limits           `yaml:"limits"`

	// Own is what the network's package made of its own keys: the pointer
	// that its entry in Networks returned.
	Own any `yaml:"-"`
}

// Networks tells, by the name of a network, how its configuration is made: a
// pointer to a struct that is, or decodes itself (UnmarshalYAML) from, the
// network's own keys. An error that it returns shall begin with the key, as
// "numbers.pool: …".
type Networks map[string]func() any

// Default returns the configuration of an empty file.
func Default() Config {
	return Config{
		Server: settings.Server{Address: "127.0.0.1:5347"},
		Store:  "sqlite:/var/lib/causeway/causeway.db",
		HTTP:   HTTP{Listen: "127.0.0.1:9470"},
		Media:  Media{MaxSize: "100MB"},
		Log:    Log{Level: "info", Format: "text"},
	}
}

// DefaultBridge returns what a bridge has that says nothing.
func DefaultBridge() Bridge {
	return Bridge{Hold: 24 * time.Hour, Limits: Limits{Account: 1000, Bridge: 100_000}}
}

// UnmarshalYAML puts the defaults under what the file says.
func (b *Bridge) UnmarshalYAML(decode func(any) error) error {
	type plain Bridge
	*b = DefaultBridge()
	return decode((*plain)(b))
}
