package main

import (
	"errors"
	"fmt"
	"io/fs"

	"causeway/bridges/matrix"
	"causeway/cmd/causeway/config"
)

type registrationCmd struct {
	Domain string `arg:"" help:"The domain of the bridge, e.g. matrix.example.org."`
}

// Run writes the registration file that the bridge names, with new tokens. One
// that is there stays: the homeserver knows its tokens.
func (r registrationCmd) Run(e *env) error {
	cfg, err := e.load()
	if err != nil {
		return err
	}
	c, err := matrixConfig(cfg, r.Domain)
	if err != nil {
		return usageError{err}
	}
	file := c.Appservice.Registration
	switch err := c.Registration(r.Domain).Write(file); {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s is there already; take it away to make another, which the homeserver must read again", file)
	case err != nil:
		return err
	}
	_, err = fmt.Fprintf(e.out, "%s is written. Synapse: name it in app_service_config_files, let Synapse's user read it, and restart Synapse.\n", file)
	return err
}

// matrixConfig returns what the configuration says of a bridge to Matrix.
func matrixConfig(cfg *config.Config, domain string) (*matrix.Config, error) {
	for _, b := range cfg.Bridges {
		if c, ok := b.Own.(*matrix.Config); ok && b.Domain == domain {
			return c, nil
		}
	}
	return nil, fmt.Errorf("no bridge to Matrix has the domain %q", domain)
}
