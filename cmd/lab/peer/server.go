package peer

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"text/template"
)

// The domain that servers serve, and the secret of all accounts and components.
const (
	Domain = "localhost"
	Secret = "secret"
)

// Options say how an XMPP server is set up. The zero value has everything, the
// users alice, bob and carol, and free ports.
type Options struct {
	// Dir is an empty directory, or one of an earlier run; it is made.
	Dir        string
	Users      []string
	Components []string // empty: sms, matrix and discord, each at localhost
	// Bare leaves out what writes to disk for each message.
	Bare bool
	// Unprivileged components have no rights by XEP-0356, and the server speaks
	// nothing of it.
	Unprivileged bool
	// Contacts are in every user's roster from the start (Prosody only), by
	// JID, with their names; presence is shared both ways.
	Contacts map[string]string
	// Extra is appended to the configuration: for Prosody to its global part,
	// for ejabberd at its end, on the top level.
	Extra    string
	LogLevel string // as the server calls it; empty: info
	// Ports of clients, components and HTTP; 0: any free one.
	C2SPort, ComponentPort, HTTPPort int
}

// Server is a running XMPP server on loopback, without TLS. Its fields may be
// read until Restart.
type Server struct {
	*Process
	Kind                 string // "prosody" or "ejabberd"
	Dir                  string
	C2S, Component, HTTP string // host:port

	spec Spec
}

// Restart starts a server again that was killed or stopped, on the same
// directory and ports. It blocks as Start does.
func (s *Server) Restart(ctx context.Context) error {
	p, err := Start(ctx, s.spec)
	if err != nil {
		return err
	}
	s.Process = p
	return nil
}

// kind is one sort of server.
type kind struct {
	name     string
	config   string // template of its configuration
	file     string // its name in the directory
	spec     func(dir string, o Options) (Spec, error)
	prepare  func(dir string, o Options) error
	populate func(s *Server, o Options) error // once it is ready
}

// start starts a server; when one of its free ports was taken by somebody else
// in between it tries again with others.
func (k kind) start(ctx context.Context, o Options) (*Server, error) {
	if o.Users == nil {
		o.Users = []string{"alice", "bob", "carol"}
	}
	if o.Components == nil {
		o.Components = []string{"sms.localhost", "matrix.localhost", "discord.localhost"}
	}
	if o.LogLevel == "" {
		o.LogLevel = "info"
	}
	var err error
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, err
	}
	for range 3 {
		var s *Server
		if s, err = k.try(ctx, o); err == nil || !errors.Is(err, ErrExited) {
			return s, err
		}
	}
	return nil, err
}

func (k kind) try(ctx context.Context, o Options) (*Server, error) {
	if err := o.choosePorts(); err != nil {
		return nil, err
	}
	s := &Server{
		Kind: k.name, Dir: o.Dir,
		C2S: Local(o.C2SPort), Component: Local(o.ComponentPort), HTTP: Local(o.HTTPPort),
	}
	var err error
	if s.spec, err = k.spec(o.Dir, o); err != nil {
		return nil, err
	}
	s.spec.Name, s.spec.Log = k.name, filepath.Join(o.Dir, k.name+".log")
	s.spec.Ready = Accepting(s.C2S, s.Component, s.HTTP)
	if err := errors.Join(os.MkdirAll(o.Dir, 0o700), k.prepare(o.Dir, o)); err != nil {
		return nil, err
	}
	text := &bytes.Buffer{}
	if err := template.Must(template.New(k.file).Parse(k.config)).Execute(text, o); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(o.Dir, k.file), text.Bytes(), 0o600); err != nil {
		return nil, err
	}
	if err := s.Restart(ctx); err != nil {
		return nil, err
	}
	if err := k.populate(s, o); err != nil {
		s.Kill()
		return nil, err
	}
	return s, nil
}

func (o *Options) choosePorts() error {
	free, err := Ports(3)
	for i, p := range []*int{&o.C2SPort, &o.ComponentPort, &o.HTTPPort} {
		if *p == 0 && err == nil {
			*p = free[i]
		}
	}
	return err
}
