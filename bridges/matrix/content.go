package matrix

import (
	"encoding/json"
	"strings"

	"causeway/bridges/matrix/event"
)

// The types of events that mean something here.
const (
	typeMessage    = "m.room.message"
	typeSticker    = "m.sticker"
	typeEncrypted  = "m.room.encrypted"
	typeMember     = "m.room.member"
	typeEncryption = "m.room.encryption"
	typeRedaction  = "m.room.redaction"
	typeTombstone  = "m.room.tombstone"
	typeTyping     = "m.typing"
	typeReceipt    = "m.receipt"
	typePresence   = "m.presence"
)

// content is that of a message (Client-Server API, Instant Messaging).
type content struct {
	MsgType  string `json:"msgtype"`
	Body     string `json:"body"`
	FileName string `json:"filename,omitempty"`
	GeoURI   string `json:"geo_uri,omitempty"`
	// Format is that of Formatted, which says the same as Body; see format.go.
	Format    loose `json:"format,omitempty"`
	Formatted loose `json:"formatted_body,omitempty"`
	// Mentions are whom it calls. Without it programs look for names in the text.
	Mentions *mentions `json:"m.mentions,omitempty"`
	attachment
	// New is what the event to which this one Relates is from now on.
	New     *content  `json:"m.new_content,omitempty"`
	Relates *relation `json:"m.relates_to,omitempty"`
	// Key is our own: by it a message is found of which nobody knows whether it
	// was sent.
	Key string `json:"org.causeway.key,omitempty"`

	seen seen
}

// me begins a text that tells what its author does (XEP-0245).
const me = "/me "

const (
	// empty stands for a text without anything that can be shown.
	empty = "(an empty message)"
	// odd stands for a message whose content is none.
	odd = "(a message that cannot be read)"
	// locked stands for an encrypted message.
	locked = "(This message is encrypted, and cannot be read here. " + writeOn + ")"
)

// contentOf returns what an event says, and the earlier event in whose place it
// comes, if there is one; ok is false when it says nothing. What cannot be read says
// so.
func contentOf(e event.Event) (c content, of string, ok bool) {
	switch e.Type {
	case typeEncrypted:
		return content{Body: locked}, "", true
	case typeMessage, typeSticker:
	default:
		return otherOf(e)
	}
	if err := json.Unmarshal(e.Content, &c); err != nil {
		return content{Body: odd}, "", true
	}
	if c == (content{}) {
		return c, "", false // it was deleted
	}
	if e.Type == typeSticker {
		c.MsgType = typeSticker
		return c, "", true
	}
	of, c = c.edits()
	return c.see(), of, true
}

// text returns the words of a message.
func (c content) text() string {
	switch c.MsgType {
	case "m.emote":
		return me + shown(c.Body)
	case typeSticker:
		return named("sticker", c.Body)
	case msgImage:
		return c.file("picture")
	case msgFile:
		return c.file("file")
	case msgAudio:
		return c.file("sound")
	case msgVideo:
		return c.file("video")
	case "m.location":
		return c.position()
	case "m.key.verification.request":
		return wantsKeys
	}
	return shown(c.Body)
}

// file says what does not come, and shows the words beside it.
func (c content) file(kind string) string {
	return strings.TrimSuffix(named(kind, c.name())+"\n"+c.caption(), "\n")
}

// named says that something was sent that is shown on Matrix only.
func named(kind, name string) string {
	if name == "" {
		return "(a " + kind + ", which can be seen on Matrix only)"
	}
	return "(a " + kind + ", which can be seen on Matrix only: " + name + ")"
}

// shown returns what people see of a text.
func shown(s string) string {
	if !strings.ContainsFunc(s, inXML) {
		return empty
	}
	return s
}

// inXML tells whether a character can stand in a stanza (XML 1.0, production 2).
func inXML(r rune) bool {
	return r >= ' ' && r != 0xFFFE && r != 0xFFFF || r == '\t' || r == '\n' || r == '\r'
}
