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

var statusWords = map[Status]string{}

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
