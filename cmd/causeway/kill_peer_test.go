package main_test

import (
	"bufio"
	"fmt"
	"maps"
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
	for server := range lab.Servers {
		for name, c := range ends(link, ended) {
			t.Run(server+" "+name, func(t *testing.T) {
				t.Parallel()
				k := newTraffic(t, setup{server: server, stuck: outOfReach, orders: true, whole: !c.may.lost, rate: killRate, link: true, bind: true, cut: 200})
				k.beginStuck()
				k.endsAt(c)
				if n := k.connections(); n != c.count {
					t.Errorf("the XMPP server has seen %d component connections", n)
				}
			})
		}
	}
}

// TestKillAsTheBindEnds is the same with the connection to the SMS centre: to
// ours, and to those that nobody here wrote, which may lose what they have not
// read (see TestFaultsOfRealCentres).
func TestKillAsTheBindEnds(t *testing.T) {
	centres := maps.Clone(lab.Centres)
	centres["ours"] = ""
	for with, real := range centres {
		for name, c := range ends(bind, allowed{doubt: true, twice: real != ""}) {
			t.Run(with+" "+name, func(t *testing.T) {
				t.Parallel()
				k := newTraffic(t, setup{server: "prosody", real: real, orders: true, whole: true, rate: killRate, link: true, bind: true, cut: 200})
				k.begin()
				k.endsAt(c)
				if n := k.centre.Stats().Binds; n != c.count {
					t.Errorf("the SMS centre has seen %d binds", n)
				}
				if n := k.connections(); n != 1 {
					t.Errorf("the XMPP server has seen %d component connections", n)
				}
			})
		}
	}
}

// end is how a connection ends as the worker dies, what that may do to texts,
// and how many connections there are in all.
type end struct {
	strike func(k *traffic)
	may    allowed
	count  int
}

// ends are those of one connection.
func ends(of func(*traffic) *proxy.Proxy, may allowed) map[string]end {
	return map[string]end{
		"end of file": {func(k *traffic) { k.killAnd(of(k).Finish) }, may, 2},
		"reset":       {func(k *traffic) { k.killAnd(of(k).Reset) }, may, 2},
		"full buffer": {func(k *traffic) { k.fullBuffer(of(k)) }, allowed{}, 1},
	}
}

// endsAt ends a connection so, between load that is answered, and counts.
func (k *traffic) endsAt(e end) {
	k.t.Helper()
	k.await(k.flow())
	e.strike(k)
	k.await(k.flow())
	k.finish()
	k.verdict(e.may)
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

// fullBuffer: the other side takes nothing, until the worker waits in write(2),
// or until the window of the centre is full, and is killed there.
func (k *traffic) fullBuffer(p *proxy.Proxy) {
	k.t.Helper()
	if err := p.Lose(proxy.Up); err != nil {
		k.t.Fatal(err)
	}
	before, still := 0, 0
	lab.Await(k.t, "the send buffer is full", func() bool {
		now := queued(k.t, p.Address())
		if still++; now == 0 || now != before {
			before, still = now, 0
		}
		return still > 20
	})
	k.t.Logf("%d bytes wait", before)
	k.killAnd(func() {
		if err := p.Heal(); err != nil {
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
