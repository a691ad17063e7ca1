package sqlite

import (
	"context"
	"fmt"
	"time"
)

// Retention says how long rows live. Accounts and contacts live until they are
// deleted, and records of the journal until they are settled.
type Retention struct {
	// Messages is how long it is known which message is which: receipts,
	// corrections and replies that come later refer to nothing. 0: 30 days.
	Messages time.Duration
	// Sent is how long a user's message is known by its hash, Once how long
	// a delivery without an id is. 0: 20 minutes.
	Sent, Once time.Duration
	// Quarantine is how long a quarantined record is kept. 0: 30 days.
	Quarantine time.Duration
	// Parked is how long a parked record outlives its expiry, by which its
	// gateway should have told the sender: rows of a bridge that is
	// configured no more. 0: 30 days.
	Parked time.Duration
	// Offsets is how long it is known how far the journal has a connection
	// over which nothing came since. 0: 7 days.
	Offsets time.Duration
	// Released is how long an identity that was given back is known as such,
	// because people still write to whoever had it. 0: 180 days.
	Released time.Duration
}

const day = 24 * time.Hour

func (r Retention) withDefaults() Retention {
	for p, d := range map[*time.Duration]time.Duration{
		&r.Messages: 30 * day, &r.Sent: 20 * time.Minute, &r.Once: 20 * time.Minute,
		&r.Quarantine: 30 * day, &r.Parked: 30 * day, &r.Offsets: 7 * day,
		&r.Released: 180 * day,
	} {
		if *p == 0 {
			*p = d
		}
	}
	return r
}

const (
	sweepEvery         = time.Minute
	sweepMessagesEvery = time.Hour
	// sweepBatch is how many rows of a table one transaction deletes.
	sweepBatch = 200
)

// oldest deletes what is too old among the rows that stand first. Rows stand
// in the order of time but for clocks that were set.
const oldest = `DELETE FROM %[1]s WHERE seq IN
	(SELECT seq FROM (SELECT seq, at FROM %[1]s ORDER BY seq LIMIT %[2]d) WHERE at < ?)`

type sweep struct {
	query string
	keep  time.Duration
}

func (r Retention) sweeps() []sweep {
	first := func(table string) string { return fmt.Sprintf(oldest, table, sweepBatch) }
	return []sweep{
		{first("sent"), r.Sent},
		{first("once"), r.Once},
		{first("quarantine"), r.Quarantine},
		{fmt.Sprintf(`DELETE FROM parked WHERE rowid IN
			(SELECT rowid FROM parked WHERE expires > 0 AND expires < ? LIMIT %d)`, sweepBatch), r.Parked},
		{"DELETE FROM offsets WHERE at < ?", r.Offsets},
		{fmt.Sprintf(`DELETE FROM released WHERE (bridge, self) IN
			(SELECT bridge, self FROM released WHERE at < ? LIMIT %d)`, sweepBatch), r.Released},
	}
}

// sweeper deletes what is too old until ctx ends. Messages go less often, so
// that many of them share a page of their index.
func (s *Store) sweeper(ctx context.Context) {
	often, seldom := time.NewTicker(sweepEvery), time.NewTicker(sweepMessagesEvery)
	defer often.Stop()
	defer seldom.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-often.C:
			err = s.sweepSmall(ctx, s.now())
		case <-seldom.C:
			err = s.sweepMessages(ctx, s.now())
		}
		if err != nil && ctx.Err() == nil {
			s.health.log.Error("store cannot delete old rows", "err", err)
		}
	}
}

// sweepSmall deletes all but messages that is too old at a time, in small
// transactions.
func (s *Store) sweepSmall(ctx context.Context, now time.Time) error {
	for _, w := range s.retention.sweeps() {
		for n := sweepBatch; n >= sweepBatch; {
			err := s.do(ctx, &request{step: func(t *tx) error {
				err := exec(t.conn, w.query, now.Add(-w.keep))
				n = t.conn.Changes()
				return err
			}})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
