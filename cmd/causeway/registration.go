package main

import (
	"errors"
	"fmt"
	"io/fs"

	"causeway/bridges/matrix"
	"causeway/cmd/causeway/config"
)

type registrationCmd struct {
	Bridge string `arg:"" help:"The domain of the bridge, e.g. matrix.example.org; or matrix, where only one is to Matrix."`
}

// Run writes the registration file that the bridge names, with new tokens. One
// that is there stays: the homeserver knows its tokens.
func (r registrationCmd) Run(e *env) error {
	cfg, err := e.load()
	if err != nil {
		return err
	}
	domain, c, err := matrixConfig(cfg, r.Bridge)
	if err != nil {
		return usageError{err}
	}
	file := c.Appservice.Registration
	switch err := c.Registration(domain).Write(file); {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s is there already; take it away to make another, which the homeserver must read again", file)
	case err != nil:
		return err
	}
	_, err = fmt.Fprintf(e.out, "%s is written. Synapse: name it in app_service_config_files, let Synapse's user read it, and restart Synapse.\n", file)
	return err
}

// matrixConfig returns the domain of a bridge to Matrix and what the configuration
// says of it. It goes by the name of the network, too, when it is the only one.
func matrixConfig(cfg *config.Config, name string) (domain string, c *matrix.Config, err error) {
	found := 0
	for _, b := range cfg.Bridges {
		own, ok := b.Own.(*matrix.Config)
		switch {
		case !ok:
		case b.Domain == name:
			return b.Domain, own, nil
		case b.Network == name:
			domain, c = b.Domain, own
			found++
		}
	}
	switch found {
	case 0:
		return "", nil, fmt.Errorf("no bridge to Matrix has the domain %q", name)
	case 1:
		return domain, c, nil
	}
	return "", nil, fmt.Errorf("%d bridges are to Matrix: name the domain of one", found)
}
