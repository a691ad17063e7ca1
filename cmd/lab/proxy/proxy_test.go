package proxy

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a proxy before a server of the test.
type rig struct {
	*Proxy
	t      *testing.T
	server *net.TCPListener
}

func newRig(t *testing.T, tap Tap) *rig {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p, err := Listen(l.Addr().String(), tap)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return &rig{p, t, l}
}

// connect returns both ends of a connection that the proxy knows: something has
// passed it.
func (r *rig) connect() (client, server net.Conn) {
	r.t.Helper()
	client, err := net.DialTimeout("tcp", r.Address(), patience)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { client.Close() })
	r.server.SetDeadline(time.Now().Add(patience))
	if server, err = r.server.Accept(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { server.Close() })
	write(r.t, client, "begin")
	read(r.t, server, "begin")
	return client, server
}

const patience = time.Minute

func write(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, c net.Conn, want string) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(patience))
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("got %q %v, want %q", got[:n], err, want)
	}
}

// over wants the connection to be over, after a text.
func over(t *testing.T, c net.Conn, want string, fits error) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(patience))
	var got bytes.Buffer
	_, err := io.Copy(&got, c)
	if got.String() != want || !errors.Is(err, fits) {
		t.Errorf("the end is %q %v, want %q %v", got.String(), err, want, fits)
	}
}

func TestPass(t *testing.T) {
	r := newRig(t, nil)
	r.Delay(10 * time.Millisecond)
	c, s := r.connect()
	write(t, c, "up")
	read(t, s, "up")
	write(t, s, "down")
	read(t, c, "down")
	c.(*net.TCPConn).CloseWrite()
	over(t, s, "", nil)
	write(t, s, "last")
	s.Close()
	over(t, c, "last", nil)
}

func TestFaults(t *testing.T) {
	var tapped bytes.Buffer
	r := newRig(t, func(_ int, w Way, b []byte) {
		if w == Down {
			tapped.Write(b)
		}
	})
	c, s := r.connect()
	write(t, s, "abcdef")
	read(t, c, "abcdef")
	done := r.Cut(Down, 2)
	write(t, s, "ghi")
	over(t, c, "gh", syscall.ECONNRESET)
	<-done
	over(t, s, "", nil)
	if got := tapped.String(); got != "abcdefgh" {
		t.Errorf("the tap has %q", got)
	}

	c, s = r.connect()
	done = r.Hush(Up, 1)
	write(t, c, "xyz")
	read(t, s, "x")
	<-done
	write(t, s, "still there")
	read(t, c, "still there")
	c.Close()
	over(t, s, "", nil)
}

func TestReset(t *testing.T) {
	r := newRig(t, nil)
	c, s := r.connect()
	write(t, c, "acknowledged")
	r.Reset()
	over(t, s, "acknowledged", nil)
	over(t, c, "", syscall.ECONNRESET)
	r.Shut(true)
	c, err := net.Dial("tcp", r.Address())
	if err == nil {
		defer c.Close()
		over(t, c, "", syscall.ECONNRESET)
	}
	r.Shut(false)
	c, s = r.connect()
	write(t, c, "again")
	read(t, s, "again")
}

func TestFinish(t *testing.T) {
	r := newRig(t, nil)
	r.Split(3)
	if err := r.Segments(536); err != nil {
		t.Fatal(err)
	}
	c, s := r.connect()
	write(t, s, "what was sent")
	read(t, c, "what ")
	r.Finish()
	over(t, c, "was sent", nil)
	write(t, c, "the other way")
	read(t, s, "the other way")
	c.Close()
	over(t, s, "", nil)
}

// acknowledged returns how many bytes the peer's TCP has.
func acknowledged(t *testing.T, c net.Conn) (n uint64) {
	t.Helper()
	err := on(c.(*net.TCPConn), func(fd int) error {
		info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err == nil {
			n = info.Bytes_acked
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestLoseUp(t *testing.T) {
	r := newRig(t, nil)
	c, s := r.connect()
	write(t, c, "before")
	read(t, s, "before")
	if err := r.Lose(Up); err != nil {
		t.Fatal(err)
	}
	before := acknowledged(t, c)
	write(t, c, "lost and sent again")
	write(t, s, "the other way")
	read(t, c, "the other way")
	if n := acknowledged(t, c); n != before {
		t.Errorf("%d bytes are acknowledged that were lost", n-before)
	}
	var late net.Error
	if other, err := net.DialTimeout("tcp", r.Address(), 100*time.Millisecond); !errors.As(err, &late) || !late.Timeout() {
		t.Errorf("a connection is made: %v %v", other, err)
	}
	if err := r.Heal(); err != nil {
		t.Fatal(err)
	}
	read(t, s, "lost and sent again")
	c, s = r.connect()
	write(t, c, "new")
	read(t, s, "new")
}

func TestLoseDown(t *testing.T) {
	r := newRig(t, nil)
	c, s := r.connect()
	if err := r.Lose(Down); err != nil {
		t.Fatal(err)
	}
	write(t, s, "dammed")
	write(t, c, "the other way")
	read(t, s, "the other way")
	c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes come: %v", n, err)
	}
	if err := r.Heal(); err != nil {
		t.Fatal(err)
	}
	read(t, c, "dammed")
}
