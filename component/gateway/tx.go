package gateway

import (
	"context"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
)

// tx is what the answer to one stanza changes and says: one commit holds the
// effect, the settlement of the stanza, and the stanzas of ours that follow,
// so that a crash repeats all of it or nothing.
type tx struct {
	account bridges.AccountID // whose stanza it is
	from    string            // the full JID
	batch   mapping.Batch
	outs    []*stanza.Out
	follow  []*stanza.Out // what follows the reply
	greet   string        // the words for a new user
	enrolls bool          // the user registers, or changes the registration
	opens   *dialogue     // begins, also when the answer is an error
	// tells tells the bridge what it must know before the commit: who is killed in
	// between handles the stanza again.
	tells  []func(ctx context.Context) error
	before []func() // run before the commit
	after  []func() // run after it, whatever came of it
	done   []func() // run after it when it succeeded, before anything is sent
}

// begin starts the answer to a stanza of an account; key may be zero.
func (g *Gateway) begin(id bridges.AccountID, key mapping.Key) *tx {
	t := &tx{account: id}
	if key != (mapping.Key{}) {
		t.batch.Settle = []mapping.Key{key}
	}
	return t
}

// fails takes back all but the settlement of the stanza that t answers, and the
// dialogue that goes on in its place.
func (t *tx) fails() {
	settle := t.batch.Settle
	*t = tx{account: t.account, from: t.from, opens: t.opens}
	t.batch.Settle = settle
}

// send adds a stanza of ours.
func (t *tx) send(o *stanza.Out) { t.outs = append(t.outs, o) }

// keeps puts down what is known of a contact. Of whom nothing is, no row is left.
func (t *tx) keeps(c mapping.Contact) {
	if c.Subscription == 0 {
		t.batch.DeleteContacts = append(t.batch.DeleteContacts, c)
	} else {
		t.batch.PutContacts = append(t.batch.PutContacts, c)
	}
}

// changes tells whether a commit is needed.
func (t *tx) changes() bool {
	b := &t.batch
	return len(b.Settle)+len(b.PutAccounts)+len(b.DeleteAccounts)+len(b.PutContacts)+
		len(b.DeleteContacts)+len(b.PutSwitch)+len(b.Park) > 0
}

// cycle puts the stanzas of t into its batch, as records of one cycle.
func (t *tx) cycle(domain string) *mapping.Cycle {
	if len(t.outs) == 0 {
		return nil
	}
	c := &mapping.Cycle{Bridge: domain, Records: make([]mapping.Record, len(t.outs))}
	for i, o := range t.outs {
		c.Records[i] = toXMPP(o)
	}
	t.batch.Cycles = []*mapping.Cycle{c}
	return c
}

// commit writes t and then sends its stanzas. When t changes nothing they are
// sent without having been journalled. The error is the store's, or the bridge's
// who could not note what t tells it.
func (g *Gateway) commit(ctx context.Context, t *tx) error {
	for _, f := range t.tells {
		if err := tellBridge(ctx, f); err != nil {
			return err
		}
	}
	if !t.changes() {
		for _, f := range t.done {
			f()
		}
		for _, o := range t.outs {
			g.send(ctx, o)
		}
		return nil
	}
	for _, f := range t.before {
		f()
	}
	cycle := t.cycle(g.domain)
	g.at("commit")
	err := g.store.Commit(ctx, &t.batch)
	for _, f := range t.after {
		f()
	}
	if err != nil {
		return err
	}
	for _, f := range t.done {
		f()
	}
	g.at("committed")
	for i, o := range t.outs {
		g.sendKeyed(ctx, o, cycle.Key(i), &flight{account: t.account})
	}
	return nil
}

// finish commits t and logs what failed.
func (g *Gateway) finish(ctx context.Context, t *tx) {
	if err := g.commit(ctx, t); err != nil && ctx.Err() == nil {
		g.log.Error("cannot commit", "err", err)
	}
}
