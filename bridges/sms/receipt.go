package sms

import (
	"bytes"
	"strings"

	"causeway/bridges"
	"causeway/bridges/sms/smpp"
)

// For which parts of a message the centre reports delivery, in the
// configuration.
const (
	receiptsAll  = "all"
	receiptsLast = "last"
	receiptsNone = "none"
)

// report is what a delivery receipt says.
type report struct {
	id    string
	state string // as SMPP v3.4, appendix B, writes it
	code  string // of the network, empty if there is none
}

// isReport tells whether m is a receipt and no text. Some centres forget to
// say so, but give the parameters that only a receipt has.
func isReport(m *smpp.SM) bool {
	switch m.ESMClass & smpp.ESMTypeMask {
	case smpp.ESMReceipt, smpp.ESMIntermediate:
		return true
	}
	_, id := m.TLVs.Get(smpp.TagReceiptedMessageID)
	_, state := m.TLVs.Get(smpp.TagMessageState)
	return id && state
}

// stateNames are the values of message_state (SMPP v3.4, section 5.2.28; 0 and
// 9 are of version 5).
var stateNames = [...]string{
	"SCHEDULED", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD", "SKIPPED",
}

// readReport reads a receipt: its parameters first, and from the text what
// they do not say. Of a delivery they say all that matters.
func readReport(m *smpp.SM) report {
	var r report
	r.id, _ = m.TLVs.CString(smpp.TagReceiptedMessageID)
	if n, ok := m.TLVs.Uint(smpp.TagMessageState); ok && int(n) < len(stateNames) {
		r.state = stateNames[n]
	}
	if r.id != "" && outcomes[r.state].state == bridges.Delivered {
		return r
	}
	f := newFields(receiptText(m.Payload()))
	if r.id == "" {
		r.id = f.value("id:")
	}
	if r.state == "" {
		r.state = strings.ToUpper(f.value("stat:"))
	}
	r.code = f.value("err:")
	return r
}

// receiptText returns the text of a receipt, octets that are no text as they
// are. Fields are ASCII whatever data_coding says: centres copy that from the
// message. Only UTF-16 is another thing, and its NULs show it.
func receiptText(data []byte) string {
	if bytes.Count(data, []byte{0}) > len(data)/4 {
		return decodeUTF16(data)
	}
	return string(data)
}

// fields are the names and values in a receipt's text (SMPP v3.4, appendix B),
// which the specification leaves to vendors: any of them may be missing.
type fields struct {
	text  string
	lower string // the same, to find names in
}

// newFields cuts off what the message itself said.
func newFields(text string) fields {
	f := fields{text, lowerASCII(text)}
	if i := f.find("text:"); i >= 0 {
		f.text, f.lower = f.text[:i], f.lower[:i]
	}
	return f
}

// find returns where a name stands at the start of a word, or -1.
func (f fields) find(name string) int {
	for at := 0; ; {
		i := strings.Index(f.lower[at:], name)
		if i < 0 {
			return -1
		}
		at += i
		if at == 0 || f.lower[at-1] <= ' ' { // a user data header may stand before
			return at
		}
		at += len(name)
	}
}

// value returns the word behind a name. Control characters in it are letters of
// the GSM alphabet.
func (f fields) value(name string) string {
	i := f.find(name)
	if i < 0 {
		return ""
	}
	rest := strings.TrimLeftFunc(f.text[i+len(name):], isSpace)
	if end := strings.IndexFunc(rest, isSpace); end >= 0 {
		rest = rest[:end]
	}
	if strings.ContainsFunc(rest, func(r rune) bool { return r < ' ' }) {
		return decodeGSM([]byte(rest), tables{})
	}
	return rest
}

func isSpace(r rune) bool { return strings.ContainsRune(" \t\n\r\x00", r) }

// lowerASCII leaves the length as it is, unlike strings.ToLower.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// outcome is what a state says to the sender.
type outcome struct {
	state bridges.State
	kind  bridges.Kind
	text  string
}

var outcomes = map[string]outcome{
	"DELIVRD": {state: bridges.Delivered},
	"EXPIRED": {bridges.Failed, bridges.Absent, "The message was not delivered: the phone could not be reached in time."},
	"UNDELIV": {bridges.Failed, bridges.NotFound, "The message was not delivered: this number cannot be reached by SMS."},
	"DELETED": {bridges.Failed, bridges.Rejected, "The message was not delivered: the network deleted it."},
	"REJECTD": {bridges.Failed, bridges.Rejected, "The message was not delivered: the network rejected it."},
	"SKIPPED": {bridges.Failed, bridges.Rejected, "The message was not delivered: the network skipped it."},
}

// aliases are how some centres write states.
var aliases = map[string]string{
	"DELIVERED": "DELIVRD", "UNDELIVERABLE": "UNDELIV", "UNDELIVERED": "UNDELIV",
	"FAILED": "UNDELIV", "REJECTED": "REJECTD", "REJECT": "REJECTD",
}

// outcome returns what became of the message. False: it is on its way, or
// nobody knows.
func (r report) outcome() (outcome, bool) {
	state := r.state
	if s, ok := aliases[state]; ok {
		state = s
	}
	o, ok := outcomes[state]
	if !ok || o.state == bridges.Delivered {
		return o, ok
	}
	if strings.Trim(r.code, "0") != "" && len(r.code) <= 16 {
		o.text += " (Error of the network: " + r.code + ".)"
	}
	return o, true
}

// messageID returns the id of a part. Centres write the same id with and
// without leading zeros and in both cases, so neither counts. system, the name
// that the centre knows us by, keeps the ids of different centres apart.
func messageID(system, id string) bridges.MessageID {
	id = strings.ToLower(strings.Trim(id, " \t\r\n\x00"))
	if t := strings.TrimLeft(id, "0"); t != "" {
		id = t
	} else if id != "" {
		id = "0"
	}
	return bridges.MessageID(system + "/" + strings.ToValidUTF8(id, "?"))
}
