package matrix

import (
	"encoding/json"
	"strconv"
	"strings"

	"causeway/bridges"
	"causeway/bridges/styling"
)

// formatHTML is the one format that there is (Client-Server API, m.room.message
// msgtypes).
const formatHTML = "org.matrix.custom.html"

// loose is a text that may be something else, which says nothing then: the text
// beside it does.
type loose string

// UnmarshalJSON implements json.Unmarshaler.
func (l *loose) UnmarshalJSON(raw []byte) error {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		*l = loose(s)
	}
	return nil
}

// mentions are people whom a message calls (Client-Server API, User and room
// mentions). Nobody else is called by words in a text of ours, such as @room: so it is
// never left out.
type mentions struct {
	Users []string `json:"user_ids,omitempty"`
}

// UnmarshalJSON takes no mentions from others: nothing is made of them.
func (*mentions) UnmarshalJSON([]byte) error { return nil }

// write makes the content for a text of an XMPP user, formatted where that is
// styled.
func write(text string, unstyled bool, key string) content {
	c := content{MsgType: "m.text", Body: text, Mentions: &mentions{}, Key: key}
	prefix := ""
	if rest, ok := strings.CutPrefix(text, me); ok {
		c.MsgType, c.Body, prefix = "m.emote", rest, me
	}
	if unstyled {
		return c
	}
	if html, styled := styling.HTML(text); styled {
		c.Format, c.Formatted = formatHTML, loose(strings.TrimPrefix(html, prefix))
	}
	return c
}

// maxContent bounds a content as JSON: an event has at most 65,536 bytes, of which
// some are the homeserver's.
const maxContent = 60_000

// short is how long a text is that always fits, in bytes: nothing in one becomes fifty
// times as long, marks of quotations within each other least of all.
const short = 1 << 10

// fits tells whether an event can have this content.
func (c content) fits() bool { return c.within(maxContent) }

// within tells whether c is no longer than that as JSON.
func (c content) within(most int) bool {
	n := counter(0)
	e := json.NewEncoder(&n)
	e.SetEscapeHTML(false) // the homeserver does not count it so
	return e.Encode(c) == nil && int(n) <= most
}

// counter counts what is written.
type counter int

func (n *counter) Write(p []byte) (int, error) {
	*n += counter(len(p))
	return len(p), nil
}

// writeAll makes the contents for a message: several of one that is too long for an
// event, the first of which is the answer. Each has the id of its transaction.
func writeAll(m bridges.Message, ghost bridges.UserID) []content {
	all := pieces(m, ghost)
	all[0] = all[0].answering(m)
	return all
}

// pieces makes the contents for the text of a message, each with its transaction.
func pieces(m bridges.Message, ghost bridges.UserID) []content {
	texts := styling.Split(m.Text, !m.Unstyled, func(text string) bool {
		return len(text) <= short || write(text, m.Unstyled, "").fits()
	})
	all := make([]content, len(texts))
	for i, text := range texts {
		key := m.Key
		if i > 0 {
			key += "\x02" + strconv.Itoa(i)
		}
		all[i] = write(text, m.Unstyled, transaction(ghost, key))
		if id := userID(bridges.UserID(m.Chat)); hasWord(text, id) {
			all[i].Mentions = &mentions{[]string{id}}
		}
	}
	return all
}

// hasWord tells whether somebody's whole id is a word of a text.
func hasWord(text, id string) bool {
	for word := range strings.FieldsSeq(text) {
		if strings.Trim(word, `.,:;!?()"'`) == id {
			return true
		}
	}
	return false
}

// seen is what was made of a formatted body.
type seen struct {
	formatted bool   // Body has what people see of it
	styled    bool   // some of that is meant as styling
	quote     string // what Body began with
}

// see puts what people see of a formatted body in the place of the body, unless that
// is the name of a file.
func (c content) see() content {
	if c.Format != formatHTML || c.files() && (c.FileName == "" || c.FileName == c.Body) {
		return c
	}
	text, styled := styling.Text(string(c.Formatted))
	if text == "" {
		return c
	}
	_, quote := unquoted(c.Body)
	c.Body, c.seen = text, seen{true, styled, quote}
	return c
}

// files tells whether it is a file, to which the body may be a caption.
func (c content) files() bool {
	switch c.MsgType {
	case msgImage, msgFile, msgAudio, msgVideo, typeSticker:
		return true
	}
	return false
}
