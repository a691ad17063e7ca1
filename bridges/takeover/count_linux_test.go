package takeover

import (
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// However a connection ends, what is read is counted without the peer's FIN.
func TestCountOfTheDead(t *testing.T) {
	for name, c := range map[string]struct {
		end   func(peer *net.TCPConn) error
		state uint8
	}{
		"open":     {func(*net.TCPConn) error { return nil }, unix.BPF_TCP_ESTABLISHED},
		"FIN":      {(*net.TCPConn).CloseWrite, unix.BPF_TCP_CLOSE_WAIT},
		"RST":      {reset, unix.BPF_TCP_CLOSE},
		"FIN, RST": {func(p *net.TCPConn) error { _ = p.CloseWrite(); return reset(p) }, unix.BPF_TCP_CLOSE},
	} {
		t.Run(name, func(t *testing.T) {
			conn, peer := tcpPair(t)
			if _, err := io.WriteString(peer, "text"); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			if err := c.end(peer); err != nil {
				t.Fatal(err)
			}
			awaitState(t, conn, c.state)
			for i := range 4 {
				if got := Count(conn); !got.OK || got.Read != uint64(i+1) {
					t.Errorf("%d are read, counted %+v", i+1, got)
				}
				if i == 3 {
					break
				}
				if _, err := conn.Read(make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func reset(c *net.TCPConn) error {
	_ = c.SetLinger(0)
	return c.Close()
}

func tcpPair(t *testing.T) (conn, peer *net.TCPConn) {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if peer, err = l.AcceptTCP(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.Close() })
	return c.(*net.TCPConn), peer
}

// awaitState waits until the kernel has seen what the peer did.
func awaitState(t *testing.T, c *net.TCPConn, want uint8) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for late := time.Now().Add(20 * time.Second); ; runtime.Gosched() {
		var info *unix.TCPInfo
		_ = raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
		switch {
		case err != nil:
			t.Fatal(err)
		case info.State == want:
			return
		case time.Now().After(late):
			t.Fatalf("state %d, not %d", info.State, want)
		}
	}
}
