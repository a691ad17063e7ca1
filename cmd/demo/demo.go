package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
	"time"

	"causeway/cmd/lab/peer"
)

// Who takes part. The numbers are from the range for fiction.
const (
	user    = "alice"
	domain  = "sms.localhost"
	number  = "+12025550199" // that the gateway gives to alice
	handset = "+12025550100"
)

// demo is one run: the children in the order of their start, and the page.
type demo struct {
	options
	dir   string
	parts []*peer.Process
	web   *web
}

// place is where a child listens.
type place struct{ SMPP, HTTP string }

// start blocks until all is ready, a minute for each child at most. The caller
// owes stop in any case.
func (d *demo) start(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(d.converse, "converse.min.js")); err != nil {
		return fmt.Errorf("no Converse.js; `make deps-run` installs it: %w", err)
	}
	prosody, err := peer.Prosody(ctx, peer.Options{
		Dir: filepath.Join(d.dir, "prosody"), Users: []string{user}, Components: []string{domain},
		Contacts: map[string]string{domain: "SMS gateway"},
	})
	if err != nil {
		return err
	}
	d.parts = append(d.parts, prosody.Process)
	phone, err := d.startHandset(ctx)
	if err != nil {
		return err
	}
	if err := d.startCauseway(ctx, prosody.Component, phone.SMPP); err != nil {
		return err
	}
	d.web, err = serve(d.page, d.converse, prosody.HTTP, phone.HTTP)
	return err
}

// child runs a program whose listeners are on free ports. When it ends at once
// somebody else may have taken one of them in between: it gets others.
func (d *demo) child(ctx context.Context, name string, ports int, spec func([]string) (peer.Spec, error)) error {
	var p *peer.Process
	err := peer.ErrExited
	for tries := 3; tries > 0 && errors.Is(err, peer.ErrExited); tries-- {
		p, err = d.try(ctx, name, ports, spec)
	}
	if err == nil {
		d.parts = append(d.parts, p)
	}
	return err
}

func (d *demo) try(ctx context.Context, name string, ports int, spec func([]string) (peer.Spec, error)) (*peer.Process, error) {
	free, err := peer.Ports(ports)
	if err != nil {
		return nil, err
	}
	addresses := make([]string, ports)
	for i, p := range free {
		addresses[i] = peer.Local(p)
	}
	s, err := spec(addresses)
	if err != nil {
		return nil, err
	}
	s.Name, s.Path, s.Log = name, filepath.Join(d.bin, name), filepath.Join(d.dir, name+".log")
	return peer.Start(ctx, s)
}

func (d *demo) startHandset(ctx context.Context) (at place, err error) {
	err = d.child(ctx, "handset", 2, func(a []string) (peer.Spec, error) {
		at = place{SMPP: a[0], HTTP: a[1]}
		return peer.Spec{
			Args: []string{
				"-smpp", at.SMPP, "-http", at.HTTP, "-password", peer.Secret,
				"-number", handset, "-peer", number,
			},
			Ready: peer.Accepting(a...),
		}, nil
	})
	return at, err
}

//go:embed causeway.yaml
var config string

// startCauseway starts the gateway; it is ready when both its sides are.
func (d *demo) startCauseway(ctx context.Context, component, smpp string) error {
	file := filepath.Join(d.dir, "causeway.yaml")
	return d.child(ctx, "causeway", 1, func(a []string) (peer.Spec, error) {
		text := &strings.Builder{}
		err := template.Must(template.New("causeway.yaml").Parse(config)).Execute(text, map[string]string{
			"Server": component, "Store": filepath.Join(d.dir, "causeway.db"), "HTTP": a[0],
			"Domain": domain, "Secret": peer.Secret, "Allow": peer.Domain, "Number": number, "SMPP": smpp,
		})
		return peer.Spec{
			Args:   []string{"run", "--config", file},
			Ready:  func() error { return askReady(a[0]) },
			Family: true, // its worker outlives its keeper
		}, errors.Join(err, os.WriteFile(file, []byte(text.String()), 0o600))
	})
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
	var errs []error
	if d.web != nil {
		errs = append(errs, d.web.close())
	}
	for i := len(d.parts) - 1; i >= 0; i-- {
		errs = append(errs, d.parts[i].Stop())
	}
	return errors.Join(errs...)
}
