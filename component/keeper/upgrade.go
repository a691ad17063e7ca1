//go:build linux

package keeper

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// envState has the state of the process that this one was before execve.
const envState = "CAUSEWAY_KEEPER_STATE"

// state is what a keeper leaves to the program that replaces it. Another
// version may read it.
type state struct {
	Worker, Socket int    // Worker 0: none lives
	Leave          string // what the worker is told
	Held           held
	Old            int // the replaced binary; noFD: it is not to come back
	Starts         int
	Last           string
}

// verdict is what came of the trials of a binary.
type verdict struct {
	path  string
	reads bool // our notes
	err   error
}

// upgrade tries the binary on disk, beside all that goes on.
func (k *keeper) upgrade() {
	if k.stop || k.trial != nil || k.old != noFD || k.leaving {
		k.Log.Warn("no upgrade: another is under way, or the end")
		return
	}
	k.trial = make(chan verdict, 1)
	go func(done chan<- verdict) {
		path, err := binary()
		v := verdict{path: path, err: err}
		k.Log.Info("upgrade: the binary is tried", "path", path)
		if err == nil {
			v.reads, v.err = k.Trials.try(path, k.Formats)
		}
		done <- v
	}(k.trial)
}

// judge replaces this program, or says why not.
func (k *keeper) judge(v verdict) {
	s := state{Leave: msgLeave}
	if !v.reads {
		s.Leave += " " + closing
	}
	if v.err == nil {
		s.Old, v.err = unix.Open("/proc/self/exe", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	}
	if v.err == nil {
		v.err = k.become(v.path, s)
		_ = unix.Close(s.Old)
	}
	k.Log.Error("the upgrade is refused, the old program stays", "reason", v.err)
}

// goBack makes this program the one before again.
func (k *keeper) goBack() {
	k.Log.Error("the new program does not start, the old one comes back", "reason", k.last)
	err := k.become(fmt.Sprint("/proc/self/fd/", k.old), state{Old: noFD})
	k.Log.Error("the old program does not come back", "reason", err)
	k.forgetOld()
}

func (k *keeper) forgetOld() {
	if k.old != noFD {
		_ = unix.Close(k.old)
		k.old = noFD
	}
}

// become replaces the program of this process, which goes on with the same
// worker and descriptors. It returns only when that fails. Signals wait for the
// program that comes, which has no handler at first.
func (k *keeper) become(path string, s state) error {
	k.dismiss()
	s.Worker, s.Socket = k.pause()
	s.Held, s.Starts, s.Last = k.held, k.starts, k.last
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	inherit := append(slices.Collect(maps.Values(k.held)), s.Socket, s.Old)
	var signals, before unix.Sigset_t
	signals.Val[0] = 1<<(unix.SIGTERM-1) | 1<<(unix.SIGINT-1) | 1<<(unix.SIGHUP-1) | 1<<(unix.SIGUSR2-1)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = unix.PthreadSigmask(unix.SIG_BLOCK, &signals, &before)
	setFlags(inherit, 0)
	err = unix.Exec(path, os.Args, append(os.Environ(), envState+"="+string(text)))
	setFlags(inherit, unix.FD_CLOEXEC)
	_ = unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil)
	if k.proc == nil {
		k.due = time.After(firstDelay)
		return err
	}
	_ = k.conn.SetReadDeadline(time.Time{})
	k.calm = time.After(calmTime)
	go k.attend(k.proc, k.conn, "")
	return err
}

func setFlags(fds []int, flags int) {
	for _, fd := range fds {
		_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETFD, flags) // noFD is none
	}
}

// pause ends the attendance, so that no message is lost in this process.
func (k *keeper) pause() (worker, socket int) {
	if k.proc == nil {
		return 0, noFD
	}
	_ = k.conn.SetReadDeadline(time.Unix(1, 0))
	e := <-k.events
	for ; e.ready; e = <-k.events {
		k.ready = true
	}
	if !e.paused {
		k.proc, k.ready, k.last = nil, false, e.reason
		return 0, noFD
	}
	if raw, err := k.conn.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { socket = int(fd) })
	}
	return k.proc.Pid, socket
}

// resume goes on for the program before, or else starts a worker.
func (k *keeper) resume() {
	s := state{Socket: noFD, Old: noFD, Held: held{}}
	_ = json.Unmarshal([]byte(os.Getenv(envState)), &s) // else it is an ordinary start
	_ = os.Unsetenv(envState)
	k.held, k.starts, k.last, k.old = s.Held, s.Starts, s.Last, s.Old
	setFlags(append(slices.Collect(maps.Values(k.held)), k.old), unix.FD_CLOEXEC)
	conn, err := connOf(s.Socket)
	if err != nil { // there is no worker
		k.start()
		return
	}
	k.conn, k.leaving, k.late = conn, true, time.After(leaveTime)
	if s.Leave != msgLeave {
		k.late = time.After(closeTime)
	}
	k.proc, _ = os.FindProcess(s.Worker) // never fails (os.FindProcess)
	_ = send(conn, s.Leave, noFD)        // if that fails it has died
	go k.attend(k.proc, conn, "")
}
