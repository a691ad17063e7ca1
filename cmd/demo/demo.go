package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"causeway/cmd/lab/peer"
)

// user is who uses the gateway.
const user = "alice"

// demo is one run: the children in the order of their start, and the page.
type demo struct {
	options
	dir   string
	at    places
	parts []*peer.Process
	web   *web
}

// places are where children listen, as host:port; empty without their network.
type places struct {
	component, xmpp string // Prosody, for components and for web clients
	smpp, phone     string // the phone, for the gateway and its page
	homeserver      string // Synapse
}

// start blocks until all is ready, a minute for each child at most. The caller
// owes stop in any case.
func (d *demo) start(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(d.converse, "converse.min.js")); err != nil {
		return fmt.Errorf("no Converse.js; `make deps-run` installs it: %w", err)
	}
	steps := []func(context.Context) error{d.startProsody}
	if d.networks.SMS {
		steps = append(steps, d.startHandset)
	}
	for _, step := range append(steps, d.startCauseway) {
		if err := step(ctx); err != nil {
			return err
		}
	}
	var err error
	d.web, err = serve(d.page, d.converse, d.networks, d.at)
	return err
}

func (d *demo) startProsody(ctx context.Context) error {
	gateways := d.networks.gateways()
	s, err := peer.Prosody(ctx, peer.Options{
		Dir: filepath.Join(d.dir, "prosody"), Users: []string{user},
		Components: slices.Sorted(maps.Keys(gateways)), Contacts: gateways,
	})
	if err == nil {
		d.parts = append(d.parts, s.Process)
		d.at.component, d.at.xmpp = s.Component, s.HTTP
	}
	return err
}

// onFreePorts starts children that listen at n addresses. When one of them ends
// at once somebody else may have taken its port in between: then all of them get
// others.
func (d *demo) onFreePorts(n int, start func(at []string) error) error {
	err, before := peer.ErrExited, len(d.parts)
	for tries := 3; tries > 0 && errors.Is(err, peer.ErrExited); tries-- {
		var free []int
		if free, err = peer.Ports(n); err != nil {
			return err
		}
		var at []string
		for _, port := range free {
			at = append(at, peer.Local(port))
		}
		if err = start(at); err != nil {
			err = errors.Join(err, d.stopFrom(before))
		}
	}
	return err
}

// child starts one of our own programs.
func (d *demo) child(ctx context.Context, name string, s peer.Spec) error {
	s.Name, s.Path, s.Log = name, filepath.Join(d.bin, name), filepath.Join(d.dir, name+".log")
	p, err := peer.Start(ctx, s)
	if err == nil {
		d.parts = append(d.parts, p)
	}
	return err
}

// lastLines is how much of the log of a child that died is shown.
const lastLines = 15

// wait blocks until ctx ends or a child does; then it says which, and what it
// said last.
func (d *demo) wait(ctx context.Context) error {
	dead := make(chan *peer.Process, len(d.parts))
	for _, p := range d.parts {
		go func() { <-p.Done(); dead <- p }() // stop ends all of them
	}
	select {
	case <-ctx.Done():
		return nil
	case p := <-dead:
		lines := strings.Split(p.Tail(), "\n")
		lines = lines[max(0, len(lines)-lastLines):]
		return fmt.Errorf("%s has ended with status %s, so all is stopped. The end of its log:\n%s",
			p.Name(), strconv.Itoa(p.ExitCode()), strings.Join(lines, "\n"))
	}
}

// stop ends the page and all children, the last first, and blocks until they
// have ended, 15 s for each at most.
func (d *demo) stop() error {
	var err error
	if d.web != nil {
		err = d.web.close()
	}
	return errors.Join(err, d.stopFrom(0))
}

// stopFrom ends all children but the first n.
func (d *demo) stopFrom(n int) error {
	var errs []error
	for ; len(d.parts) > n; d.parts = d.parts[:len(d.parts)-1] {
		errs = append(errs, d.parts[len(d.parts)-1].Stop())
	}
	return errors.Join(errs...)
}
