package peer

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

// maxLine bounds what a script may say in one line.
const maxLine = 1 << 20

// Lines is a running program that is talked to in lines of JSON.
type Lines struct {
	*Process
	in   *os.File
	said chan []byte
	once sync.Once
	gone chan struct{} // closed by Stop: nobody listens any more
	read sync.WaitGroup
}

// StartLines starts a program whose standard input and output are ours. The
// caller owes Stop.
func StartLines(ctx context.Context, s Spec) (*Lines, error) {
	inRead, inWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer inRead.Close()
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		inWrite.Close()
		return nil, err
	}
	defer outWrite.Close()
	s.Input, s.Output = inRead, outWrite
	p, err := Start(ctx, s)
	if err != nil {
		inWrite.Close()
		outRead.Close()
		return nil, err
	}
	l := &Lines{Process: p, in: inWrite, said: make(chan []byte, 64), gone: make(chan struct{})}
	l.read.Go(func() { l.listen(outRead) })
	return l, nil
}

func (l *Lines) listen(out *os.File) {
	defer close(l.said)
	defer out.Close()
	s := bufio.NewScanner(out)
	s.Buffer(nil, maxLine)
	for s.Scan() {
		line := append([]byte(nil), s.Bytes()...)
		select {
		case l.said <- line:
		case <-l.gone:
			return
		}
	}
}

// Tell writes a value as one line. It blocks while the program does not read.
func (l *Lines) Tell(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := l.in.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("%s: %w\n%s", l.Name(), err, l.Tail())
	}
	return nil
}

// Said returns the lines of the program, as they come; it is closed when the
// program has closed its output.
func (l *Lines) Said() <-chan []byte { return l.said }

// seen is what a client reports.
type seen interface {
	// failure says in words what went wrong, if this is that.
	failure() (text string, failed bool)
}

// await returns the next of events that fits, at the latest when ctx ends. Those
// before it are given to skip, unless that is nil.
func await[E seen](ctx context.Context, l *Lines, events <-chan E, fits func(E) bool, skip func(E)) (none E, _ error) {
	for {
		select {
		case e, open := <-events:
			if !open {
				return none, fmt.Errorf("the client has ended\n%s", l.Tail())
			}
			text, failed := e.failure()
			switch {
			case failed:
				return e, fmt.Errorf("the client failed: %s", text)
			case fits(e):
				return e, nil
			case skip != nil:
				skip(e)
			}
		case <-ctx.Done():
			return none, fmt.Errorf("%w\n%s", ctx.Err(), l.Tail())
		}
	}
}

// Stop closes the program's input, which asks it to end, and ends it.
func (l *Lines) Stop() error {
	l.once.Do(func() { close(l.gone) })
	l.in.Close()
	err := l.Process.Stop()
	l.read.Wait()
	return err
}
