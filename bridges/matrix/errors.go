package matrix

import "causeway/bridges"

// reason is an error for the user without a cause.
type reason struct {
	kind bridges.Kind
	text string
}

// example is a person for help texts.
const example = "alice:matrix.org"

var (
	errNobody  = reason{bridges.Malformed, "This is no address of Matrix. Write it as in " + example + "."}
	errRoom    = reason{bridges.Unsupported, "Only people can be written to here, not rooms."}
	errOurs    = reason{bridges.NotAllowed, "That is somebody of XMPP."}
	errSelf    = reason{bridges.Internal, "Your identity on Matrix is none that can write. Please tell the operator."}
	errAbsent  = reason{bridges.NotFound, "There is no such person on Matrix, or the account was closed."}
	errSecret  = reason{bridges.Unsupported, "This chat is encrypted on Matrix, and cannot be written to from here. Ask the person to start a new chat with you that is not encrypted."}
	errForced  = reason{bridges.Unsupported, "Matrix encrypts every new chat here, which the gateway cannot read. Please tell the operator."}
	errLong    = reason{bridges.TooLong, "This text is too long for Matrix. Please send it in pieces."}
	errRefused = reason{bridges.Forbidden, "Matrix does not let you write to this person."}
	errBanned  = reason{bridges.Forbidden, "This person has banned you on Matrix, and does not want to be written to."}
	errJoining = reason{bridges.Temporary, "The chat on Matrix is not open yet."}
	errGone    = reason{bridges.Rejected, "This message cannot be changed or taken back on Matrix any more."}
	errNoReact = reason{bridges.Rejected, "This message is not there any more on Matrix: it cannot be reacted to."}
	errNoText  = reason{bridges.NotFound, "This message was taken back on Matrix."}
	errRest    = reason{bridges.Rejected, "The new text is on Matrix, but a part of the old one could not be taken back there."}
	errNoFile  = reason{bridges.NotFound, "This file is not on Matrix any more, or cannot be had."}
	errHalf    = reason{bridges.Temporary, "This file cannot be read to its end now."}
	errBig     = reason{bridges.TooLong, "This file is too large for Matrix."}
	errNotNow  = reason{bridges.Temporary, "Matrix cannot be reached now."}
	errFaulty  = reason{bridges.Internal, "Matrix did not understand the gateway. Please tell the operator."}
)

// because makes an error of a reason.
func because(r reason, cause error) *bridges.Error {
	return &bridges.Error{Kind: r.kind, Text: r.text, Cause: cause}
}
