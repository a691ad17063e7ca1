//go:build linux

package keeper

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"causeway/bridges/takeover"
)

// envControl is set in the processes that are the program under test: this
// test binary is the keeper, the worker and the new binary of an upgrade.
const envControl = "KEEPER_TEST_CONTROL"

func TestMain(m *testing.M) {
	if os.Getenv(envControl) == "" {
		os.Exit(m.Run())
	}
	os.Exit(program())
}

// modeSize is how many bytes at the end of its file make a program behave
// differently.
const modeSize = 8

// mode is what the end of this program's file says.
func mode() string {
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		panic(err)
	}
	defer f.Close()
	end, err := f.Seek(-modeSize, io.SeekEnd)
	if err != nil {
		panic(err)
	}
	text, err := io.ReadAll(io.NewSectionReader(f, end, modeSize))
	if err != nil {
		panic(err)
	}
	if m, ok := strings.CutPrefix(string(text), "="); ok {
		return strings.TrimSpace(m)
	}
	return ""
}

// program is one command line of it.
func program() int {
	m := mode()
	switch os.Args[1] {
	case m: // a trial that this binary does not pass
		fmt.Println("no such luck")
		return 1
	case "version", "check":
		return 0
	case "note":
		fmt.Println("a/1")
		if m != "older" {
			fmt.Println("b/1")
		}
		return 0
	}
	if Kept() {
		return worker(m)
	}
	var ready time.Duration
	if m == "hang" {
		ready = 200 * time.Millisecond
	}
	return Run(Config{
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Trials: Trials{{"version"}, {"check"}, {"note"}},
		Formats: []string{"a/1", "b/1"}, ReadyTime: ready, Standby: m == "standby",
	})
}

// worker does what the test says.
func worker(mode string) int {
	switch mode {
	case "die":
		return 3
	case "hang":
		select {}
	}
	h := &hands{signals: make(chan os.Signal, 9), conns: map[string]net.Conn{}, listeners: map[string]net.Listener{}}
	signal.Notify(h.signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	var err error
	ctx := context.Background()
	if mode == "standby" { // then a signal is an order for whoever has nothing to end
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGTERM)
		defer stop()
	}
	if h.Worker, err = Attach(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 4
	}
	c, err := net.Dial("unix", os.Getenv(envControl))
	if err != nil {
		return 5
	}
	r := h.Report()
	fmt.Fprintln(c, os.Getpid(), mode, r.PID == os.Getppid(), r.Restarts, r.Last)
	for s := bufio.NewScanner(c); s.Scan(); {
		fmt.Fprintln(c, strings.ReplaceAll(h.obey(strings.Fields(s.Text())), "\n", " "))
	}
	return 6
}

// hands do what a test orders.
type hands struct {
	*Worker
	signals   chan os.Signal
	conns     map[string]net.Conn
	listeners map[string]net.Listener
}

func (h *hands) obey(a []string) string {
	name := ""
	if len(a) > 1 {
		name = a[1]
	}
	switch a[0] {
	case "ready":
		h.Ready()
	case "exit":
		n, _ := strconv.Atoi(name)
		os.Exit(n)
	case "signal":
		return (<-h.signals).String()
	case "leaving":
		return fmt.Sprint((<-h.Leaving()).Closing)
	case "gone":
		<-h.Gone()
	case "serve":
		_, err := h.Serve(name, a[2:])
		return said(err)
	case "takeover":
		ctx, cancel := withPatience()
		defer cancel()
		return said(h.TakeOver(ctx, name, a[2:]))
	case "relieve":
		ctx, cancel := withPatience()
		defer cancel()
		return said(Relieve(ctx, name))
	case "churn":
		return h.churn(name)
	case "fill":
		return h.fill(name)
	case "fds":
		return descriptors(os.Getpid())
	case "inherited":
		return inherited()
	case "write", "read":
		return h.memory(a[0], name, a[2:])
	default:
		return h.network(a[0], name, a[2:])
	}
	return said(nil)
}

func said(err error) string {
	if err != nil {
		return err.Error()
	}
	return "ok"
}

const areaSize = 64

// memory writes to an area, or reads from one of a given size.
func (h *hands) memory(verb, name string, rest []string) string {
	size := areaSize
	if verb == "read" && len(rest) > 0 {
		size, _ = strconv.Atoi(rest[0])
	}
	area, err := h.Area(name, size)
	if err != nil {
		return err.Error()
	}
	s := takeover.NewSlot(area)
	if verb == "write" {
		s.Set([]byte(rest[0]))
		return said(nil)
	}
	return string(s.Get())
}

func (h *hands) network(verb, name string, rest []string) string {
	var err error
	switch verb {
	case "dial":
		if h.conns[name], err = net.Dial("tcp", rest[0]); err == nil {
			err = h.Hold(name, h.conns[name])
		}
	case "adopt":
		h.conns[name], err = h.Adopt(name)
	case "drop":
		h.Drop(name)
	case "close":
		err = h.conns[name].Close()
	case "send":
		_, err = h.conns[name].Write([]byte(rest[0]))
	case "receive":
		b := make([]byte, 1<<10)
		n, err := h.conns[name].Read(b)
		if err != nil {
			return err.Error()
		}
		return string(b[:n])
	case "listen":
		if h.listeners[name], err = h.Listen(name, rest[0]); err == nil {
			return h.listeners[name].Addr().String()
		}
	case "accept":
		if h.conns[name], err = h.listeners[name].Accept(); err == nil {
			_, err = fmt.Fprint(h.conns[name], os.Getpid())
		}
	default:
		err = fmt.Errorf("no order %q", verb)
	}
	return said(err)
}

// churn holds and drops a thousand connections, each under one of ten names.
func (h *hands) churn(address string) string {
	for i := range 1000 {
		name := fmt.Sprint("churn", i%10)
		c, err := net.Dial("tcp", address)
		if err != nil {
			return err.Error()
		}
		if err := h.Hold(name, c); err != nil {
			return err.Error()
		}
		h.Drop(name)
		c.Close()
	}
	return said(nil)
}

// fill holds one connection until the keeper takes no more.
func (h *hands) fill(address string) string {
	c, err := net.Dial("tcp", address)
	for err == nil {
		err = h.Hold("fill", c)
	}
	return err.Error()
}

// descriptors counts those of a process.
func descriptors(pid int) string {
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return err.Error()
	}
	return strconv.Itoa(len(all))
}

// inherited names the descriptors that a child of this process would get.
func inherited() (list string) {
	all, _ := os.ReadDir("/proc/self/fd")
	for _, e := range all {
		n, _ := strconv.Atoi(e.Name())
		if flags, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0); n > 2 && err == nil && flags&unix.FD_CLOEXEC == 0 {
			to, _ := os.Readlink("/proc/self/fd/" + e.Name())
			list += e.Name() + "=" + to + " "
		}
	}
	return "none" + list
}
