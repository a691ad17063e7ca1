package smpp

import (
	"errors"
	"fmt"
)

// Status is a command_status (spec 5.1.3).
type Status uint32

// The statuses that this package or its users act on.
const (
	OK                Status = 0x00
	InvalidLength     Status = 0x02
	InvalidCommand    Status = 0x03
	NotBound          Status = 0x04
	AlreadyBound      Status = 0x05
	SystemError       Status = 0x08
	InvalidSource     Status = 0x0A
	InvalidDest       Status = 0x0B
	BindFailed        Status = 0x0D
	InvalidPassword   Status = 0x0E
	InvalidSystemID   Status = 0x0F
	QueueFull         Status = 0x14
	SubmitFailed      Status = 0x45
	Throttling        Status = 0x58
	TemporaryAppError Status = 0x64
	PermanentAppError Status = 0x65
	RejectAppError    Status = 0x66
	InvalidTLVs       Status = 0xC0
	InvalidTLVLength  Status = 0xC2
	UnknownError      Status = 0xFF
)

// Class is what a status means for the message that it answers.
type Class uint8

// The classes. Only of Accept does the centre have the message.
const (
	Accept    Class = iota
	Throttle        // too fast or too many: the same again, later and slower
	Temporary       // a fault of the centre: the same may succeed later
	Permanent       // this message will never be taken
)

// Class returns the class of s. What the specification does not define is
// Permanent.
func (s Status) Class() Class {
	switch s {
	case OK:
		return Accept
	case Throttling, QueueFull:
		return Throttle
	case SystemError, NotBound, TemporaryAppError:
		return Temporary
	}
	return Permanent
}

// StatusError is an answer other than ROK. The centre does not have the
// message.
type StatusError struct{ Status Status }

// Error gives the status with its name.
func (e *StatusError) Error() string { return "smpp: the centre answered " + e.Status.String() }

// String returns the number, and in words what is known of it.
func (s Status) String() string {
	if w := statusWords[s]; w != "" {
		return fmt.Sprintf("0x%02X (%s)", uint32(s), w)
	}
	return fmt.Sprintf("0x%02X", uint32(s))
}

// statusWords are the meanings of spec 5.1.3, in our words.
var statusWords = map[Status]string{
	OK:                "accepted",
	0x01:              "invalid message length",
	InvalidLength:     "invalid command length",
	InvalidCommand:    "invalid command",
	NotBound:          "not allowed in this state of the bind",
	AlreadyBound:      "already bound",
	0x06:              "invalid priority",
	0x07:              "invalid registered_delivery",
	SystemError:       "system error",
	InvalidSource:     "invalid source address",
	InvalidDest:       "invalid destination address",
	0x0C:              "invalid message id",
	BindFailed:        "bind failed",
	InvalidPassword:   "wrong password",
	InvalidSystemID:   "unknown system_id",
	QueueFull:         "message queue full",
	0x15:              "invalid service_type",
	0x43:              "invalid esm_class",
	SubmitFailed:      "the submit failed",
	0x48:              "invalid type of the source number",
	0x49:              "invalid numbering plan of the source",
	0x50:              "invalid type of the destination number",
	0x51:              "invalid numbering plan of the destination",
	0x53:              "invalid system_type",
	Throttling:        "throttled",
	0x61:              "invalid delivery time",
	0x62:              "invalid validity period",
	TemporaryAppError: "temporary error",
	PermanentAppError: "permanent error",
	RejectAppError:    "rejected",
	InvalidTLVs:       "invalid optional part",
	0xC1:              "optional parameter not allowed",
	InvalidTLVLength:  "invalid length of an optional parameter",
	0xC3:              "an optional parameter is missing",
	0xC4:              "invalid optional parameter",
	0xFE:              "delivery failed",
	UnknownError:      "unknown error",
}

// Errors of Submit besides *StatusError; test with errors.Is.
var (
	// ErrNotBound says that nothing was written: it is certain that the centre
	// does not have the message.
	ErrNotBound = errors.New("smpp: not bound")
	// ErrUnknown says that the message was written, wholly or in part, and
	// that no answer came: nobody knows whether the centre has it.
	ErrUnknown = errors.New("smpp: no answer, the outcome is unknown")
	// ErrInvalid says that a field does not fit into its place; nothing was
	// written.
	ErrInvalid = errors.New("smpp: invalid field")
)
