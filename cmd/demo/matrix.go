package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"causeway/cmd/lab/peer"
)

// Who takes part in Matrix.
const (
	matrixDomain = "matrix.localhost"
	ghost        = "@_xmpp_alice=40localhost:localhost" // what alice is there
)

// person is somebody on Matrix, whose password is that of all.
type person struct {
	User string `json:"user"`
	Name string `json:"name"`
}

// people are those whose Matrix the page shows, the first at once.
var people = []person{{"robin", "Robin"}, {"sam", "Sam"}}

func (d *demo) synapse() string { return filepath.Join(d.dir, "synapse") }

func (d *demo) registration() string { return filepath.Join(d.synapse(), "causeway.yaml") }

// startSynapse starts a homeserver that knows of the Causeway with a
// configuration, and of people.
func (d *demo) startSynapse(ctx context.Context, config, address string) error {
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(d.synapse()); err != nil { // of an attempt on other ports
		return err
	}
	if err := os.Mkdir(d.synapse(), 0o700); err != nil {
		return err
	}
	if err := d.register(ctx, config, matrixDomain); err != nil {
		return err
	}
	s, err := peer.StartSynapse(ctx, peer.SynapseOptions{Dir: d.synapse(), Registrations: []string{d.registration()}, Port: port})
	if err != nil {
		return err
	}
	d.parts, d.at.homeserver = append(d.parts, s.Process), address
	for _, p := range people {
		if err := s.CreateUser(ctx, p.User, p.Name); err != nil {
			return err
		}
	}
	return nil
}
