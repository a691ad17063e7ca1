package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
)

// ClientTLS returns how to connect by direct TLS; nil without TLS. It reads
// CAFile.
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
		return nil, err
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("holds no PEM certificate")
	}
	return c, nil
}
