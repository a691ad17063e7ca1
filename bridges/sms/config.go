package sms

import (
	"errors"
	"fmt"
	"slices"

	"causeway/bridges"
	"causeway/bridges/settings"
)

// Config holds the keys that a bridge block with network sms has besides those
// of every bridge.
type Config struct {
	// Region is where numbers without a country code are dialled: ISO 3166-1,
	// e.g. US.
	Region  string  `yaml:"region"`
	Numbers Numbers `yaml:"numbers"`
	// Connectors lead to SMS centres. A message goes by the first that is up.
	Connectors []Connector `yaml:"connectors"`
	// Unknown says what becomes of a message that a centre did not answer:
	// report it as possibly sent, or resend it at the risk of sending it twice.
	Unknown string `yaml:"unknown"`
	// MaxParts bounds the length of a message, 1 to 255: its parts are paid
	// for one by one.
	MaxParts int `yaml:"max_parts"`
	// Receipts says for which parts the centre reports delivery: all, last or
	// none.
	Receipts string `yaml:"receipts"`
}

// What becomes of a message without an answer.
const unknownReport, unknownResend = "report", "resend"

// Numbers are what the accounts of the bridge are called on the network.
type Numbers struct {
	// Pool holds numbers in E.164 form; each account gets one for itself.
	Pool []string `yaml:"pool"`
}

// Connector is a way to an SMS centre.
type Connector struct {
	SMPP SMPP `yaml:"smpp"`
}

// SMPP is a bind.
type SMPP struct {
	settings.Server `yaml:",inline"`

	SystemID     string          `yaml:"system_id"`
	Password     settings.Secret `yaml:"password"`
	PasswordFile string          `yaml:"password_file"`
	SystemType   string          `yaml:"system_type"`
	Window       int             `yaml:"window"` // submits without an answer, 1 to 1000
	Rate         float64         `yaml:"rate"`   // submits per second; 0: no limit
	// Alphabet is what the centre takes data_coding 0 for: gsm7, latin1, ascii
	// or utf8.
	Alphabet string `yaml:"alphabet"`
}

// OverTLS returns the addresses of the centres that are reached by TLS: those
// connections end with the process.
func (c *Config) OverTLS() (all []string) {
	for _, b := range c.Connectors {
		if b.SMPP.TLS {
			all = append(all, b.SMPP.Address)
		}
	}
	return all
}

// DefaultConfig returns what an empty block means.
func DefaultConfig() Config {
	return Config{Unknown: unknownReport, MaxParts: 6, Receipts: receiptsAll}
}

// DefaultSMPP returns what an empty bind means.
func DefaultSMPP() SMPP { return SMPP{Window: 10, Alphabet: alphabetGSM} }

// UnmarshalYAML puts the defaults under what the file says, and checks it. It
// reads the files that the block names.
func (c *Config) UnmarshalYAML(decode func(any) error) error {
	type plain Config
	*c = DefaultConfig()
	if err := settings.Decode(decode, (*plain)(c)); err != nil {
		return err
	}
	for i := range c.Connectors {
		if err := c.Connectors[i].SMPP.readPassword(bindKey(i)); err != nil {
			return err
		}
	}
	return c.check()
}

// UnmarshalYAML does the same for a bind.
func (s *SMPP) UnmarshalYAML(decode func(any) error) error {
	type plain SMPP
	*s = DefaultSMPP()
	return settings.Decode(decode, (*plain)(s))
}

// bindKey is the path of a bind's keys.
func bindKey(i int) string { return fmt.Sprintf("connectors[%d].smpp.", i) }

// check says what is wrong with a value.
func (c *Config) check() error {
	switch {
	case !knownRegion(c.Region):
		return settings.Fault("region", "want the country for numbers without a country code, as ISO 3166-1 has it, e.g. US")
	case c.Unknown != unknownReport && c.Unknown != unknownResend:
		return settings.Fault("unknown", "want report or resend")
	case c.MaxParts < 1 || c.MaxParts > 255:
		return settings.Fault("max_parts", "want a number from 1 to 255")
	case !slices.Contains([]string{receiptsAll, receiptsLast, receiptsNone}, c.Receipts):
		return settings.Fault("receipts", "want all, last or none")
	case len(c.Connectors) == 0:
		return settings.Fault("connectors", "want at least one way to an SMS centre, e.g. [{smpp: {…}}]")
	}
	if err := c.checkPool(); err != nil {
		return err
	}
	for i := range c.Connectors {
		if err := c.Connectors[i].SMPP.check(bindKey(i)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) checkPool() error {
	if len(c.Numbers.Pool) == 0 {
		return settings.Fault("numbers.pool", "want at least one number, e.g. [\"+12025550199\"]")
	}
	p := newPlan(c.Region)
	seen := map[string]bool{}
	for i, n := range c.Numbers.Pool {
		key := fmt.Sprintf("numbers.pool[%d]", i)
		id, err := p.resolve(n)
		var e *bridges.Error
		switch {
		case errors.As(err, &e) && e.Kind == bridges.Gone && isE164(string(e.Instead)):
			return settings.Fault(key, "want the number as %q", e.Instead)
		case err != nil || !isE164(string(id)):
			return settings.Fault(key, "want a number with its country code, in quotes, e.g. \"+12025550199\"")
		case seen[n]:
			return settings.Fault(key, "the number is in the pool already")
		}
		seen[n] = true
	}
	return nil
}

// check says what is wrong with a bind. key is the path to it.
func (s *SMPP) check(key string) error {
	switch {
	case !settings.IsHostPort(s.Address):
		return settings.Fault(key+"address", `want "HOST:PORT", e.g. "127.0.0.1:2775"`)
	case s.SystemID == "" || len(s.SystemID) > 15:
		return settings.Fault(key+"system_id", "want the name that the centre gave you, 1 to 15 characters")
	case len(s.Password) > 64:
		return settings.Fault(key+"password", "want at most 64 characters")
	case len(s.SystemType) > 12:
		return settings.Fault(key+"system_type", "want at most 12 characters")
	case s.Window < 1 || s.Window > 1000:
		return settings.Fault(key+"window", "want a number from 1 to 1000")
	case !(s.Rate >= 0 && s.Rate <= 1e6):
		return settings.Fault(key+"rate", "want messages per second, or 0 for no limit")
	case alphabets[s.Alphabet] == nil:
		return settings.Fault(key+"alphabet", "want gsm7, latin1, ascii or utf8")
	}
	if err := s.CheckCAFile(); err != nil {
		return settings.Fault(key+"ca_file", "%v", err)
	}
	return nil
}

// readPassword takes the password from its file.
func (s *SMPP) readPassword(key string) error {
	if s.PasswordFile == "" {
		return nil
	}
	if s.Password != "" {
		return settings.Fault(key+"password_file", "give password or password_file, not both")
	}
	text, err := settings.ReadSecret(s.PasswordFile)
	if err != nil {
		return settings.Fault(key+"password_file", "%v", err)
	}
	s.Password = settings.Secret(text)
	return nil
}
