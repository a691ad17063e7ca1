package app

import (
	"causeway/component/gateway"
)

// desk is what administrators can do by XMPP that is not of one bridge.
type desk struct {
	ring   *ring
	reload func() string
}

var _ gateway.Operator = (*desk)(nil)

// Reload implements gateway.Operator.
func (d *desk) Reload() string {
	if d.reload == nil {
		return "This program cannot read its configuration again."
	}
	return d.reload()
}

// LastErrors implements gateway.Operator.
func (d *desk) LastErrors() []string { return d.ring.last() }
