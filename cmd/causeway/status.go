package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"causeway/cmd/causeway/app"
)

type statusCmd struct{}

// errDown is the outcome of a status in which something is not up.
var errDown = errors.New("not everything is up")

// Run prints how the running program is; it fails when something is down.
func (statusCmd) Run(e *env) error {
	cfg, err := e.load()
	if err != nil {
		return err
	}
	if cfg.HTTP.Listen == "" {
		return usageError{errors.New("http.listen is empty: there is nobody to ask")}
	}
	s, err := askRunning(e.ctx, cfg)
	if err != nil {
		return err
	}
	if !printStatus(e.out, s, time.Now()) {
		return errDown
	}
	return nil
}

// printStatus prints a table and tells whether everything is up.
func printStatus(w io.Writer, s *app.Status, now time.Time) (up bool) {
	fmt.Fprintf(w, "causeway %s, up %s, store %s, %s in quarantine\n%s\n\n",
		s.Version, age(s.Started, now), s.Store, number(s.Quarantine), processes(s))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "BRIDGE\tNETWORK\tXMPP SERVER\tLINK\tTO NETWORK\tACCOUNTS\tUNSETTLED\tPARKED")
	up = s.ToStore.Up
	for _, b := range s.Bridges {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", b.Domain, b.Network, b.Server,
			word(b.Link, now), word(b.ToNetwork, now), number(b.Accounts), b.Unsettled, number(b.Parked))
		up = up && b.Link.Up && b.ToNetwork.Up
	}
	_ = t.Flush() // to a terminal or a buffer
	why(w, "store, nothing is accepted", s.ToStore)
	for _, b := range s.Bridges {
		why(w, b.Domain+", link", b.Link)
		why(w, b.Domain+", to the network", b.ToNetwork)
		if b.Off != "" {
			fmt.Fprintf(w, "\n%s, turned off by an administrator: %s\n", b.Domain, b.Off)
		}
	}
	printQuarantined(w, s.Quarantined)
	return up
}

// processes says which they are.
func processes(s *app.Status) string {
	switch k := s.Keeper; {
	case k.PID == 0:
		return fmt.Sprintf("process %d, without a keeper", s.PID)
	case s.Orphan:
		return fmt.Sprintf("process %d, whose keeper %d has died: start causeway once more", s.PID, k.PID)
	case k.Restarts == 0:
		return fmt.Sprintf("process %d, keeper %d", s.PID, k.PID)
	default:
		return fmt.Sprintf("process %d, keeper %d, restarted %d times, last after: %s", s.PID, k.PID, k.Restarts, k.Last)
	}
}

// printQuarantined prints what could not be handled, as far as it was told.
func printQuarantined(w io.Writer, all []app.Quarantined) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintln(w, "\nIn quarantine, the newest first (see store quarantine):")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, q := range all {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", moment(q.At), q.Bridge, shown([]byte(q.From)), shown([]byte(q.To)),
			kind(q.Kind), shown([]byte(q.Reason)))
	}
	_ = t.Flush() // to a terminal or a buffer
}

// number is a count, which may not be known.
func number(n int) string {
	if n < 0 {
		return "?"
	}
	return strconv.Itoa(n)
}

// word is a state in a table.
func word(s app.State, now time.Time) string {
	w := "down"
	if s.Up {
		w = "up"
	}
	if s.Since.IsZero() {
		return w
	}
	return w + " " + age(s.Since, now)
}

// why explains a state that is down.
func why(w io.Writer, what string, s app.State) {
	if !s.Up && s.Why != "" {
		fmt.Fprintf(w, "\n%s: %s\n", what, s.Why)
	}
}

// age is a time span for people.
func age(since, now time.Time) string {
	d := now.Sub(since)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd", int(d.Hours())/24)
}
