package peer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	readyTime = 2 * time.Minute
	stopTime  = 15 * time.Second
	tailSize  = 8 << 10
)

// Spec says what to run.
type Spec struct {
	Name string // in messages; empty: the program's own name
	Path string // a file, or the name of a program on the PATH
	Args []string
	Env  []string // besides the environment of this process
	Dir  string   // where it runs; empty: here
	Log  string   // the file that its output is appended to
	// Output replaces Log for standard output alone.
	Output io.Writer
	Input  *os.File
	// Signal asks the program to stop; nil: SIGTERM.
	Signal os.Signal
	// Ready succeeds as soon as the program serves; nil: at once.
	Ready func() error
	// Family: what the program starts may outlive it. Kill ends that too, and
	// so does the end of this process.
	Family bool
}

// Process is a running child. It dies with this process, however that ends.
type Process struct {
	spec Spec
	cmd  *exec.Cmd
	done chan struct{}

	family *family // nil without Spec.Family
}

// ErrExited is wrapped by the errors of programs that ended before they were
// ready.
var ErrExited = errors.New("it has ended")

// Start runs a program and blocks until it is ready, two minutes at most. ctx ends
// the waiting, not the program: that ends by Stop or Kill, one of which the
// caller owes. An error that a program caused holds the end of its log.
func Start(ctx context.Context, s Spec) (*Process, error) {
	path, err := Find(s.Path)
	if err != nil {
		return nil, err
	}
	if s.Name == "" {
		s.Name = filepath.Base(s.Path)
	}
	p := &Process{spec: s, cmd: exec.Command(path, s.Args...), done: make(chan struct{})}
	if err := p.launch(); err != nil {
		p.family.end()
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	if err := p.await(ctx); err != nil {
		p.Kill()
		return nil, fmt.Errorf("%s: %w\n%s", s.Name, err, p.Tail())
	}
	return p, nil
}

func (p *Process) launch() (err error) {
	env := append(os.Environ(), p.spec.Env...)
	if p.spec.Family {
		if p.family, err = newFamily(); err != nil {
			return err
		}
		env = append(env, p.family.mark)
	}
	log, err := os.OpenFile(p.spec.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd.Dir, p.cmd.Env = p.spec.Dir, env
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if p.spec.Output != nil {
		p.cmd.Stdout = p.spec.Output
	}
	if p.spec.Input != nil {
		p.cmd.Stdin = p.spec.Input
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go p.own(started)
	return <-started
}

// own starts the child and waits for it. The death signal comes when the
// thread ends that started the child, so this goroutine keeps its thread.
func (p *Process) own(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err == nil {
		p.cmd.Wait()
	}
	close(p.done)
}

// await returns when the program is ready, has ended, or takes too long.
func (p *Process) await(ctx context.Context) error {
	if p.spec.Ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	beat := time.NewTicker(20 * time.Millisecond)
	defer beat.Stop()
	for {
		err := p.spec.Ready()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%w: %v", ErrExited, p.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("it is not ready: %w", err)
		case <-beat.C:
		}
	}
}

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// PID returns the program's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Name returns what the program is called in messages.
func (p *Process) Name() string { return p.spec.Name }

// ExitCode returns the exit status after Done, -1 for a signal.
func (p *Process) ExitCode() int {
	<-p.done
	return p.cmd.ProcessState.ExitCode()
}

// Stop asks the program to end and blocks until it has, for 15 s; then it is
// killed and Stop returns an error. Stopping twice is allowed. What is left of
// its family is killed.
func (p *Process) Stop() error {
	defer p.family.end()
	s := p.spec.Signal
	if s == nil {
		s = syscall.SIGTERM
	}
	select {
	case <-p.done:
		return nil
	default:
	}
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	late := time.NewTimer(stopTime)
	defer late.Stop()
	select {
	case <-p.done:
		return nil
	case <-late.C:
		p.Kill()
		return fmt.Errorf("%s did not stop within %s and was killed", p.spec.Name, stopTime)
	}
}

// Pause stops the program and its process group by SIGSTOP, until Resume, or
// Kill, which needs no Resume; Stop does.
func (p *Process) Pause() error { return syscall.Kill(-p.cmd.Process.Pid, syscall.SIGSTOP) }

// Resume lets a paused program go on.
func (p *Process) Resume() error { return syscall.Kill(-p.cmd.Process.Pid, syscall.SIGCONT) }

// Kill ends the program, its process group and its family by SIGKILL and waits
// for it. The family is ended also when the program has ended before.
func (p *Process) Kill() {
	defer p.family.end()
	select {
	case <-p.done: // the id may belong to somebody else by now
	default:
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.done
	}
}

// Tail returns the end of the program's log, whole lines.
func (p *Process) Tail() string { return Tail(p.spec.Log) }

// Tail returns the end of a log file, whole lines, or why there is none.
func Tail(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	if len(text) > tailSize {
		text = text[len(text)-tailSize:]
		text = text[bytes.IndexByte(text, '\n')+1:]
	}
	return strings.TrimRight(string(text), "\n")
}
