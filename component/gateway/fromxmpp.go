package gateway

import (
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/delay"
	"causeway/component/xep/sfs"
)

// oldest is the age beyond which a delayed message is a replay of an archive
// and not something to send now.
const oldest = time.Hour

// reading is what a user's message to a contact comes to. Exactly one of the
// first three is set, or none with a file, or with a deed that has no text.
type reading struct {
	text   string        // send this
	drop   string        // nothing to send, and no news for the sender: why
	refuse *stanza.Error // tell the sender

	reason  string   // why it is refused, for the counter
	changed []string // why the text is not the body as it came
	// chosen: what the user has set made a difference.
	chosen bool

	does deed   // to an earlier message
	of   string // the id of that one's stanza

	files   []sfs.File // beside the text, which may be empty then
	linked  string     // with files: the text of the message for who takes none
	emojis  []string
	answers string // the id of the stanza that the text answers
}

// read decides what becomes of a message to a contact of a user who has set
// nothing, by the table of fallbackRules. Nothing in it but the body, and the
// link of a file, is content: forwarded, carbon-copied and archived messages
// inside are never unpacked (From-spoofing 2).
func read(s *stanza.Stanza, now time.Time) reading {
	return newDraft(s, now).read()
}

func newDraft(s *stanza.Stanza, now time.Time) *draft {
	return &draft{s: s, now: now, chosen: byDefault}
}

func (d *draft) read() (r reading) {
	d.text, _ = d.s.Body()
	for i := range fallbackRules {
		rule := &fallbackRules[i]
		switch {
		case !rule.has(d):
		case d.does(rule, &r):
			if r.does.wordless() {
				return r
			}
		case !d.applies(rule):
		case rule.change != nil:
			rule.change(d)
			r.changed = append(r.changed, rule.reason)
		case rule.refuse != nil:
			return reading{refuse: rule.refusal(d.can), reason: rule.reason, chosen: d.unusual}
		default:
			return reading{drop: rule.reason}
		}
	}
	r.text, r.chosen = d.text, d.unusual
	return r
}

func isReplay(s *stanza.Stanza, now time.Time) bool {
	d, ok := delay.Find(s)
	return ok && now.Sub(d.Stamp) > oldest
}

// draft is a message while it is judged, and the text that it comes to.
type draft struct {
	s    *stanza.Stanza
	now  time.Time
	text string
	// chosen returns what the user has set, and unusual tells that a rule has
	// asked for something that is not the default.
	chosen  func(setting string) string
	unusual bool
	// begun: the network may have the text. It is too late to refuse it.
	begun bool
	// toUs: it is for the gateway itself, where a correction is what it says.
	toUs bool
	can  bridges.Can // the network
	file bool        // it carries one
}

// choice is a value of one of the gateway's settings.
type choice struct{ setting, value string }

// applies tells whether the user wants a rule, if it is one to choose.
func (d *draft) applies(r *fallbackRule) bool {
	if r.only == (choice{}) {
		return true
	}
	v := d.chosen(r.only.setting)
	d.unusual = d.unusual || v != byDefault(r.only.setting)
	return v == r.only.value && (r.refuse == nil || !d.begun)
}
