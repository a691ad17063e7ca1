//go:build linux

package keeper

import (
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Config says how a program is kept.
type Config struct {
	Log *slog.Logger
	// Trials and Formats decide about an upgrade. For a binary that does not
	// read all of the formats of notes that this program writes, the worker
	// closes its connections in order.
	Trials  Trials
	Formats []string
	// ReadyTime bounds how long the first worker of a new binary may take
	// before the old one comes back. 0: 30 s.
	ReadyTime time.Duration
	// Standby has the next worker begin while this one serves, up to the point
	// where it waits in Attach: so a death is followed by a start that takes
	// no time for what comes before. It takes the memory of an idle process.
	Standby bool
}

const (
	firstDelay = 50 * time.Millisecond
	maxDelay   = 5 * time.Second
	maxDeaths  = 10 // in a row, before ready

	leaveTime = 5 * time.Second  // to hand over
	closeTime = 20 * time.Second // to close in order

	failed = 1 // the exit status of a worker that says why it ends
	usage  = 2 // and of one that another start does not mend
)

// keeper is the parent. Its loop owns all but held, which belongs to attend
// while a worker lives.
type keeper struct {
	Config
	signals chan os.Signal
	held    held
	starts  int
	last    string // why the last worker ended

	proc    *os.Process // nil: none lives
	conn    *net.UnixConn
	next    *child // nil: none waits
	events  chan event
	ready   bool
	deaths  int  // in a row, before ready
	reload  bool // SIGHUP came before ready
	leaving bool // the worker hands over
	stop    bool // the worker ends for good
	old     int  // the binary before this one, until a worker of this is ready
	due     <-chan time.Time
	late    <-chan time.Time // then the worker is killed
	calm    <-chan time.Time // see calmed
	trial   chan verdict     // nil: none is under way
}

// Run starts this program again as a worker, with the same arguments, and
// again when it dies, until the worker ends in order, or SIGTERM or SIGINT
// comes; both are forwarded to it, as SIGHUP is. It returns the exit status.
// SIGUSR2 replaces the program by the binary that is now at its path.
func Run(c Config) (status int) {
	k := &keeper{Config: c, signals: make(chan os.Signal, 16), events: make(chan event)}
	signal.Notify(k.signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR2)
	k.resume()
	defer k.dismiss()
	for end := false; !end; {
		select {
		case s := <-k.signals:
			k.signal(s)
			end = k.stop && k.proc == nil
		case e := <-k.events:
			status, end = k.happened(e)
		case <-k.due:
			k.due = nil
			k.start()
		case <-k.calm:
			k.calmed()
		case <-k.late:
			k.Log.Error("the worker takes too long and is killed", "pid", k.proc.Pid)
			_ = k.proc.Kill()
		case v := <-k.trial:
			if k.trial = nil; !k.stop {
				k.judge(v)
			}
		}
	}
	return status
}

func (k *keeper) signal(s os.Signal) {
	switch {
	case s == syscall.SIGUSR2:
		k.upgrade()
	case s == syscall.SIGHUP && k.ready:
		_ = k.proc.Signal(s)
	case s == syscall.SIGHUP:
		k.reload = true // what starts now may have read the old configuration
	case k.proc == nil:
		k.stop = true
	case k.stop: // the second time
		_ = k.proc.Kill()
	default:
		k.stop, k.late = true, time.After(closeTime)
		_ = k.proc.Signal(syscall.SIGTERM)
	}
}

// happened takes what an attendant tells. After some deaths nothing is left to
// do: then Run ends with the status.
func (k *keeper) happened(e event) (status int, end bool) {
	if e.ready {
		k.ready, k.deaths, k.late = true, 0, nil
		k.forgetOld()
		if k.reload {
			k.reload = false
			_ = k.proc.Signal(syscall.SIGHUP)
		}
		k.calm = time.After(calmTime)
		return 0, false
	}
	ready, left := k.ready, k.leaving
	k.proc, k.ready, k.leaving, k.late, k.last = nil, false, false, nil, e.reason
	k.Log.Info("the worker has ended", "pid", e.pid, "reason", e.reason, "ready", ready)
	refused := k.starts == 1 && !ready && (e.status == failed || e.status == usage)
	switch {
	case k.stop && e.status == signalled && !ready:
		return 0, true // it had not begun
	case k.stop && e.status == signalled:
		return failed, true
	case k.stop, e.status == 0 && !left, refused:
		return e.status, true
	case left, ready && e.status != failed:
		k.start()
	case k.old != noFD:
		k.goBack()
	default:
		return failed, k.backOff()
	}
	return 0, false
}

// backOff puts the next start off. It tells whether there is none.
func (k *keeper) backOff() (end bool) {
	if k.deaths++; k.deaths >= maxDeaths {
		k.Log.Error("the worker cannot start", "deaths", k.deaths, "reason", k.last)
		return true
	}
	d := min(firstDelay<<(k.deaths-1), maxDelay)
	d = d/2 + rand.N(d/2)
	k.Log.Warn("the worker is started again", "in", d, "deaths", k.deaths)
	k.due = time.After(d)
	return false
}
