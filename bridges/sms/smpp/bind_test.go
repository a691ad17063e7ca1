package smpp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// refuse answers n binds with a status, and returns how long that took.
func (r *rig) refuse(s Status, n int) time.Duration {
	begin := time.Now()
	for range n {
		ce := r.accept()
		p := ce.expect(cmdBindTransceiver)
		ce.say(cmdBindTransceiver|response, s, p.sequence, "")
		ce.gone()
	}
	synctest.Wait()
	return time.Since(begin)
}

// A refusal that only a person can change is not asked for again soon.
func TestBindRefused(t *testing.T) {
	cases := []struct {
		status      Status
		words       string
		least, most time.Duration // for ten
	}{
		{InvalidPassword, "wrong password", 45 * time.Minute, 90 * time.Minute},
		{InvalidSystemID, `does not know system_id "causeway"`, 45 * time.Minute, 90 * time.Minute},
		{BindFailed, "ask its operator", 45 * time.Minute, 90 * time.Minute},
		{AlreadyBound, "bound already", 5 * time.Minute, 25 * time.Minute},
		{InvalidCommand, "v3.4 is needed", 45 * time.Minute, 90 * time.Minute},
		{SystemError, "cannot take the bind", 2 * time.Minute, 5 * time.Minute},
		{Throttling, "cannot take the bind", 2 * time.Minute, 5 * time.Minute},
		{0x0401, "refuses the bind", 45 * time.Minute, 90 * time.Minute},
	}
	for _, c := range cases {
		t.Run(c.status.String(), func(t *testing.T) {
			bubble(t, Config{}, func(r *rig) {
				if d := r.refuse(c.status, 10); d < c.least || d > c.most {
					t.Errorf("ten binds took %s", d)
				}
				_, err := r.c.State()
				if err == nil || !strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), "secret") {
					t.Errorf("State: %v", err)
				}
				r.bind()
				if _, err := r.c.State(); err != nil || r.h.bound != 1 {
					t.Errorf("State: %v, bound %d times", err, r.h.bound)
				}
			})
		})
	}
}

func TestBindIsNotAnswered(t *testing.T) {
	cases := map[string]struct{ octets, words string }{
		"nothing":           {"", "does not answer the bind; perhaps it wants TLS"},
		"a TLS alert":       {"\x15\x03\x01\x00\x02\x02\x16", "speaks TLS, and tls is not set"},
		"a web server":      {"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak SMPP"},
		"another PDU first": {"\x00\x00\x00\x10\x00\x00\x00\x15\x00\x00\x00\x00\x00\x00\x00\x01", "does not answer the bind"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, Config{}, func(r *rig) {
				ce := r.accept()
				ce.expect(cmdBindTransceiver)
				ce.raw(c.octets)
				ce.gone()
				synctest.Wait()
				if _, err := r.c.State(); err == nil || !strings.Contains(err.Error(), c.words) {
					t.Errorf("State: %v", err)
				}
			})
		})
	}
}

// What follows the answer to the bind in the same octets is not lost.
func TestBindAndMore(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		ce := r.accept()
		p := ce.expect(cmdBindTransceiver)
		if got := string(p.body); got != "causeway\x00secret\x00\x00\x34\x00\x00\x00" {
			t.Errorf("bind %q", got)
		}
		// system_id and sc_interface_version, then an enquire_link
		b := append(begin(nil, cmdBindTransceiver|response, OK, p.sequence), "centre\x00\x02\x10\x00\x01\x34"...)
		b = appendBare(end(b, 0), cmdEnquireLink, OK, 9)
		ce.raw(string(b))
		if q := ce.expect(cmdEnquireLink | response); q.sequence != 9 {
			t.Errorf("answer %+v", q)
		}
	})
}

// A stop during the bind does not wait for it.
func TestStopDuringBind(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		ce := r.accept()
		ce.expect(cmdBindTransceiver)
		begin := time.Now()
		r.stop()
		ce.gone()
		if d := time.Since(begin); d != 0 {
			t.Errorf("it took %s", d)
		}
	})
}

func TestBackoff(t *testing.T) {
	var b backoff
	within := func(name string, d, most time.Duration) {
		t.Helper()
		if d < most/2 || d > most {
			t.Errorf("%s: %s, want %s to %s", name, d, most/2, most)
		}
	}
	bound := &StatusError{AlreadyBound}
	within("lost after an hour", b.next(errSilent, time.Hour), time.Second)
	for i := range 4 {
		within("perhaps our own last bind", b.next(bound, 0), 2*time.Second<<i)
	}
	within("somebody else's", b.next(bound, 0), time.Minute)
	within("and again", b.next(bound, 0), 2*time.Minute)
	within("another reason", b.next(errSilent, 0), time.Second)
	for range 100 {
		b.next(errSilent, time.Second)
	}
	within("the longest", b.next(errSilent, 0), time.Minute)
	within("after a good bind", b.next(bound, time.Hour), time.Second)
}

func TestConfigIsChecked(t *testing.T) {
	good := Config{Address: "127.0.0.1:2775", SystemID: "x"}
	cases := map[string]func(*Config){
		"address":     func(c *Config) { c.Address = "127.0.0.1" },
		"system_id":   func(c *Config) { c.SystemID = "" },
		"window":      func(c *Config) { c.Window = -1 },
		"rate":        func(c *Config) { c.Rate = -1 },
		"times":       func(c *Config) { c.AnswerTimeout = 1 },
		"password":    func(c *Config) { c.Password = "a\x00" },
		"system_type": func(c *Config) { c.SystemType = "thirteen octe" },
	}
	for name, spoil := range cases {
		c := good
		spoil(&c)
		if err := New(c, nil).Run(t.Context()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if err := Check(t.Context(), c); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("Check, %s: %v", name, err)
		}
	}
}

func TestDialWords(t *testing.T) {
	cases := map[string]error{
		"its name has no address": &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}},
		"nobody listens there":    &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)},
		"it does not answer":      &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded},
		"cannot be reached: no":   errors.New("no"),
	}
	for words, err := range cases {
		got := New(Config{Address: "centre.test:2775"}, nil).explain(err)
		if !strings.Contains(got.Error(), words) || !errors.Is(got, err) {
			t.Errorf("%v: %q", err, got)
		}
	}
}

func TestSecretDoesNotPrint(t *testing.T) {
	c := Config{Password: "hunter2"}
	if s := fmt.Sprintf("%v %+v %#v %s", c, c, c, c.Password); strings.Contains(s, "hunter2") {
		t.Error(s)
	}
}
