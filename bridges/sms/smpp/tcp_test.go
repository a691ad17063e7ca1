package smpp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"causeway/bridges/sms/smpp"
	"causeway/bridges/takeover"
	"causeway/bridges/takeover/takeovertest"
	"causeway/cmd/handset/smsc"
)

// handset is the demo's SMS centre, whose codec was written apart from ours.
type handset struct {
	*smsc.Centre
	texts chan smsc.Text
}

func openHandset(t *testing.T) *handset {
	h := &handset{texts: make(chan smsc.Text, 10)}
	var err error
	h.Centre, err = smsc.Listen("127.0.0.1:0", smsc.Config{
		SystemID: "causeway", Password: "secret", Text: func(x smsc.Text) { h.texts <- x }, Changed: func() {},
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func TestHandset(t *testing.T) {
	centre := openHandset(t)
	h := newMailbox()
	c := run(t, config(centre.Address()), h)
	m := text("hello")
	m.RegisteredDelivery = 1
	id, err := submit(t, c, m)
	if err != nil {
		t.Fatal(err)
	}
	got := get(t, centre.texts)
	if got.Body != "hello" || got.From != "+12025550199" || got.To != "+12025550100" || len(got.IDs) != 1 || got.IDs[0] != id {
		t.Errorf("the centre has %+v, the id is %q", got, id)
	}
	told := make(chan error, 1)
	if err := centre.Send("+12025550100", "+12025550199", "hi", func(err error) { told <- err }); err != nil {
		t.Fatal(err)
	}
	if d := get(t, h.messages); string(d.Payload()) != "hi" || d.Source.Addr != "12025550100" {
		t.Errorf("got %+v", d)
	}
	if err := get(t, told); err != nil {
		t.Error(err)
	}
	get(t, h.answered)
}

// certified makes a certificate for a name, and the pool that trusts it.
func certified(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// listen serves connections until the test ends.
func listen(t *testing.T, l net.Listener, serve func(net.Conn)) string {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serve(conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return l.Addr().String()
}

func tcp(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// forward is a TLS front of a centre without TLS.
func forward(t *testing.T, to string, cert tls.Certificate) string {
	t.Helper()
	return listen(t, tls.NewListener(tcp(t), &tls.Config{Certificates: []tls.Certificate{cert}}), func(in net.Conn) {
		out, err := net.Dial("tcp", to)
		if err != nil {
			t.Error(err)
			return
		}
		back := make(chan struct{})
		go func() {
			defer close(back)
			io.Copy(in, out)
			in.Close()
		}()
		io.Copy(out, in)
		out.Close()
		<-back
	})
}

func TestTLS(t *testing.T) {
	cert, pool := certified(t, "centre.test")
	centre := openHandset(t)
	cfg := config(forward(t, centre.Address(), cert))
	cfg.TLS = &tls.Config{RootCAs: pool, ServerName: "centre.test"}
	h := newMailbox()
	c := run(t, cfg, h)
	if _, err := submit(t, c, text("hello")); err != nil {
		t.Error(err)
	}
	get(t, centre.texts)
	if err := centre.Send("+12025550100", "+12025550199", "hi", func(error) {}); err != nil {
		t.Fatal(err)
	}
	get(t, h.messages)
	get(t, h.answered) // counted under TLS
}

func TestCheckWords(t *testing.T) {
	cert, pool := certified(t, "centre.test")
	centre := openHandset(t)
	secure := forward(t, centre.Address(), cert)
	closed := tcp(t)
	closed.Close()
	hangUp := listen(t, tcp(t), func(net.Conn) {})
	trust := &tls.Config{RootCAs: pool, ServerName: "centre.test"}
	cases := []struct {
		name, address string
		tls           *tls.Config
		words         string
	}{
		{"well", centre.Address(), nil, ""},
		{"well, TLS", secure, trust, ""},
		{"nobody", closed.Addr().String(), nil, "nobody listens there"},
		{"TLS to plain", centre.Address(), trust, "TLS"},
		{"plain to TLS", secure, nil, "it may want TLS"},
		{"not trusted", secure, &tls.Config{ServerName: "centre.test"}, "not trusted here"},
		{"another name", secure, &tls.Config{RootCAs: pool, ServerName: "other.test"}, "for another name"},
		{"the address as name", secure, &tls.Config{RootCAs: pool}, "for another name"},
		{"hangs up", hangUp, nil, "ended the connection instead of answering the bind"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cfg := config(c.address)
			cfg.TLS, cfg.ConnectTimeout = c.tls, 10*time.Second
			err := smpp.Check(t.Context(), cfg)
			if c.words == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want %q", err, c.words)
			}
		})
	}
}

// A bind over TLS cannot be handed over: it ends in order, and what is noted of
// its submits stays.
func TestTLSIsNotHandedOver(t *testing.T) {
	cert, pool := certified(t, "centre.test")
	centre := openHandset(t)
	cfg := config(forward(t, centre.Address(), cert))
	cfg.TLS, cfg.Keeper = &tls.Config{RootCAs: pool, ServerName: "centre.test"}, takeovertest.New(t)
	var ids []string
	for range 2 {
		h := newMailbox()
		c := smpp.New(cfg, h)
		ctx, cancel := context.WithCancelCause(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx) }()
		get(t, h.bound)
		id, err := c.Submit(t.Context(), smpp.Ticket{Key: "hello"}, text("hello"))
		if err != nil {
			t.Error(err)
		}
		ids = append(ids, id)
		cancel(takeover.ErrHandover)
		if err := get(t, ended); err != nil {
			t.Error(err)
		}
	}
	get(t, centre.texts)
	if ids[0] != ids[1] || len(centre.texts) != 0 {
		t.Errorf("ids %q, %d texts more", ids, len(centre.texts))
	}
}
