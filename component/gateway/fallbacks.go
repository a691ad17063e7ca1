package gateway

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/correct"
	"causeway/component/xep/encryption"
	"causeway/component/xep/fallback"
	"causeway/component/xep/markers"
	"causeway/component/xep/oob"
	"causeway/component/xep/reactions"
	"causeway/component/xep/receipts"
	"causeway/component/xep/reply"
	"causeway/component/xep/retract"
	"causeway/component/xep/sfs"
)

// The namespaces of what is only recognised here.
const (
	nsRoom     = "http://jabber.org/protocol/muc"      // XEP-0045
	nsRoomUser = "http://jabber.org/protocol/muc#user" // XEP-0045
)

var (
	errNoRoom = &stanza.Error{
		Type: "cancel", Condition: "service-unavailable",
		Text: "This address is a person and not a room.",
	}
	errNoReactions = &stanza.Error{
		Type: "modify", Condition: "not-acceptable",
		Text: "Reactions cannot be sent to this contact: write a message instead.",
	}
	errTooManyReactions = &stanza.Error{
		Type: "modify", Condition: "not-acceptable",
		Text: "These are too many reactions, or one is too long.",
	}
	errNoRetractions = &stanza.Error{
		Type: "cancel", Condition: "feature-not-implemented",
		Text: "A message that was sent to this contact cannot be taken back.",
	}
	errNoCorrections = &stanza.Error{
		Type: "modify", Condition: "not-acceptable",
		Text: "A message that was sent to this contact cannot be changed. By your settings the correction was not sent.",
	}
	errNoLink = &stanza.Error{
		Type: "modify", Condition: "not-acceptable",
		Text: "This file has no address that could be sent as a text.",
	}
	errStale = &stanza.Error{
		Type: "modify", Condition: "not-acceptable",
		Text: "Headlines and messages that are more than an hour old are not sent.",
	}
)

// fallbackRule says what becomes of a message with something in it that is no
// plain text. One of refuse and change is set, or none: then the message is
// dropped without a word to its sender.
type fallbackRule struct {
	// reason is the label under which it is counted.
	reason string
	has    func(d *draft) bool
	only   choice // the rule is for users who have set this
	// lacks: it is for networks that cannot do this, and for what does not say to
	// which message; others are told to do it.
	lacks  bridges.Can
	does   deed
	refuse *stanza.Error
	change func(d *draft)
}

// counter is the one that counts what the rule does.
func (r *fallbackRule) counter(m *Metrics) *prometheus.CounterVec {
	switch {
	case r.change != nil:
		return m.changed
	case r.refuse != nil:
		return m.refused
	}
	return m.dropped
}

// refusal is what the sender is told. Who is refused what the network can do has not
// said to which message it belongs.
func (r *fallbackRule) refusal(can bridges.Can) *stanza.Error {
	if r.lacks != 0 && can.Has(r.lacks) {
		return errOfNothing
	}
	return r.refuse
}

// fallbackRules has all that a message may hold, in the order in which it is
// looked for. The first that drops or refuses ends it: so whatever the fallback
// body of a reaction or of an encrypted text says, it costs no text.
//
// What is not here is a plain text and goes as it was typed: styling (XEP-0393)
// has none but its plain form, and hints are for servers (xeps.md 0334.3).
var fallbackRules = []fallbackRule{
	{reason: "error", has: ofType("error")},
	{reason: "groupchat", has: ofType("groupchat"), refuse: errNoRoom},
	{reason: "private message of a room", has: with(nsRoomUser, "x"), refuse: errNoRoom},
	{reason: "key exchange", has: func(d *draft) bool { e := encryption.Find(d.s); return e.Used && !e.Content }},
	{reason: "encrypted", has: func(d *draft) bool { return encryption.Find(d.s).Used }, refuse: errEncrypted},
	{reason: "reaction", has: tooManyReactions, refuse: errTooManyReactions},
	{reason: "reaction", has: with(reactions.NS, "reactions"), lacks: bridges.CanReactions, does: reacts, refuse: errNoReactions},
	{reason: "retraction", has: isRetraction, lacks: bridges.CanRetractions, does: retracts, refuse: errNoRetractions},
	{reason: "reply", has: with(reply.NS, "reply"), lacks: bridges.CanReplies, does: answers, only: choice{replies, repliesPlain}, change: cutQuote},
	{reason: "file", has: linksFile, lacks: bridges.CanFiles, does: carries, change: addLinks},
	{reason: marker, has: alone(markers.NS, "displayed")}, // but see hearMarker
	{reason: "receipt", has: alone(receipts.NS, "received")},
	{reason: "receipt", has: alone(markers.NS, "received")}, // of an older version (0333.4)
	{reason: marker, has: alone(markers.NS, "acknowledged")},
	{reason: "file", has: alone(sfs.NS, "file-sharing"), refuse: errNoLink},
	{reason: "no text", has: (*draft).blank},
	{reason: "encrypted", has: linksEncrypted, refuse: errEncrypted},
	{reason: "not to be sent now", has: func(d *draft) bool { return d.stale() && receipts.Requested(d.s) }, refuse: errStale},
	{reason: "not to be sent now", has: (*draft).stale},
	{reason: "correction", has: with(correct.NS, "replace"), lacks: bridges.CanEdits, does: edits, only: choice{corrections, correctionsRefused}, refuse: errNoCorrections},
	{reason: "correction", has: with(correct.NS, "replace"), lacks: bridges.CanEdits, does: edits, change: markCorrection},
}

