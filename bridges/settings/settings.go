// Package settings is what the configuration says in the same words in several
// places: a server to connect to, a secret in a file.
package settings

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Server is one to connect to.
type Server struct {
	Address string `yaml:"address"` // host:port
	TLS     bool   `yaml:"tls"`     // from the first byte
	// CAFile holds the PEM certificates to trust instead of the system's.
	CAFile string `yaml:"ca_file"`
}

// ClientTLS returns how to connect by TLS; nil without TLS. It reads CAFile,
// and its errors do not name it.
func (s Server) ClientTLS() (*tls.Config, error) {
	if !s.TLS {
		return nil, nil
	}
	host, _, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if s.CAFile == "" {
		return c, nil
	}
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		return nil, cause(err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("holds no PEM certificate")
	}
	return c, nil
}

// CheckCAFile says what is wrong with CAFile, which it reads.
func (s Server) CheckCAFile() error {
	if s.CAFile == "" {
		return nil
	}
	if !s.TLS {
		return errors.New("does nothing without tls: true")
	}
	if _, err := s.ClientTLS(); err != nil {
		return fmt.Errorf("cannot be used: %w", err)
	}
	return nil
}

// Decode has a block read into what it is for. An error of the YAML reader says
// in which line something is of the wrong kind, and not what stands there: that
// may be a secret.
func Decode(decode func(any) error, into any) error {
	err := decode(into)
	var wrong *yaml.TypeError
	if !errors.As(err, &wrong) || len(wrong.Errors) == 0 {
		return err
	}
	line, _, _ := strings.Cut(wrong.Errors[0], ":")
	return fmt.Errorf("%s: a value is of the wrong kind", line)
}

// Fault is an error at a key, as the configuration's reader wants it.
func Fault(key, format string, args ...any) error {
	return fmt.Errorf("%s: %w", key, fmt.Errorf(format, args...))
}

// IsHostPort tells whether s is an address to connect to or to listen at: a
// host, a colon and the number of a port.
func IsHostPort(s string) bool {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// ReadSecret returns what a file holds, without the ends of lines behind it.
// Its errors do not name the file: somebody may have put the secret itself
// there.
func ReadSecret(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("cannot be read: %w", cause(err))
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// cause returns why a file cannot be read, without its name.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
