package sms

import (
	"context"

	"causeway/bridges/sms/smpp"
	"causeway/bridges/takeover"
)

// connector is one way to an SMS centre. It handles what comes from there.
type connector struct {
	b        *Bridge
	name     string // for people: the address
	system   string // by which the centre knows us
	standard script // what the centre takes data_coding 0 for
	config   smpp.Config
	client   *smpp.Client
}

var _ smpp.Handler = (*connector)(nil)

func newConnector(b *Bridge, s SMPP, k takeover.Keeper) *connector {
	c := &connector{b: b, name: s.Address, system: s.SystemID, standard: *alphabets[s.Alphabet]}
	t, _ := s.ClientTLS() // check has tried it
	c.config = smpp.Config{
		Address: s.Address, SystemID: s.SystemID, Password: s.Password, SystemType: s.SystemType,
		TLS: t, Keeper: k, Window: s.Window, Rate: s.Rate, Log: b.log.With("connector", c.name),
		Count: b.metrics.count(c.name),
	}
	c.client = smpp.New(c.config, c)
	return c
}

// up tells whether the connector is bound.
func (c *connector) up() bool {
	_, err := c.client.State()
	return err == nil
}

// Bound implements smpp.Handler.
func (c *connector) Bound() { c.b.host.Ready() }

// Deliver implements smpp.Handler.
func (c *connector) Deliver(ctx context.Context, stream uint64, batch []*smpp.DeliverSM, try func(func())) []smpp.Status {
	return c.b.deliver(ctx, c, stream, batch, try)
}

// Answered implements smpp.Handler.
func (c *connector) Answered(_ uint64, batch []*smpp.DeliverSM) {
	var once []string
	for _, m := range batch {
		if !isReport(&m.SM) {
			once = append(once, m.Fingerprint())
		}
	}
	if len(once) > 0 {
		c.b.host.Answered(once...)
	}
}
