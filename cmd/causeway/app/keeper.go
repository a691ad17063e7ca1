package app

import (
	"context"
	"io"
	"net"
	"strings"

	"causeway/bridges/takeover"
	"causeway/component/keeper"
)

// Keeper is what holds the program's connections beyond its death; see
// keeper.Worker, which implements it.
type Keeper interface {
	takeover.Keeper
	Listen(name, address string) (net.Listener, error)
	Ready()
	Gone() <-chan struct{}
	Report() keeper.Report
	Serve(path string, formats []string) (io.Closer, error)
	TakeOver(ctx context.Context, path string, formats []string) error
}

// NoteFormats are those of what this program leaves in memory for a successor,
// as they are in the names of areas, and those that it reads from a
// predecessor. A change of one is a new number.
func NoteFormats() []string { return strings.Fields(noteFormats) }

// noteFormats is a variable so that tests build a program with others.
var noteFormats = "connectors/1 link/1 note/2 privileges/1 trials/1"

// alone is the Keeper of a program without one.
type alone struct{ takeover.Memory }

// Listen implements Keeper.
func (*alone) Listen(_, address string) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(context.Background(), "tcp", address)
}

// Ready implements Keeper.
func (*alone) Ready() {}

// Gone implements Keeper: what was never there does not go.
func (*alone) Gone() <-chan struct{} { return nil }

// Report implements Keeper: nobody keeps this process.
func (*alone) Report() keeper.Report { return keeper.Report{} }

// Serve implements Keeper: there is nothing that a successor could get.
func (*alone) Serve(string, []string) (io.Closer, error) { return io.NopCloser(nil), nil }

// TakeOver implements Keeper: the other process closes its connections, since
// nobody here can go on with them.
func (*alone) TakeOver(ctx context.Context, path string, _ []string) error {
	return keeper.Relieve(ctx, path)
}
