package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"
	"sync"
	"time"

	"causeway/cmd/loadgen/ledger"
)

// Report is what became of a load.
type Report struct {
	Sent, Answered int
	// Failed counts error answers by condition and text.
	Failed map[string]int
	// Unanswered texts had no answer at the end; GivenUp ones had to leave
	// their place in the window, but may have been answered since.
	Unanswered, GivenUp int
	// Repeated counts answers to what was answered, AfterError those receipts
	// that came after an error, which is no fault.
	Repeated, AfterError int
	SentStuck            int // texts to stuck contacts
	StuckErrors          int // errors to those, or to ids that are not ours
	Other                int // stanzas of no interest
	Reconnects           int
	Took                 time.Duration // to the last answer
	Latency              Histogram
	Inbound              ledger.Totals // texts from the other side
	Echoes               ledger.Totals // our own, in echo mode
}

func newReport() *Report { return &Report{Failed: map[string]int{}} }

// Rate is answered texts per second.
func (r *Report) Rate() float64 { return float64(r.Answered) / r.Took.Seconds() }

// Err tells what is not as it should be on a healthy system; nil if nothing.
func (r *Report) Err() error {
	var errs []error
	check := func(n int, what string) {
		if n > 0 {
			errs = append(errs, fmt.Errorf("%d %s", n, what))
		}
	}
	check(r.Unanswered, "texts without an answer")
	check(r.Repeated, "repeated answers")
	check(r.Echoes.Again, "echoes came twice")
	check(r.Echoes.Late, "echoes out of order")
	check(r.Inbound.Again, "inbound texts came twice")
	check(r.Inbound.Late, "inbound texts out of order")
	check(r.Inbound.Missing, "inbound texts are missing")
	for text, n := range r.Failed {
		check(n, "errors "+text)
	}
	return errors.Join(errs...)
}

// Print writes the report for people.
func (r *Report) Print(w io.Writer) {
	fmt.Fprintf(w, "sent %d, answered %d in %v: %.0f/s\n", r.Sent, r.Answered, r.Took.Round(time.Millisecond), r.Rate())
	fmt.Fprintf(w, "latency 50%% %v, 90%% %v, 99%% %v, 99.9%% %v, max %v\n", r.Latency.Quantile(.5).Round(time.Microsecond),
		r.Latency.Quantile(.9).Round(time.Microsecond), r.Latency.Quantile(.99).Round(time.Microsecond),
		r.Latency.Quantile(.999).Round(time.Microsecond), r.Latency.max.Round(time.Microsecond))
	if in := r.Inbound; in.Texts > 0 {
		fmt.Fprintf(w, "inbound %d texts of %d contacts: %.0f/s\n", in.Texts, in.Conversations, float64(in.Texts)/r.Took.Seconds())
	}
	if r.SentStuck > 0 {
		fmt.Fprintf(w, "to stuck contacts %d, errors for them %d\n", r.SentStuck, r.StuckErrors)
	}
	var lines []string
	for text, n := range r.Failed {
		lines = append(lines, fmt.Sprintf("%d errors %s", n, text))
	}
	sort.Strings(lines)
	for _, l := range lines {
		fmt.Fprintln(w, l)
	}
	fmt.Fprintf(w, "unanswered %d, given up %d, repeated %d, receipt after error %d, reconnects %d, other stanzas %d\n",
		r.Unanswered, r.GivenUp, r.Repeated, r.AfterError, r.Reconnects, r.Other)
}

// Many runs several loads at once and returns one report of all.
func Many(ctx context.Context, all []Config) (*Report, error) {
	var wg sync.WaitGroup
	reports, errs := make([]*Report, len(all)), make([]error, len(all))
	for i, c := range all {
		wg.Go(func() { reports[i], errs[i] = Run(ctx, c) })
	}
	wg.Wait()
	sum := newReport()
	for _, r := range reports {
		sum.merge(r)
	}
	return sum, errors.Join(errs...)
}

func (r *Report) merge(o *Report) {
	for _, p := range []struct{ sum, more *int }{
		{&r.Sent, &o.Sent},
		{&r.Answered, &o.Answered},
		{&r.Unanswered, &o.Unanswered},
		{&r.GivenUp, &o.GivenUp},
		{&r.Repeated, &o.Repeated},
		{&r.AfterError, &o.AfterError},
		{&r.SentStuck, &o.SentStuck},
		{&r.StuckErrors, &o.StuckErrors},
		{&r.Other, &o.Other},
		{&r.Reconnects, &o.Reconnects},
	} {
		*p.sum += *p.more
	}
	for text, n := range o.Failed {
		r.Failed[text] += n
	}
	r.Took = max(r.Took, o.Took)
	r.Latency.Merge(&o.Latency)
	r.Inbound, r.Echoes = r.Inbound.Plus(o.Inbound), r.Echoes.Plus(o.Echoes)
}
