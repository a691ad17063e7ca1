//go:build linux

package keeper

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// envState has the number of a descriptor with the state of the process that
// this one was before execve.
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
	closing bool // it does not read our notes
	err     error
}

// upgrade tries the binary on disk, beside all that goes on.
func (k *keeper) upgrade() {
	if k.stop || k.trial != nil || k.old != noFD || k.leaving {
		k.Log.Warn("no upgrade: another is under way, or the end")
		return
	}
	k.Log.Info("upgrade: the binary is tried", "path", k.path)
	k.trial = make(chan verdict, 1)
	go func(done chan<- verdict) {
		var out []byte
		for _, args := range k.Trials {
			var err error
			if out, err = try(k.path, args); err != nil {
				done <- verdict{err: err}
				return
			}
		}
		reads := strings.Fields(string(out))
		done <- verdict{closing: slices.ContainsFunc(k.Formats, func(f string) bool { return !slices.Contains(reads, f) })}
	}(k.trial)
}

func try(path string, args []string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), trialTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s %s: %w: %s", path, strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return out, err
}

// judge replaces this program, or says why not.
func (k *keeper) judge(v verdict) {
	if k.stop {
		return
	}
	err := v.err
	if err == nil {
		s := state{Leave: msgLeave}
		if v.closing {
			s.Leave += " " + closing
		}
		if s.Old, err = unix.Open("/proc/self/exe", unix.O_RDONLY|unix.O_CLOEXEC, 0); err == nil {
			err = k.become(k.path, s)
			_ = unix.Close(s.Old)
		}
	}
	k.Log.Error("the upgrade is refused, the old program stays", "reason", err)
}

// goBack makes this program the one before again.
func (k *keeper) goBack() {
	k.Log.Error("the new program does not start, the old one comes back", "reason", k.last)
	err := k.become(fmt.Sprint("/proc/self/fd/", k.old), state{Old: noFD})
	k.Log.Error("the old program does not come back", "reason", err)
	k.settle()
	k.backOff()
}

// settle ends the time in which the old program may come back.
func (k *keeper) settle() {
	if k.old != noFD {
		_ = unix.Close(k.old)
		k.old = noFD
	}
}

// become replaces the program of this process, which goes on with the same
// worker and descriptors. It returns only when that fails.
func (k *keeper) become(path string, s state) error {
	s.Worker, s.Socket = k.pause()
	s.Held, s.Starts, s.Last = k.held, k.starts, k.last
	fd, err := s.write()
	if err == nil {
		err = k.exec(path, fd, append([]int{fd, s.Socket, s.Old}, slices.Collect(maps.Values(k.held))...))
	}
	if k.proc == nil {
		k.due = time.After(firstDelay)
	} else {
		_ = k.conn.SetReadDeadline(time.Time{})
		go k.attend(k.proc, k.conn)
	}
	return err
}

// exec keeps signals for the program that comes: it has no handler at first.
func (k *keeper) exec(path string, state int, inherit []int) error {
	var signals, before unix.Sigset_t
	signals.Val[0] = 1<<(unix.SIGTERM-1) | 1<<(unix.SIGINT-1) | 1<<(unix.SIGHUP-1) | 1<<(unix.SIGUSR2-1)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = unix.PthreadSigmask(unix.SIG_BLOCK, &signals, &before)
	setFlags(inherit, 0)
	err := unix.Exec(path, os.Args, append(os.Environ(), envState+"="+strconv.Itoa(state)))
	setFlags(inherit, unix.FD_CLOEXEC)
	_ = unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil)
	_ = unix.Close(state)
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

// write puts the state into a file in memory.
func (s state) write() (int, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return noFD, err
	}
	fd, err := unix.MemfdCreate("keeper", unix.MFD_CLOEXEC)
	if err != nil {
		return noFD, err
	}
	_, err = unix.Pwrite(fd, text, 0)
	return fd, err
}

func (s *state) read(fd string) error {
	n, err := strconv.Atoi(fd)
	if err != nil {
		return nil // an ordinary start
	}
	f := os.NewFile(uintptr(n), "state")
	defer f.Close()
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<24))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, s)
}

// resume goes on for the program before, or else starts a worker.
func (k *keeper) resume() {
	s := state{Old: noFD}
	if err := s.read(os.Getenv(envState)); err != nil {
		k.Log.Error("what the program before held is lost", "reason", err)
	}
	_ = os.Unsetenv(envState)
	if s.Held != nil {
		k.held = s.Held
	}
	k.starts, k.last, k.old = s.Starts, s.Last, s.Old
	setFlags(append(slices.Collect(maps.Values(k.held)), k.old), unix.FD_CLOEXEC)
	if s.Worker == 0 {
		k.start()
		return
	}
	conn, err := connOf(s.Socket)
	if err != nil { // without it the worker is an orphan, and asked by the next
		k.start()
		return
	}
	k.conn, k.leaving, k.late = conn, true, time.After(leaveTime)
	if s.Leave != msgLeave {
		k.late = time.After(closeTime)
	}
	k.proc, _ = os.FindProcess(s.Worker) // never fails (os.FindProcess)
	_ = send(conn, s.Leave, noFD)        // if that fails it has died
	go k.attend(k.proc, conn)
}
