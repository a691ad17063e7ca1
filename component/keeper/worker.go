//go:build linux

package keeper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"causeway/bridges/takeover"
)

const (
	// beginTime bounds how long a worker waits for what is held.
	beginTime = 10 * time.Second
	// claimTime is how long after Ready something stays held for which nobody
	// has asked.
	claimTime = time.Minute
)

// Worker is what the process that serves has of its keeper. It works on when
// the keeper dies: what is held then ends with this process, or goes to a
// successor that asks for it (Serve). Its methods may be called by many at
// once, and block for two seconds at most when the keeper is silent.
type Worker struct {
	report Report
	leave  chan Leave
	gone   chan struct{}

	mu     sync.Mutex
	conn   *net.UnixConn         // to the keeper; to the successor of an orphan
	heir   bool                  // it is to a successor
	left   held                  // what a predecessor had and nobody has asked for
	mine   map[string]descriptor // what this process has
	areas  map[string][]byte
	unsaid map[string]bool // drops that the keeper did not take
}

var _ takeover.Keeper = (*Worker)(nil)

// descriptor is something that can be held. Control calls f with its number
// unless it is closed.
type descriptor interface {
	Control(f func(fd uintptr)) error
}

// Kept tells whether a keeper has started this process.
func Kept() bool { return os.Getenv(envSocket) != "" }

// Attach waits until this process is to be the worker, which may be soon or
// never, and takes what its keeper holds. Call it once, before anything else
// starts processes. Until the keeper says the first word Attach ends with ctx,
// with the error of that, and with the keeper, with ErrGone. From then on it
// blocks for 10 s at most.
func Attach(ctx context.Context) (*Worker, error) {
	fd, err := strconv.Atoi(os.Getenv(envSocket))
	if err != nil {
		return nil, fmt.Errorf("keeper: %s: %w", envSocket, err)
	}
	_ = os.Unsetenv(envSocket)
	nameProcess("standby")
	conn, err := connOf(fd)
	if err != nil {
		return nil, err
	}
	w := &Worker{
		leave: make(chan Leave, 1), gone: make(chan struct{}), conn: conn,
		left: held{}, mine: map[string]descriptor{}, areas: map[string][]byte{}, unsaid: map[string]bool{},
	}
	if err := w.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("keeper: it does not say what it holds: %w", err), conn.Close())
	}
	nameProcess(filepath.Base(os.Args[0]))
	go w.listen()
	return w, nil
}

// nameProcess has ps show a name: the kernel took that of the file that was
// started, which is /proc/self/exe.
func nameProcess(name string) {
	_ = os.WriteFile("/proc/self/comm", []byte(name), 0) // it is for people only
}

// begin waits for the first word and reads what is held.
func (w *Worker) begin(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = w.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	buf := make([]byte, maxMessage)
	m, err := receive(w.conn, buf)
	switch {
	case !stop():
		err = ctx.Err()
	case errors.Is(err, io.EOF):
		err = ErrGone
	case err == nil:
		err = w.conn.SetReadDeadline(time.Now().Add(beginTime))
	}
	for ; ; m, err = receive(w.conn, buf) {
		if err != nil {
			return err
		}
		if m.verb == msgEnd {
			n, last, _ := strings.Cut(m.name, " ")
			w.report = Report{PID: os.Getppid(), Last: last}
			w.report.Restarts, _ = strconv.Atoi(n)
			return w.conn.SetReadDeadline(time.Time{})
		}
		w.left.apply(m)
	}
}

// listen ends with the keeper.
func (w *Worker) listen() {
	defer close(w.gone)
	buf := make([]byte, maxMessage)
	keeper := w.conn // the field may become a successor's
	for {
		m, err := receive(keeper, buf)
		if err != nil {
			return
		}
		if m.verb == msgLeave {
			w.goAway(Leave{Closing: m.name == closing})
		}
	}
}

// goAway asks this process to end.
func (w *Worker) goAway(l Leave) {
	select {
	case w.leave <- l:
	default: // it was asked before
	}
}

// Leaving gets a value when this process is to make room for a successor.
func (w *Worker) Leaving() <-chan Leave { return w.leave }

// Gone is closed when the keeper has died.
func (w *Worker) Gone() <-chan struct{} { return w.gone }

// Report returns what the keeper said at the start.
func (w *Worker) Report() Report { return w.report }

// Ready tells the keeper that this process serves: a death is followed by a new
// start at once from now on. What was held for a predecessor and not asked for
// is dropped a minute later.
func (w *Worker) Ready() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.tell(msgReady, noFD) // a keeper that has died needs no word
	time.AfterFunc(claimTime, w.dropLeft)
}

// tell sends a message, after the drops that are owed.
func (w *Worker) tell(text string, fd int) error {
	if !w.heir {
		select {
		case <-w.gone:
			return ErrGone
		default:
		}
	}
	for name := range w.unsaid {
		if err := send(w.conn, msgDrop+" "+name, noFD); err != nil {
			return err
		}
		delete(w.unsaid, name)
	}
	return send(w.conn, text, fd)
}

// hold has a descriptor held. One that could not be is not there under an
// earlier meaning of its name either.
func (w *Worker) hold(name string, d descriptor) error {
	w.mine[name] = d
	var failed error
	err := d.Control(func(fd uintptr) { failed = w.tell(msgHold+" "+name, int(fd)) })
	if err = errors.Join(err, failed); err != nil {
		w.unsaid[name] = true
		return fmt.Errorf("keeper: %s is not held: %w", name, err)
	}
	return nil
}

// drop says that a name is given up.
func (w *Worker) drop(name string) {
	delete(w.mine, name)
	if w.tell(msgDrop+" "+name, noFD) != nil {
		w.unsaid[name] = true
	}
}
