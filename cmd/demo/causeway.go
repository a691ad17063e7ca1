package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"causeway/cmd/lab/peer"
)

//go:embed causeway.yaml
var config string

// settings fill the configuration; a bridge that is nil is not there.
type settings struct {
	Server, Store, HTTP, Secret, Allow string
	Upload                             string // where users' files are
	SMS                                *smsBridge
	Matrix                             *matrixBridge
}

type smsBridge struct{ Domain, Number, SMPP string }

type matrixBridge struct{ Domain, Homeserver, ServerName, Registration, Listen string }

// startCauseway starts the gateway, and before it the homeserver, since the two
// must know of each other.
func (d *demo) startCauseway(ctx context.Context) error {
	return d.onFreePorts(3, func(at []string) error {
		file := filepath.Join(d.dir, "causeway.yaml")
		s := settings{
			Server: d.at.component, Store: filepath.Join(d.dir, "causeway.db"), HTTP: at[0],
			Secret: peer.Secret, Allow: peer.Domain, Upload: d.at.xmpp,
		}
		if d.networks.SMS {
			s.SMS = &smsBridge{domain, number, d.at.smpp}
		}
		if d.networks.Matrix {
			s.Matrix = &matrixBridge{matrixDomain, at[1], peer.Domain, d.registration(), at[2]}
		}
		if err := s.write(file); err != nil {
			return err
		}
		if d.networks.Matrix {
			if err := d.startSynapse(ctx, file, at[1]); err != nil {
				return err
			}
		}
		return d.child(ctx, "causeway", peer.Spec{
			Args:   []string{"run", "--config", file},
			Ready:  func() error { return askReady(at[0]) },
			Family: true, // its worker outlives its keeper
		})
	})
}

// write writes the configuration.
func (s settings) write(file string) error {
	text := &strings.Builder{}
	err := template.Must(template.New("causeway.yaml").Parse(config)).Execute(text, s)
	return errors.Join(err, os.WriteFile(file, []byte(text.String()), 0o600))
}

// register has Causeway write what a homeserver must know of it.
func (d *demo) register(ctx context.Context, config, domain string) error {
	out, err := exec.CommandContext(ctx, filepath.Join(d.bin, "causeway"), "--config", config, "registration", domain).CombinedOutput()
	if err != nil {
		return fmt.Errorf("causeway registration: %w\n%s", err, out)
	}
	return nil
}

// askReady asks Causeway whether it is ready; if not, the error says why.
func askReady(address string) error {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + address + "/readyz")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	why, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	return errors.Join(errors.New(strings.TrimSpace(string(why))), err)
}
