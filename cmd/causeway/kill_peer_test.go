package main_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/proxy"
)

// TestKillAsTheLinkEnds kills the worker at the moment at which the connection
// to the XMPP server ends or stands still.
func TestKillAsTheLinkEnds(t *testing.T) {
	ended := allowed{lost: true, refused: true, again: true}
	for name, c := range map[string]struct {
		strike func(k *traffic)
		may    allowed
		links  int
	}{
		"end of file": {func(k *traffic) { k.killAnd(k.link.Finish) }, ended, 2},
		"reset":       {func(k *traffic) { k.killAnd(k.link.Reset) }, ended, 2},
		"full buffer": {fullBuffer, allowed{}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newTraffic(t, setup{server: "prosody", stuck: outOfReach, orders: true, whole: !c.may.lost, rate: killRate, link: true, bind: true, cut: 200})
			k.beginStuck()
			k.await(k.flow())
			c.strike(k)
			k.await(k.flow())
			k.finish()
			k.verdict(c.may)
			if n := k.connections(); n != c.links {
				t.Errorf("the XMPP server has seen %d component connections", n)
			}
		})
	}
}

// killAnd does something to the link while the worker dies.
func (k *traffic) killAnd(strike func()) {
	k.t.Helper()
	pid := k.gateway.worker()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		k.t.Fatal(err)
	}
	strike()
	k.gateway.awaitWorker(pid)
}

// fullBuffer: the XMPP server takes nothing, until the worker waits in write(2)
// and is killed there.
func fullBuffer(k *traffic) {
	k.t.Helper()
	if err := k.link.Lose(proxy.Up); err != nil {
		k.t.Fatal(err)
	}
	before, still := 0, 0
	lab.Await(k.t, "the send buffer is full", func() bool {
		now := queued(k.t, k.link.Address())
		if still++; now == 0 || now != before {
			before, still = now, 0
		}
		return still > 20
	})
	k.t.Logf("%d bytes wait", before)
	k.killAnd(func() {
		if err := k.link.Heal(); err != nil {
			k.t.Error(err)
		}
	})
}

// queued returns how many bytes the kernel has for a TCP address that are not
// acknowledged (proc_pid_net(5), /proc/net/tcp).
func queued(t testing.TB, address string) int {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sum := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 5 || !strings.HasSuffix(fields[2], fmt.Sprintf(":%04X", n)) {
			continue
		}
		waiting, _, _ := strings.Cut(fields[4], ":")
		bytes, _ := strconv.ParseUint(waiting, 16, 32)
		sum += int(bytes)
	}
	return sum
}