func ofType(typ string) func(*draft) bool {
	return func(d *draft) bool { return d.s.Type == typ }
}

func with(space, local string) func(*draft) bool {
	return func(d *draft) bool {
		_, ok := d.s.Child(space, local)
		return ok
	}
}

// alone finds what says no more beside a text: that goes.
func alone(space, local string) func(*draft) bool {
	has := with(space, local)
	return func(d *draft) bool { return d.blank() && has(d) }
}

func (d *draft) blank() bool { return strings.TrimSpace(d.text) == "" && !d.file }

// maxReactions and maxReaction, in bytes, bound what a user can have the network do
// with one message.
const maxReactions, maxReaction = 20, 100

func tooManyReactions(d *draft) bool {
	r, _ := reactions.Find(d.s)
	return len(r.All) > maxReactions || slices.ContainsFunc(r.All, func(x string) bool { return len(x) > maxReaction })
}

func isRetraction(d *draft) bool {
	_, ok := retract.Find(d.s)
	return ok
}

// linksEncrypted finds the link to an encrypted file, wherever it is: the key is
// in it (xeps.md 0384.5).
func linksEncrypted(d *draft) bool {
	const scheme = "aesgcm"
	for rest := d.text; ; {
		before, after, found := strings.Cut(rest, "://")
		if !found {
			return false
		}
		if n := len(before) - len(scheme); n >= 0 && strings.EqualFold(before[n:], scheme) {
			return true
		}
		rest = after
	}
}

// stale tells what is not meant to be sent now.
func (d *draft) stale() bool { return d.s.Type == "headline" || isReplay(d.s, d.now) }

// cutQuote takes the quote out of a reply: who gets the text has it, and a
// longer one costs more. What is nothing but a quote stays.
func cutQuote(d *draft) {
	rest := strings.TrimLeft(fallback.Cut(d.s, d.text, reply.NS), "\r\n")
	if strings.TrimSpace(rest) != "" {
		d.text = rest
	}
}

// linksFile finds a file, of which some have no address, and then change nothing.
func linksFile(d *draft) bool {
	_, linked := d.s.Child(oob.NS, "x")
	_, shared := d.s.Child(sfs.NS, "file-sharing")
	return linked || shared
}

// addLinks makes a text of files: what is said about one and where it is, each
// once (xeps.md 0066.3).
func addLinks(d *draft) {
	for _, f := range sharedIn(d) {
		d.add(f.URL, f.Desc)
	}
}

func (d *draft) add(url, desc string) {
	var lines []string
	said := strings.TrimSpace(d.text)
	if said != "" && said != url {
		lines = append(lines, d.text)
	}
	if desc != "" && !strings.Contains(d.text, desc) {
		lines = append(lines, desc)
	}
	if said == url || !strings.Contains(d.text, url) {
		lines = append(lines, url)
	}
	d.text = strings.Join(lines, "\n")
}

// corrected begins a text that could not take the place of another.
const corrected = "* "

// markCorrection shows a correction where no text can be replaced (0308.3).
func markCorrection(d *draft) {
	if !d.toUs {
		d.text = corrected + d.text
	}
}
