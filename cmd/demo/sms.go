package main

import (
	"context"

	"causeway/cmd/lab/peer"
)

// Who takes part in SMS. The numbers are from the range for fiction.
const (
	domain  = "sms.localhost"
	number  = "+12025550199" // that the gateway gives to alice
	handset = "+12025550100"
)

// startHandset starts the SMS centre and its phone.
func (d *demo) startHandset(ctx context.Context) error {
	return d.onFreePorts(2, func(at []string) error {
		d.at.smpp, d.at.phone = at[0], at[1]
		return d.child(ctx, "handset", peer.Spec{
			Args: []string{
				"-smpp", d.at.smpp, "-http", d.at.phone, "-password", peer.Secret,
				"-number", handset, "-peer", number,
			},
			Ready: peer.Accepting(at...),
		})
	})
}
