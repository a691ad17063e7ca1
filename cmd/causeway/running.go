package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"causeway/cmd/causeway/app"
	"causeway/cmd/causeway/config"
)

// errNotRunning says that nothing listens where the program should.
var errNotRunning = errors.New("no causeway runs")

// askRunning gets the status of the program that runs with this configuration;
// errNotRunning when there is none.
func askRunning(ctx context.Context, cfg *config.Config) (*app.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	host, port, _ := net.SplitHostPort(cfg.HTTP.Listen) // the configuration is checked
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	address := net.JoinHostPort(host, port)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/status", nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy: it is this machine
	resp, err := client.Do(req)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("%w: nothing listens at %s", errNotRunning, address)
	} else if err != nil {
		return nil, fmt.Errorf("no answer from %s: %w", address, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("no answer from %s: %w", address, err)
	}
	var s app.Status
	switch err := json.Unmarshal(body, &s); {
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s answers %s: %s", address, resp.Status, strings.TrimSpace(string(body)))
	case err != nil || s.Bridges == nil:
		return nil, fmt.Errorf("%s answers, but is not causeway", address)
	}
	return &s, nil
}
