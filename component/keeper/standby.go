//go:build linux

package keeper

import (
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// calmTime is how long after a worker is ready the keeper does what can
	// wait: there is much to catch up with at first.
	calmTime = time.Second
	// lookTime is how often the keeper looks whether the next worker lives.
	lookTime = time.Minute
)

// child is a process that is a worker, or waits to be the next one: it has been
// told nothing yet.
type child struct {
	proc *os.Process
	conn *net.UnixConn
}

// launch starts a process from the file of this one, even if there is another
// one at its path by now.
func launch() (*child, error) {
	conn, theirs, err := pair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	p, err := os.StartProcess("/proc/self/exe", os.Args, &os.ProcAttr{
		Env: append(os.Environ(), envSocket+"=3"), Files: []*os.File{os.Stdin, os.Stdout, os.Stderr, theirs},
	})
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return &child{p, conn}, nil
}

// alive tells whether a process that was told nothing waits. One that has died
// is done with.
func (c *child) alive() bool {
	pid, err := unix.Wait4(c.proc.Pid, nil, unix.WNOHANG, nil)
	if pid == 0 && err == nil {
		return true
	}
	_ = c.proc.Release()
	_ = c.conn.Close()
	return false
}

// dismiss ends the next worker, and blocks until it has ended.
func (k *keeper) dismiss() {
	if k.next == nil {
		return
	}
	_ = k.next.proc.Kill()
	_, _ = k.next.proc.Wait()
	_ = k.next.conn.Close()
	k.next = nil
}

// takeNext returns the process that is the worker from now on.
func (k *keeper) takeNext() (*child, error) {
	c := k.next
	k.next, k.calm = nil, nil
	if c == nil || !c.alive() {
		return launch()
	}
	return c, nil
}

// calmed does what shall not disturb a worker that has just begun, and looks
// after the next one from then on.
func (k *keeper) calmed() {
	k.calm = nil
	if k.Standby {
		k.calm = time.After(lookTime)
		if k.next != nil && k.next.alive() {
			return
		}
		k.standBy()
	}
	shrink()
}

// standBy starts the next worker.
func (k *keeper) standBy() {
	var err error
	if k.next, err = launch(); err != nil {
		k.Log.Warn("no worker stands by", "reason", err)
		return
	}
	k.Log.Info("a worker stands by", "pid", k.next.proc.Pid)
}
