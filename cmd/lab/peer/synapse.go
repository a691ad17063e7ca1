package peer

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"text/template"
	"time"
)

//go:embed synapse.yml
var synapseConfig string

// SynapseOptions say how a Synapse is set up. The zero value serves Domain on a
// free port and has no application service.
type SynapseOptions struct {
	// Dir is an empty directory, or one of an earlier run; it is made.
	Dir        string
	ServerName string // what user ids end with; empty: Domain
	// Registrations are the registration files of application services.
	Registrations []string
	Port          int // 0: any free one
}

// Synapse is a running Matrix server on loopback, without TLS, federation and
// limits on rates. Its process may be read until Restart.
type Synapse struct {
	*Process
	Dir        string
	ServerName string
	URL        string // what clients call the base URL, without a slash at its end

	spec Spec
}

// StartSynapse starts a Synapse and blocks until it is ready. The caller owes
// Stop or Kill. When its free port was taken by somebody else in between it
// tries again with another.
func StartSynapse(ctx context.Context, o SynapseOptions) (*Synapse, error) {
	if o.ServerName == "" {
		o.ServerName = Domain
	}
	var err error
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, err
	}
	o.Registrations = slices.Clone(o.Registrations)
	for i, file := range o.Registrations {
		if o.Registrations[i], err = filepath.Abs(file); err != nil {
			return nil, err
		}
	}
	for range 3 {
		var s *Synapse
		if s, err = trySynapse(ctx, o); err == nil || !errors.Is(err, ErrExited) {
			return s, err
		}
	}
	return nil, err
}

func trySynapse(ctx context.Context, o SynapseOptions) (*Synapse, error) {
	if o.Port == 0 {
		free, err := Ports(1)
		if err != nil {
			return nil, err
		}
		o.Port = free[0]
	}
	interpreter, err := environment()
	if err != nil {
		return nil, err
	}
	s := &Synapse{Dir: o.Dir, ServerName: o.ServerName, URL: "http://" + Local(o.Port)}
	file := filepath.Join(o.Dir, "homeserver.yaml")
	s.spec = Spec{
		Name: "synapse", Path: interpreter, Args: []string{"-m", "synapse.app.homeserver", "--config-path", file},
		Dir: o.Dir, Log: filepath.Join(o.Dir, "synapse.log"), Ready: s.healthy,
	}
	if err := s.configure(file, o); err != nil {
		return nil, err
	}
	return s, s.Restart(ctx)
}

func (s *Synapse) configure(file string, o SynapseOptions) error {
	text := &bytes.Buffer{}
	err := template.Must(template.New(file).Parse(synapseConfig)).Execute(text, struct {
		SynapseOptions
		URL, Secret string
	}{o, s.URL, Secret})
	return errors.Join(err, os.MkdirAll(o.Dir, 0o700), os.WriteFile(file, text.Bytes(), 0o600))
}

// Restart starts a Synapse again that was killed or stopped, on the same
// directory and port. It blocks as StartSynapse does.
func (s *Synapse) Restart(ctx context.Context) error {
	p, err := Start(ctx, s.spec)
	if err != nil {
		return err
	}
	s.Process = p
	return nil
}

// plainHTTP leaves no connection open behind it.
var plainHTTP = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func (s *Synapse) healthy() error {
	resp, err := plainHTTP.Get(s.URL + "/health")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("health: %s", resp.Status)
	}
	return nil
}

// UserID returns the id of a user of this server.
func (s *Synapse) UserID(localpart string) string { return "@" + localpart + ":" + s.ServerName }
