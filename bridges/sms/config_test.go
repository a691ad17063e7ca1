package sms

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const minimal = `
region: US
numbers: {pool: ["+12025550199"]}
connectors: [{smpp: {address: "127.0.0.1:2775", system_id: causeway, password: s3cr3tpw}}]
`

func read(text string) (Config, error) {
	var c Config
	err := yaml.Unmarshal([]byte(text), &c)
	return c, err
}

func TestConfigDefaults(t *testing.T) {
	c, err := read(minimal)
	if err != nil {
		t.Fatal(err)
	}
	s := c.Connectors[0].SMPP
	if c.Unknown != "report" || c.MaxParts != 6 || c.Receipts != "all" || s.Window != 10 || s.Alphabet != "gsm7" || s.TLS {
		t.Errorf("%+v", c)
	}
	if all := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(all, secret) {
		t.Errorf("the password is printed: %s", all)
	}
}

func TestConfigRefused(t *testing.T) {
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk")
	if err := os.WriteFile(junk, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	const smpp = "connectors[0].smpp."
	for _, c := range []struct{ name, old, text, key string }{
		{"no region", "region: US", "", "region"},
		{"unknown region", "region: US", "region: XX", "region"},
		{"region in lower case", "region: US", "region: us", "region"},
		{"no numbers", `{pool: ["+12025550199"]}`, "{}", "numbers.pool"},
		{"national number", "+12025550199", "2025550199", "numbers.pool[0]"},
		{"no number", "+12025550199", "office", "numbers.pool[0]"},
		{"short code", "+12025550199", "12345;phone-context=us", "numbers.pool[0]"},
		{"same number twice", `["+12025550199"]`, `["+12025550199", "+12025550199"]`, "numbers.pool[1]"},
		{"no connectors", "connectors: [", "admins: [", "connectors"},
		{"empty connector", "{smpp:", "{}, {smpp:", smpp + "address"},
		{"no port", "127.0.0.1:2775", "127.0.0.1", smpp + "address"},
		{"no system_id", "causeway", `""`, smpp + "system_id"},
		{"long system_id", "causeway", "sixteen-characters", smpp + "system_id"},
		{"long password", "s3cr3tpw", strings.Repeat("s3cr3tpw", 9), smpp + "password"},
		{"password twice", "{address", "{password_file: " + junk + ", address", smpp + "password_file"},
		{"password file missing", "password: s3cr3tpw", "password_file: /nowhere", smpp + "password_file"},
		{"long system_type", "{address", "{system_type: thirteen-chars, address", smpp + "system_type"},
		{"window", "{address", "{window: 0, address", smpp + "window"},
		{"rate", "{address", "{rate: -1, address", smpp + "rate"},
		{"rate that is no number", "{address", "{rate: .nan, address", smpp + "rate"},
		{"alphabet", "{address", "{alphabet: gsm8, address", smpp + "alphabet"},
		{"ca_file without tls", "{address", "{ca_file: " + junk + ", address", smpp + "ca_file"},
		{"ca_file missing", "{address", "{tls: true, ca_file: /nowhere, address", smpp + "ca_file"},
		{"ca_file of no certificates", "{address", "{tls: true, ca_file: " + junk + ", address", smpp + "ca_file"},
		{"unknown", "region", "unknown: forget\nregion", "unknown"},
		{"max_parts", "region", "max_parts: 256\nregion", "max_parts"},
		{"receipts", "region", "receipts: first\nregion", "receipts"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := read(strings.Replace(minimal, c.old, c.text, 1))
			if err == nil || !strings.HasPrefix(strings.TrimPrefix(err.Error(), "yaml: "), c.key+": ") {
				t.Errorf("error %v, want one of %s", err, c.key)
			}
			if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "nowhere")) {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
}

func TestPasswordFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("fromfile\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := read(strings.Replace(minimal, "password: s3cr3tpw", "password_file: "+file, 1))
	if err != nil || c.Connectors[0].SMPP.Password != "fromfile" {
		t.Errorf("%q, %v", string(c.Connectors[0].SMPP.Password), err)
	}
	// New checks again what was read.
	newBridge(t, c)
}

// FuzzConfig: what is taken is whole, and what is refused is refused with words
// that hold no secret.
func FuzzConfig(f *testing.F) {
	f.Add(minimal)
	f.Add(minimal + "unknown: resend\nmax_parts: 255\nreceipts: none\n")
	f.Add(strings.Replace(minimal, "system_id: causeway", "system_id: causeway, tls: true, window: 1000, rate: 0.5, alphabet: utf8", 1))
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "file") {
			return // what lies on this machine is nobody's input
		}
		c, err := read(text)
		if err != nil {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the password is in %q", err)
			}
			return
		}
		if c.Region == "" {
			return // a document without a block
		}
		for _, x := range c.Connectors {
			if x.SMPP.Address == "" || x.SMPP.Window < 1 || x.SMPP.Window > 1000 {
				t.Errorf("incomplete: %+v", x)
			}
		}
		if len(c.Numbers.Pool) == 0 || len(c.Connectors) == 0 || c.MaxParts < 1 || c.MaxParts > 255 {
			t.Errorf("incomplete: %+v", c)
		}
	})
}
