package sms

import (
	"context"
	"errors"
	"fmt"
	"time"

	"causeway/bridges"
	"causeway/bridges/sms/smpp"
	"causeway/bridges/takeover"
)

// Statuses that say something of the message or its addresses (SMPP v3.4,
// section 5.1.3).
const (
	statusMessageLength smpp.Status = 0x01
	statusSourceTON     smpp.Status = 0x48
	statusSourceNPI     smpp.Status = 0x49
	statusDestTON       smpp.Status = 0x50
	statusDestNPI       smpp.Status = 0x51
)

// slower is the pause after an answer that asks for one.
const slower = 10 * time.Second

var (
	errNotConnected = bridges.Error{
		Kind: bridges.Temporary, Text: "The SMS centre cannot be reached now. The message was not sent.",
	}
	errUnanswered = bridges.Error{
		Kind: bridges.Unknown, Text: "The SMS centre did not confirm this message: it may have been sent.",
	}
	errOneWay = bridges.Error{
		Kind: bridges.Unsupported, Text: "This sender has a name and no number: nobody can answer it.",
	}
	errNobody = bridges.Error{
		Kind: bridges.Malformed, Text: "This is no phone number. Write it with its country code, e.g. " + example + ".",
	}
	errName = bridges.Error{
		Kind: bridges.Malformed, Text: "This is no phone number, and a sender that has only a name cannot get messages. " +
			"Write to a number with its country code, e.g. " + example + ".",
	}
	errInvalid = bridges.Error{
		Kind: bridges.Rejected, Text: "This message cannot be sent by SMS.",
	}
)

// because returns a copy of e with its cause.
func because(e bridges.Error, cause error) *bridges.Error {
	e.Cause = cause
	return &e
}

// submitError says what an error of a submit means for the message.
func submitError(err error) *bridges.Error {
	var s *smpp.StatusError
	switch {
	case errors.As(err, &s):
		return because(refusal(s.Status), err)
	case errors.Is(err, smpp.ErrUnknown):
		return because(errUnanswered, err)
	case errors.Is(err, smpp.ErrInvalid):
		return because(errInvalid, err)
	case errors.Is(err, takeover.ErrHandover), errors.Is(err, smpp.ErrNotBound), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return because(errNotConnected, err)
	}
	return because(errUnanswered, err)
}

// refusal says what an answer other than ROK means.
func refusal(s smpp.Status) bridges.Error {
	switch s.Class() {
	case smpp.Throttle:
		return bridges.Error{Kind: bridges.Temporary, Text: "The SMS centre is busy. The message was not sent.", After: slower}
	case smpp.Temporary:
		return bridges.Error{Kind: bridges.Temporary, Text: "The SMS centre has a problem. The message was not sent."}
	}
	switch s {
	case smpp.InvalidDest, statusDestTON, statusDestNPI:
		return bridges.Error{Kind: bridges.NotFound, Text: "The SMS centre does not know this number."}
	case smpp.InvalidSource, statusSourceTON, statusSourceNPI:
		return bridges.Error{Kind: bridges.Rejected, Text: "The SMS centre does not let your number send."}
	case statusMessageLength:
		return bridges.Error{Kind: bridges.TooLong, Text: "The message is too long for the SMS centre."}
	}
	return bridges.Error{
		Kind: bridges.Rejected,
		Text: fmt.Sprintf("The SMS centre refused this message (status 0x%02X).", uint32(s)),
	}
}
