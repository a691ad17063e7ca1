package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"time"

	"causeway/cmd/loadgen/centre"
)

// runCentre is the command "centre".
func runCentre(ctx context.Context, args []string) error {
	var c centre.Config
	var m centre.Movement
	f := flag.NewFlagSet("loadgen centre", flag.ExitOnError)
	address := f.String("address", "127.0.0.1:2775", "where to listen")
	f.StringVar(&c.Password, "password", "", "password of the bind; empty: any")
	f.DurationVar(&c.Delay, "delay", 0, "how long a delivery receipt takes")
	stuck := f.String("stuck", "", "numbers that are never reached, by commas")
	status := f.Uint("status", 0x08, "command_status for these; 0xFFFFFFFF: no answer at all")
	from := f.String("from", "1202555%04d", "pattern of the numbers that texts come from")
	first := f.Int("first", 100, "number of the first")
	n := f.Int("conversations", 200, "how many of them")
	to := f.String("to", "", "numbers that texts go to, by commas")
	f.IntVar(&m.Count, "count", 0, "texts to send")
	f.IntVar(&m.Size, "size", 60, "characters of a text")
	f.IntVar(&m.Window, "window", 100, "deliver_sm under way at once")
	f.Float64Var(&m.Rate, "rate", 0, "texts a second; 0: as many as the window allows")
	f.Parse(args)
	c.Stuck = map[string]uint32{}
	for _, number := range strings.FieldsFunc(*stuck, func(r rune) bool { return r == ',' }) {
		c.Stuck[number] = uint32(*status)
	}
	m.From = centre.Numbers(*from, *first, *n)
	m.To = strings.FieldsFunc(*to, func(r rune) bool { return r == ',' })
	return serve(ctx, *address, c, m)
}

func serve(ctx context.Context, address string, c centre.Config, m centre.Movement) error {
	ce, err := centre.Listen(address, c)
	if err != nil {
		return err
	}
	defer ce.Close()
	fmt.Println("ready", ce.Address())
	if m.Count > 0 && len(m.To) > 0 {
		began := time.Now()
		n, err := ce.Move(ctx, m)
		fmt.Printf("%d texts to the client in %v: %.0f/s; %v\n", n, time.Since(began), float64(n)/time.Since(began).Seconds(), err)
	}
	<-ctx.Done()
	fmt.Printf("%+v\ntexts %+v\nincomplete %+v\n", ce.Stats(), ce.Texts.Totals(), ce.Incomplete())
	return nil
}
