// Command demo shows the gateway at work with nothing to set up: it starts a
// Prosody, an SMS centre with a phone, a Matrix server with two people, as the
// networks are that it shall show, and Causeway between them, each on ports and
// directories of its own, and serves a page with an XMPP client beside the phone
// and a Matrix client. `make run` builds and starts it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// options say where things are. Relative paths begin at the working directory.
type options struct {
	bin      string // causeway and handset
	converse string // the dist directory of Converse.js
	runs     string // where each run has a directory
	page     string // the address that the page has if it is free
	networks networks
}

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "bin", "directory of the programs causeway and handset")
	flag.StringVar(&o.converse, "converse", "cmd/lab/node/node_modules/converse.js/dist", "directory of Converse.js")
	flag.StringVar(&o.runs, "runs", ".run", "directory for data and logs")
	flag.StringVar(&o.page, "page", "127.0.0.1:9490", "address of the page; if it is taken, another port")
	names := flag.String("networks", "sms", "what to show: sms, matrix, or sms,matrix")
	flag.Parse()
	var err error
	if o.networks, err = parseNetworks(*names); err != nil {
		fmt.Fprintln(os.Stderr, "demo: -networks:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second signal ends at once, and the children with it
	if err = run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends or a part of the demo does, and leaves nothing
// running.
func run(ctx context.Context, o options, out io.Writer) error {
	dir, release, err := claim(o.runs)
	if err != nil {
		return err
	}
	defer release()
	d := &demo{options: o, dir: dir}
	err = d.start(ctx)
	if err == nil {
		fmt.Fprintf(out, ready, d.web.address(), filepath.Join(o.runs, filepath.Base(dir)))
		err = d.wait(ctx)
	}
	if stopped := d.stop(); err == nil || ctx.Err() != nil {
		err = stopped
	}
	if err == nil {
		fmt.Fprintln(out, "Everything has stopped.")
	}
	return err
}

const ready = `
The demo is ready. Open this page in a browser on this machine:

    http://%s/

Logs and data are in %s. Ctrl-C ends all of it.
`
