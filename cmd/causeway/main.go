// Command causeway joins an XMPP server as external components and lets its
// users talk to people on other networks.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"causeway/cmd/causeway/app"
	"causeway/cmd/causeway/config"
)

// The exit statuses.
const (
	statusFailed = 1
	statusUsage  = 2 // wrong use or configuration
)

// version is set by the build (-ldflags "-X main.version=…").
var version = ""

// cli is the command line.
type cli struct {
	Config string `default:"config.yaml" placeholder:"FILE" help:"The configuration file (${default})."`

	Run          runCmd          `cmd:"" help:"Serve until SIGTERM or SIGINT; SIGHUP reloads the configuration, SIGUSR2 upgrades."`
	Check        checkCmd        `cmd:"" help:"Read the configuration, try every link and network, say what is wrong."`
	Snippet      snippetCmd      `cmd:"" help:"Print what to paste into the XMPP server's configuration."`
	Registration registrationCmd `cmd:"" help:"Write what a Matrix homeserver must know of a bridge."`
	Status       statusCmd       `cmd:"" help:"Ask the running program how it is."`
	Store        storeCmd        `cmd:"" help:"Look into the store, or copy it."`
	Version      versionCmd      `cmd:"" help:"Print the version."`
	Note         noteCmd         `cmd:"" hidden:"" help:"Print the formats of notes, for an upgrade."`
}

// env is what commands get.
type env struct {
	ctx    context.Context
	file   string
	out    io.Writer
	err    io.Writer
	lookup func(string) (string, bool)
}

// load reads the configuration; its failure is one of use.
func (e *env) load() (*config.Config, error) {
	cfg, err := config.Load(e.file, e.lookup, app.Networks())
	if err != nil {
		return nil, usageError{err}
	}
	return cfg, nil
}

// usageError is a failure that the user's command line or configuration made.
type usageError struct{ error }

// Unwrap returns the failure itself.
func (u usageError) Unwrap() error { return u.error }

func main() {
	os.Exit(command(&env{ctx: orders(), out: os.Stdout, err: os.Stderr, lookup: os.LookupEnv}, os.Args[1:]))
}

// untilSignal returns a context that ends by SIGTERM or SIGINT; a second one
// ends the process at once.
func untilSignal() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	context.AfterFunc(ctx, stop)
	return ctx
}

// exit is the status of a process that has said what there was to say. It
// carries a status out of kong, too, which ends the process for --help.
type exit int

func (e exit) Error() string { return fmt.Sprint("exit status ", int(e)) }

// command runs one command line and returns the exit status.
func command(e *env, args []string) (status int) {
	defer func() {
		if r := recover(); r != nil {
			code, ok := r.(exit)
			if !ok {
				panic(r)
			}
			status = int(code)
		}
	}()
	var c cli
	parser, err := kong.New(&c, kong.Name("causeway"), kong.Writers(e.out, e.err),
		kong.Description("An XMPP gateway: people on your XMPP server write to phones and to people of Matrix, and get the answers."),
		kong.Exit(func(code int) { panic(exit(code)) }), kong.UsageOnError())
	if err != nil {
		panic(err) // a mistake in the struct above
	}
	k, err := parser.Parse(args)
	if err == nil {
		e.file = c.Config
		err = k.Run(e)
	} else {
		err = usageError{err}
	}
	var code exit
	if err == nil {
		return 0
	} else if errors.As(err, &code) {
		return int(code)
	}
	fmt.Fprintf(e.err, "causeway: %v\n", err)
	var usage usageError
	if errors.As(err, &usage) {
		return statusUsage
	}
	return statusFailed
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(e *env) error {
	_, err := fmt.Fprintln(e.out, "causeway", buildVersion())
	return err
}

type noteCmd struct{}

// Run prints the formats of what a process leaves in memory for its successor.
func (noteCmd) Run(e *env) error {
	_, err := fmt.Fprintln(e.out, strings.Join(app.NoteFormats(), "\n"))
	return err
}

// buildVersion is what the build said, or else what Go knows about it.
func buildVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(12, len(s.Value))]
		}
	}
	return info.Main.Version
}
