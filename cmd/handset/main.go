// Command handset is an SMS centre with one phone, shown on a web page. The
// gateway connects to it as to a carrier, by SMPP. It is for trying and
// testing; no carrier is behind it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"causeway/cmd/handset/phone"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "handset:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	c := phone.Config{Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	flag.StringVar(&c.SMPP, "smpp", "127.0.0.1:2775", "where the gateway connects")
	flag.StringVar(&c.Password, "password", "", "what the gateway must give (default: anything)")
	flag.StringVar(&c.Number, "number", "+12025550100", "the phone's number; no other number has a phone")
	flag.StringVar(&c.Peer, "peer", "+12025550199", "whom the phone writes to first")
	web := flag.String("http", "127.0.0.1:9480", "where the page is")
	flag.Parse()
	p, err := phone.New(c)
	if err != nil {
		return err
	}
	defer p.Close()
	l, err := net.Listen("tcp", *web)
	if err != nil {
		return err
	}
	s := &http.Server{Handler: p.Handler(), ReadHeaderTimeout: 10 * time.Second}
	end := context.AfterFunc(ctx, func() { s.Close() })
	defer end()
	fmt.Printf("The SMS centre listens on %s, the phone is at http://%s/\n", p.Address(), l.Addr())
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
