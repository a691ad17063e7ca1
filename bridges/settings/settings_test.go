package settings

import (
	"crypto/tls"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, text string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "s3cr3t")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// A server is trusted by the certificates of ca_file, under its own name only.
func TestClientTLS(t *testing.T) {
	h := httptest.NewTLSServer(nil)
	defer h.Close()
	ca := write(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.Certificate().Raw})))
	for host, trusted := range map[string]bool{"example.com": true, "127.0.0.1": true, "example.org": false} {
		c, err := Server{Address: host + ":443", TLS: true, CAFile: ca}.ClientTLS()
		if err != nil {
			t.Fatal(err)
		}
		conn, err := tls.Dial("tcp", h.Listener.Addr().String(), c)
		if (err == nil) != trusted {
			t.Errorf("%s: %v", host, err)
		}
		if err == nil {
			conn.Close()
		}
	}
	if c, err := (Server{Address: "127.0.0.1:1"}).ClientTLS(); c != nil || err != nil {
		t.Errorf("without TLS: %v, %v", c, err)
	}
	if c, err := (Server{Address: "127.0.0.1:1", TLS: true}).ClientTLS(); err != nil || c.RootCAs != nil {
		t.Errorf("with the system's certificates: %v, %v", c, err)
	}
}

func TestCheckCAFile(t *testing.T) {
	for name, c := range map[string]struct {
		server Server
		want   string
	}{
		"none":           {Server{TLS: true}, ""},
		"without tls":    {Server{CAFile: "s3cr3t"}, "does nothing without tls: true"},
		"not there":      {Server{Address: "a:1", TLS: true, CAFile: "/s3cr3t"}, "cannot be used: no such file or directory"},
		"no certificate": {Server{Address: "a:1", TLS: true, CAFile: write(t, "text")}, "cannot be used: holds no PEM certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.server.CheckCAFile(); (err != nil || c.want != "") && (err == nil || err.Error() != c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestIsHostPort(t *testing.T) {
	for s, want := range map[string]bool{
		"127.0.0.1:5347": true, "[::1]:0": true, "smsc.example.org:65535": true, ":2775": true,
		"127.0.0.1": false, "::1:2775": false, "a:65536": false, "a:-1": false, "a:": false, "a:smpp": false, "": false,
	} {
		if IsHostPort(s) != want {
			t.Errorf("%q: %t", s, !want)
		}
	}
}

func TestReadSecret(t *testing.T) {
	if got, err := ReadSecret(write(t, " two words \r\n\n")); got != " two words " || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := ReadSecret("/s3cr3t"); err == nil || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("the error is %v", err)
	}
}
