package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"causeway/component/gateway"
	"causeway/mapping"
	"causeway/mapping/sqlite"
)

// storeQuarantineCmd looks into the quarantine at any time, and changes it only
// while causeway is stopped: what is put back is taken up by the next start, as
// all that waits, so nothing has to ask the running one to do what it may die
// of.
type storeQuarantineCmd struct {
	List  quarantineListCmd  `cmd:"" default:"withargs" help:"List it (the default)."`
	Show  quarantineShowCmd  `cmd:"" help:"Print one record, with the text and the addresses that it has."`
	Drop  quarantineDropCmd  `cmd:"" help:"Delete one record for good. Only while causeway is stopped."`
	Retry quarantineRetryCmd `cmd:"" help:"Put one record back into the queue: the next start handles it again. Only while causeway is stopped."`
}

// recordKey names a record of the quarantine, as the list does: CYCLE/INDEX.
type recordKey mapping.Key

func (k recordKey) String() string { return fmt.Sprintf("%d/%d", k.Cycle, k.Index) }

// UnmarshalText reads what String writes.
func (k *recordKey) UnmarshalText(text []byte) error {
	cycle, index, ok := strings.Cut(string(text), "/")
	c, err := strconv.ParseUint(cycle, 10, 63)
	i, wrong := strconv.ParseUint(index, 10, 32)
	if !ok || err != nil || wrong != nil {
		return fmt.Errorf("%q is no key: write it as store quarantine lists it, such as 12/3", text)
	}
	*k = recordKey{Cycle: c, Index: uint32(i)}
	return nil
}

type quarantineListCmd struct {
	Show bool `help:"Print the records too: they hold texts and addresses."`
}

// Run lists the quarantine, oldest first.
func (c quarantineListCmd) Run(e *env) error {
	path, err := e.storePath()
	if err != nil {
		return err
	}
	return sqlite.Quarantine(e.ctx, path, func(q mapping.Quarantined) error {
		fmt.Fprintf(e.out, "%s  %s  %s  %s, %d bytes: %s\n", moment(q.At), q.Bridge, recordKey(q.Key),
			kind(q.Record.Kind), len(q.Record.Data), shown([]byte(q.Reason)))
		if c.Show {
			fmt.Fprintf(e.out, "%s\n\n", shown(q.Record.Data))
		}
		return nil
	})
}

type quarantineShowCmd struct {
	Key recordKey `arg:"" help:"As the list has it, such as 12/3."`
}

// errFound ends a search.
var errFound = errors.New("found")

// Run prints one record.
func (c quarantineShowCmd) Run(e *env) error {
	path, err := e.storePath()
	if err != nil {
		return err
	}
	err = sqlite.Quarantine(e.ctx, path, func(q mapping.Quarantined) error {
		if q.Key != mapping.Key(c.Key) {
			return nil
		}
		printRecord(e.out, q)
		return errFound
	})
	switch {
	case errors.Is(err, errFound):
		return nil
	case err == nil:
		err = sqlite.ErrNotThere
	}
	return fmt.Errorf("%s: %w", c.Key, err)
}

func printRecord(w io.Writer, q mapping.Quarantined) {
	from, to := gateway.Parties(q)
	for _, line := range [][2]string{
		{"key", recordKey(q.Key).String()},
		{"at", moment(q.At)},
		{"bridge", q.Bridge},
		{"kind", kind(q.Record.Kind)},
		{"from", from},
		{"to", to},
		{"reason", q.Reason},
	} {
		fmt.Fprintf(w, "%-8s%s\n", line[0], shown([]byte(line[1])))
	}
	fmt.Fprintf(w, "\n%s\n", shown(q.Record.Data))
}

type quarantineDropCmd struct {
	Key recordKey `arg:"" help:"As the list has it, such as 12/3."`
}

// Run deletes one record.
func (c quarantineDropCmd) Run(e *env) error {
	return c.Key.change(e, sqlite.Drop, "is deleted")
}

type quarantineRetryCmd struct {
	Key recordKey `arg:"" help:"As the list has it, such as 12/3."`
}

// Run puts one record back into the journal.
func (c quarantineRetryCmd) Run(e *env) error {
	return c.Key.change(e, sqlite.Requeue, "is in the queue again: start causeway, which handles it")
}

// change does f to a record, and says what it is now or why it stays where it
// is.
func (k recordKey) change(e *env, f func(ctx context.Context, path string, k mapping.Key) error, now string) error {
	path, err := e.storePath()
	if err != nil {
		return err
	}
	switch err := f(e.ctx, path, mapping.Key(k)); {
	case errors.Is(err, sqlite.ErrInUse):
		return fmt.Errorf("the quarantine is changed only while causeway is stopped: %w", err)
	case err != nil:
		return fmt.Errorf("%s: %w", k, err)
	}
	_, err = fmt.Fprintf(e.out, "%s %s\n", k, now)
	return err
}
