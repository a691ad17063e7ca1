//go:build linux

package keeper

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// envSocket has the number of the worker's socket.
const envSocket = "CAUSEWAY_KEEPER"

// signalled is the status of a worker that a signal has ended.
const signalled = -1

// event is what an attendant tells the loop: its worker is ready, or has died;
// or it has stopped to attend, as it was told.
type event struct {
	ready, paused bool
	pid           int
	reason        string
	status        int
}

// start starts a worker: the one that waits for it, or else a new process.
func (k *keeper) start() {
	k.starts++
	c, err := k.takeNext()
	if err != nil {
		k.proc = nil
		go func() { k.events <- event{reason: err.Error(), status: failed} }()
		return
	}
	k.proc, k.conn = c.proc, c.conn
	if k.old != noFD {
		k.late = time.After(cmp.Or(k.ReadyTime, 30*time.Second))
	}
	k.Log.Info("the worker is started", "pid", k.proc.Pid)
	go k.attend(k.proc, k.conn, fmt.Sprint(msgEnd, " ", k.starts-1, " ", k.last))
}

// attend gives a new worker what is held, and the last word. Then it holds
// what the worker says, also what that said just before it died. It ends with
// the worker, or when the connection has a deadline.
func (k *keeper) attend(p *os.Process, conn *net.UnixConn, end string) {
	if end != "" {
		for name, fd := range k.held {
			_ = send(conn, msgHeld+" "+name, fd) // without all of it the worker cannot begin
		}
		_ = send(conn, end, noFD)
	}
	buf := make([]byte, maxMessage)
	for {
		m, err := receive(conn, buf)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			k.events <- event{paused: true}
			return
		case err != nil:
			_ = conn.Close()
			s, _ := p.Wait() // of a process that is no child of ours any more nothing is known
			k.events <- event{pid: p.Pid, reason: s.String(), status: s.ExitCode()}
			return
		case m.verb == msgReady:
			k.events <- event{ready: true}
		default:
			k.held.apply(m)
		}
	}
}
