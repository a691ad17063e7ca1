package peer

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

//go:embed prosody.cfg.lua
var prosodyConfig string

// Prosody starts a Prosody and blocks until it is ready. The caller owes Stop
// or Kill.
func Prosody(ctx context.Context, o Options) (*Server, error) {
	return kind{
		name: "prosody", config: prosodyConfig, file: "prosody.cfg.lua",
		spec: prosodySpec, prepare: prepareProsody,
		populate: func(*Server, Options) error { return nil },
	}.start(ctx, o)
}

func prosodySpec(dir string, _ Options) (Spec, error) {
	if _, err := Find("prosody"); err != nil {
		return Spec{}, err
	}
	_, err := findFile(prosodyModules)
	return Spec{Path: "prosody", Args: []string{"-F", "--config", filepath.Join(dir, "prosody.cfg.lua")}, Dir: dir}, err
}

// prepareProsody writes accounts and rosters as Prosody's own storage does.
// Those of an earlier run stay.
func prepareProsody(dir string, o Options) error {
	data := filepath.Join(dir, "data", "localhost")
	err := errors.Join(os.MkdirAll(filepath.Join(dir, "certs"), 0o700),
		os.MkdirAll(filepath.Join(data, "accounts"), 0o700), os.MkdirAll(filepath.Join(data, "roster"), 0o700))
	if err != nil {
		return err
	}
	for _, u := range o.Users {
		account := fmt.Sprintf("return { [\"password\"] = %q };\n", Secret)
		if err := writeNew(filepath.Join(data, "accounts", u+".dat"), account); err != nil {
			return err
		}
		if len(o.Contacts) == 0 {
			continue
		}
		if err := writeNew(filepath.Join(data, "roster", u+".dat"), roster(o.Contacts)); err != nil {
			return err
		}
	}
	return nil
}

// roster is a stored roster of contacts; both sides see each other's presence.
func roster(contacts map[string]string) string {
	text := "return {\n\t[false] = { [\"version\"] = 1; [\"pending\"] = {}; };\n"
	for jid, name := range contacts {
		text += fmt.Sprintf("\t[%q] = { [\"subscription\"] = \"both\"; [\"name\"] = %q; [\"groups\"] = {}; };\n", jid, name)
	}
	return text + "};\n"
}

func writeNew(file, text string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
