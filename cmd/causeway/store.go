package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"causeway/mapping"
	"causeway/mapping/sqlite"
)

type storeCmd struct {
	Info       storeInfoCmd       `cmd:"" help:"Say what is in the store, and check that it is whole."`
	Quarantine storeQuarantineCmd `cmd:"" help:"What was taken out because it could not be handled: look at it, drop it, try it again."`
	Backup     storeBackupCmd     `cmd:"" help:"Copy the store to a new file, also while causeway runs."`
}

// storePath returns the file of the store.
func (e *env) storePath() (string, error) {
	cfg, err := e.load()
	if err != nil {
		return "", err
	}
	return strings.TrimPrefix(cfg.Store, "sqlite:"), nil
}

type storeInfoCmd struct{}

// errDamaged is the outcome of a check that found damage.
var errDamaged = errors.New("the store is damaged, see above")

// Run prints what is in the store; it fails when the store is damaged.
func (storeInfoCmd) Run(e *env) error {
	path, err := e.storePath()
	if err != nil {
		return err
	}
	r, err := sqlite.Inspect(e.ctx, path)
	if err != nil {
		return err
	}
	printStore(e.out, r)
	if len(r.Problems) > 0 {
		return errDamaged
	}
	return nil
}

func printStore(w io.Writer, r *sqlite.Report) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "store\t%s, version %d\n", r.Path, r.Version)
	fmt.Fprintf(t, "size\t%s, and %s in its -wal\n", amount(r.Size), amount(r.WAL))
	holder := r.Holder
	if holder == "" {
		holder = "nobody"
	}
	fmt.Fprintf(t, "in use by\t%s\n", holder)
	fmt.Fprintf(t, "quarantine\t%d\n", r.Quarantine)
	integrity := "ok"
	if len(r.Problems) > 0 {
		integrity = "DAMAGED"
	}
	fmt.Fprintf(t, "integrity\t%s\n", integrity)
	_ = t.Flush() // to a terminal or a buffer
	for _, p := range r.Problems {
		fmt.Fprintf(w, "  %s\n", shown([]byte(p)))
	}
	fmt.Fprintln(w)
	printStoreBridges(w, r.Bridges)
}

func printStoreBridges(w io.Writer, bridges []sqlite.BridgeReport) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "BRIDGE\tACCOUNTS\tCYCLES\tUNSETTLED\tPARKED\tOLDEST EXPIRES\tNEXT ATTEMPT\tMESSAGES\tNOTES")
	for _, b := range bridges {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%s\t%s\t%d\t%d\n", b.Domain, b.Accounts, b.Cycles, b.Records,
			b.Parked, moment(b.Expires), moment(b.Next), b.Messages, b.Notes)
	}
	_ = t.Flush()
}

// moment is a time for people and scripts.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// amount is a size for people.
func amount(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// kind says what a record is.
func kind(k mapping.Kind) string {
	switch k {
	case mapping.FromXMPP:
		return "stanza from XMPP"
	case mapping.FromNetwork:
		return "event of the network"
	case mapping.ToXMPP:
		return "stanza to XMPP"
	case mapping.Awaited:
		return "message that awaits its report"
	}
	return "damaged cycle"
}

// shown is data as a terminal may have it: as it is if all of it can be
// printed, else quoted.
func shown(data []byte) string {
	s := string(data)
	if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' && r != '\t' }) {
		return s
	}
	return strconv.Quote(s)
}

type storeBackupCmd struct {
	File string `arg:"" help:"The new file; it must not exist."`
}

// Run copies the store.
func (c storeBackupCmd) Run(e *env) error {
	path, err := e.storePath()
	if err != nil {
		return err
	}
	if err := sqlite.Backup(e.ctx, path, c.File); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.out, "%s is copied to %s\n", path, c.File)
	return err
}
