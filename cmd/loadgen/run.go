package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"causeway/cmd/loadgen/client"
	"causeway/cmd/loadgen/load"
)

type runFlags struct {
	users, contacts, stuck, pids, register string
	n, first                               int
}

// run is the command "run".
func run(ctx context.Context, args []string) error {
	var c load.Config
	var o runFlags
	f := flag.NewFlagSet("loadgen run", flag.ExitOnError)
	f.StringVar(&c.Client.Address, "address", "127.0.0.1:5222", "client port of the XMPP server, without TLS")
	f.StringVar(&c.Client.Domain, "domain", "localhost", "domain of the users")
	f.StringVar(&o.users, "users", "alice", "users, by commas")
	f.StringVar(&c.Client.Password, "password", "secret", "their password")
	f.StringVar(&o.contacts, "contacts", "+1202555%04d@sms.localhost", "pattern of the contacts' JIDs")
	f.IntVar(&o.first, "first", 100, "number of the first contact")
	f.IntVar(&o.n, "conversations", 200, "contacts of each user")
	f.StringVar(&o.stuck, "stuck", "", "JIDs whose answers nobody waits for, by commas")
	f.IntVar(&c.StuckCount, "stuck-texts", 100, "texts to each of these")
	f.StringVar(&o.register, "register", "", "register with this gateway first")
	f.StringVar(&o.pids, "pids", "", "NAME=PID, by commas: processes whose time and memory is reported")
	f.StringVar(&c.Run, "run", strconv.FormatInt(time.Now().Unix(), 36), "prefix of the ids")
	f.IntVar(&c.Window, "window", 256, "texts under way at once, each user")
	f.IntVar(&c.Count, "count", 20000, "texts to send, each user; 0: no end")
	f.Float64Var(&c.Rate, "rate", 0, "texts a second, each user; 0: as many as the window allows")
	f.DurationVar(&c.For, "for", 0, "stop sending after this time; 0: never")
	f.IntVar(&c.Size, "size", 60, "characters of a text")
	f.IntVar(&c.LongEvery, "long-every", 0, "every so many texts a long one; 0: none")
	f.IntVar(&c.LongSize, "long-size", 400, "characters of a long text")
	f.BoolVar(&c.Echo, "echo", false, "a round trip is the text coming back, not its receipt")
	f.BoolVar(&c.Reconnect, "reconnect", false, "log in again when the connection is lost")
	f.DurationVar(&c.Patience, "patience", time.Minute, "how long a text without an answer counts as under way")
	f.DurationVar(&c.Linger, "linger", 0, "go on reading at the end until nothing came for this long")
	f.Parse(args)
	return runLoad(ctx, c, o)
}

func runLoad(ctx context.Context, c load.Config, o runFlags) error {
	if o.stuck != "" {
		c.Stuck = strings.Split(o.stuck, ",")
	}
	for i := range o.n {
		c.Contacts = append(c.Contacts, fmt.Sprintf(o.contacts, o.first+i))
	}
	var all []load.Config
	for i, user := range strings.Split(o.users, ",") {
		one := c
		one.Client.User, one.Client.Resource = user, "load"
		one.Run = fmt.Sprintf("%s%d", c.Run, i)
		if err := register(ctx, one.Client, o.register); err != nil {
			return err
		}
		all = append(all, one)
	}
	meter, err := newMeter(o.pids)
	if err != nil {
		return err
	}
	stop := meter.watch()
	report, err := load.Many(ctx, all)
	stop()
	report.Print(os.Stdout)
	meter.print(os.Stdout, report.Answered)
	if err != nil {
		return err
	}
	return report.Err()
}

// register registers the user with a gateway by jabber:iq:register.
func register(ctx context.Context, c client.Config, gateway string) error {
	if gateway == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	c.Resource = "register"
	cl, err := client.Dial(ctx, c)
	if err != nil {
		return err
	}
	defer cl.Close()
	answer, err := cl.Ask(ctx, gateway, "set", "<query xmlns='jabber:iq:register'/>")
	if err == nil && !strings.Contains(answer, "type='result'") && !strings.Contains(answer, `type="result"`) {
		err = fmt.Errorf("register with %s: %s", gateway, answer)
	}
	return err
}
