package main

import (
	"context"
	"flag"
	"fmt"

	"causeway/bridges/matrix/appservice"
	"causeway/cmd/loadgen/bare"
)

// runBare is the command "bare".
func runBare(ctx context.Context, args []string) error {
	var c bare.Config
	f := flag.NewFlagSet("loadgen bare", flag.ExitOnError)
	f.StringVar(&c.Component.Address, "address", "127.0.0.1:5347", "component port of the XMPP server")
	f.StringVar(&c.Component.Domain, "domain", "matrix.localhost", "component domain")
	f.StringVar(&c.Component.Secret, "secret", "secret", "component secret")
	f.StringVar(&c.Home, "home", "http://127.0.0.1:8008", "address of the homeserver")
	f.StringVar(&c.Listen, "listen", "127.0.0.1:9471", "where the homeserver pushes to")
	f.StringVar(&c.Store, "store", "bare.db", "database file")
	f.StringVar(&c.User, "user", "alice@localhost", "JID of the user")
	f.StringVar(&c.Ghost, "ghost", "@_xmpp_alice=40localhost:localhost", "id of the user on Matrix")
	registration := f.String("registration", "registration.yaml", "registration of the application service")
	f.Parse(args)
	var err error
	if c.Registration, err = appservice.Load(*registration); err != nil {
		return err
	}
	return bare.Run(ctx, c, func() { fmt.Println("ready") })
}
