// Loadgen makes and measures load: an XMPP client with many conversations, the
// cheapest possible component as a ceiling, and an SMS centre that confirms
// everything. It is a bench aid and no part of what an admin installs.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"causeway/cmd/loadgen/swap"
)

const usage = `loadgen run|swap|centre|bare [flags]
  run     an XMPP client: numbered texts to many contacts, windowed
  swap    a component that only exchanges from and to
  centre  an SMPP centre that confirms every text
  bare    the cheapest program between a component and a homeserver of Matrix`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	commands := map[string]func(context.Context, []string) error{
		"run": run, "swap": runSwap, "centre": runCentre, "bare": runBare,
	}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	if err := commands[os.Args[1]](ctx, os.Args[2:]); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "loadgen:", err)
		os.Exit(1)
	}
}

func runSwap(ctx context.Context, args []string) error {
	var c swap.Config
	f := flag.NewFlagSet("loadgen swap", flag.ExitOnError)
	f.StringVar(&c.Address, "address", "127.0.0.1:5347", "component port of the XMPP server")
	f.StringVar(&c.Domain, "domain", "sms.localhost", "component domain")
	f.StringVar(&c.Secret, "secret", "secret", "component secret")
	f.Parse(args)
	return swap.Run(ctx, c, func() { fmt.Println("ready") })
}
