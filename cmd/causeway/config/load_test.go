package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// phone is the configuration of a network for the tests.
type phone struct {
	Region     string      `yaml:"region"`
	Numbers    numbers     `yaml:"numbers"`
	Connectors []connector `yaml:"connectors"`
}

type numbers struct {
	Pool []string `yaml:"pool"`
}

type connector struct {
	Address string `yaml:"address"`
	Window  int    `yaml:"window"`
}

func (c *connector) UnmarshalYAML(decode func(any) error) error {
	type plain connector
	return decode((*plain)(c))
}

func (c *phone) UnmarshalYAML(decode func(any) error) error {
	type plain phone
	c.Region = "US"
	if err := decode((*plain)(c)); err != nil {
		return err
	}
	for i, n := range c.Numbers.Pool {
		if !strings.HasPrefix(n, "+") {
			return fmt.Errorf("numbers.pool[%d]: want a number with its +", i)
		}
	}
	return nil
}

var networks = Networks{"phone": func() any { return new(phone) }}

// environment is what the test files may name.
func environment(name string) (string, bool) {
	v, ok := map[string]string{"SECRET": "12345", "WINDOW": "7", "EMPTY": "", "ODD": "${x}: \"\n"}[name]
	return v, ok
}

const whole = `
server: {address: "xmpp.example.org:5347", tls: true}
store: sqlite:x.db
admins: [admin@example.org]
contact: {support: ["xmpp:help@example.org"]}
media: {fetch_private: ["127.0.0.1:5280", 10.0.0.0/8]}
bridges:
  - domain: sms.example.org
    network: phone
    secret: ${SECRET}
    allow: [example.org, bob@example.net]
    connectors:
      - address: "a:1"
        window: ${WINDOW}
      - address: "$${b}:${WINDOW}"
  - domain: two.example.org
    network: phone
    region: DE
    server: {address: "[::1]:5275"}
    secret: "${ODD}"
    allow: [example.org]
    hold: 2h
    limits: {account: 3, bridge: 4}
`

func TestParse(t *testing.T) {
	c, err := Parse("x.yaml", []byte(whole), environment, networks)
	if err != nil {
		t.Fatal(err)
	}
	one, two := c.Bridges[0], c.Bridges[1]
	own := one.Own.(*phone)
	size, err := c.Media.Size()
	places, _ := c.Media.Places()
	for what, ok := range map[string]bool{
		"secret from the environment": string(one.Secret) == "12345",
		"number from the environment": own.Connectors[0].Window == 7,
		"escaped ${":                  own.Connectors[1].Address == "${b}:7",
		"value is not YAML again":     string(two.Secret) == "${x}: \"\n",
		"default of a network":        own.Region == "US" && two.Own.(*phone).Region == "DE",
		"default of a bridge":         one.Hold == 24*time.Hour && one.Limits.Account == 1000,
		"defaults overridden":         two.Hold == 2*time.Hour && two.Limits.Bridge == 4,
		"default of the file":         c.HTTP.Listen == "127.0.0.1:9470" && c.Log.Level == "info",
		"default of files":            size == 100e6 && err == nil,
		"private places":              len(places) == 2 && places[0].Port == 5280 && places[1].Range.Bits() == 8,
		"server for all":              one.Server.Address == "xmpp.example.org:5347" && one.Server.TLS,
		"0157.1 contact":              len(c.Contact.Support) == 1 && c.Contact.Abuse == nil,
		"server of one":               two.Server.Address == "[::1]:5275" && !two.Server.TLS,
	} {
		if !ok {
			t.Errorf("%s: %+v", what, c)
		}
	}
	if s := fmt.Sprintf("%v %+v %#v", c, c, one); strings.Contains(s, "12345") {
		t.Errorf("the secret prints: %s", s)
	}
}

// TestFaults reads each file in testdata, which is named by its fault. What
// must be said stands in its comments: "# want: " and the rest of the line.
func TestFaults(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for line := range strings.Lines(string(text)) {
				if _, w, ok := strings.Cut(line, "# want: "); ok {
					want = append(want, file+strings.TrimSpace(w))
				}
			}
			_, err = Load(file, environment, networks)
			var e Error
			if !errors.As(err, &e) {
				t.Fatalf("no fault found: %v", err)
			}
			if got := e.Error(); got != strings.Join(want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("the secret prints")
			}
		})
	}
}

func TestLoadMissing(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml"), environment, networks); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	files, _ := filepath.Glob("testdata/*.yaml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse("f", text, environment, networks)
		var e Error
		switch {
		case err != nil && !errors.As(err, &e):
			t.Fatalf("not an Error: %v", err)
		case err != nil && len(e) == 0:
			t.Fatal("an Error without a fault")
		case err == nil && (len(c.Bridges) == 0 || c.Bridges[0].Secret == "" || c.Bridges[0].Own == nil):
			t.Fatalf("incomplete: %+v", c)
		}
	})
}
