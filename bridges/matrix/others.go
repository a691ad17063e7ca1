package matrix

import (
	"encoding/json"
	"fmt"
	"strings"

	"causeway/bridges"
	"causeway/bridges/matrix/event"
)

// What stands for events that are no texts.
const (
	calls      = "(a call, which can be taken on Matrix only)"
	votes      = "(a vote in a poll)"
	pollEnds   = "(A poll has ended.)"
	pollHowTo  = "(Votes can be given on Matrix only.)"
	wantsKeys  = "(a request to compare keys of encryption, which cannot be answered here)"
	somewhere  = "(a place)"
	whereabout = "live position"
	unheardOf  = "message of a kind that is not known here"
)

// lines are the words for the types of events that have none of their own.
var lines = map[string]string{
	"m.call.invite": calls, "m.call.notify": calls, "m.rtc.notification": calls,
	"org.matrix.msc4075.call.notify": calls, "org.matrix.msc4075.rtc.notification": calls,
	"m.poll.response": votes, "org.matrix.msc3381.poll.response": votes,
}

// otherOf returns what an event says that is no message: as contentOf does.
func otherOf(e event.Event) (c content, of string, ok bool) {
	if words := lines[e.Type]; words != "" && !deleted(e) {
		return content{Body: words}, "", true
	}
	var x extensible
	_ = json.Unmarshal(e.Content, &x) // what is not as it must be says nothing
	if x.Relates.Type == relReplace && x.New != nil {
		of = x.Relates.Event
		x = *x.New
	}
	switch e.Type {
	case "m.poll.start", "org.matrix.msc3381.poll.start":
		c.Body = x.poll()
	case "m.poll.end", "org.matrix.msc3381.poll.end":
		if c.Body = x.text(); c.Body == "" && !deleted(e) {
			c.Body = pollEnds
		}
	default:
		if !silent(e.Type) {
			c.Body = x.text()
		}
	}
	return c, of, c.Body != ""
}

// deleted tells whether nothing is left of an event.
func deleted(e event.Event) bool {
	var all map[string]json.RawMessage
	return json.Unmarshal(e.Content, &all) != nil || len(all) == 0
}

// silent tells whether events of a type are steps in something that is not shown, or
// are shown otherwise.
func silent(kind string) bool {
	return kind == typeReaction || kind == typeRedaction || strings.HasPrefix(kind, "m.call.") ||
		strings.HasPrefix(kind, "m.key.") || strings.HasPrefix(kind, "org.matrix.call.") || strings.HasPrefix(kind, "m.room.")
}

// extensible is the content of an event that says for programs which do not know its
// type what it is (Matrix 1.7, extensible events), in both spellings.
type extensible struct {
	Text    wording     `json:"m.text"`
	Old     wording     `json:"org.matrix.msc1767.text"`
	OldList wording     `json:"org.matrix.msc1767.message"`
	Poll    *poll       `json:"m.poll"`
	OldPoll *poll       `json:"org.matrix.msc3381.poll.start"`
	New     *extensible `json:"m.new_content"`
	Relates relation    `json:"m.relates_to"`
}

// poll is a question and what can be answered.
type poll struct {
	Question extensible   `json:"question"`
	Answers  []extensible `json:"answers"`
}

// wording is a text: in a list of representations the first that is plain.
type wording string

// UnmarshalJSON implements json.Unmarshaler: what is no text is none.
func (w *wording) UnmarshalJSON(raw []byte) error {
	var s loose
	if _ = json.Unmarshal(raw, &s); s != "" {
		*w = wording(s)
		return nil
	}
	var all []struct {
		Body loose `json:"body"`
		Type loose `json:"mimetype"`
	}
	if json.Unmarshal(raw, &all) != nil {
		return nil
	}
	for _, x := range all {
		if x.Type == "" || x.Type == "text/plain" {
			*w = wording(x.Body)
			return nil
		}
	}
	return nil
}

func (x extensible) text() string {
	for _, w := range []wording{x.Text, x.Old, x.OldList} {
		if s := strings.TrimSpace(string(w)); s != "" {
			return s
		}
	}
	return ""
}

// maxAnswers bounds the answers of a poll that are shown; Matrix has twenty.
const maxAnswers = 50

// poll is a poll in words; "" if there is none.
func (x extensible) poll() string {
	p := x.Poll
	if p == nil {
		p = x.OldPoll
	}
	if p == nil || p.Question.text() == "" {
		return x.text()
	}
	lines := []string{"Poll: " + p.Question.text()}
	for i, a := range p.Answers[:min(len(p.Answers), maxAnswers)] {
		lines = append(lines, fmt.Sprintf("%d. %s", i+1, a.text()))
	}
	return strings.Join(append(lines, pollHowTo), "\n")
}

// oddNotes begins the key of a note, before the ghost NUL the person: of which types
// that are not known here it was said that they came.
const oddNotes = "odd/"

// maxOdd bounds the types of which that is said in a chat.
const maxOdd = 10

// unknown tells whether an event has something to say of which nothing is known.
func unknown(e event.Event) bool {
	switch e.Type {
	case typeMessage, typeSticker, typeEncrypted:
		return false
	}
	return lines[e.Type] == "" && !silent(e.Type) && !deleted(e)
}

// odd says that an event of an unknown type came: once in a chat.
func (p *page) odd(e event.Event, who pair) (bridges.Event, error) {
	if !unknown(e) {
		return nil, nil
	}
	key := oddNotes + strings.TrimPrefix(who.key(), chatNotes)
	heard := map[string]string{} // the first event by type: a homeserver says it again that gets no answer
	if err := p.get(key, &heard); err != nil {
		return nil, err
	}
	switch first, known := heard[e.Type]; {
	case known && first != e.ID, !known && len(heard) >= maxOdd:
		return nil, nil
	}
	heard[e.Type] = e.ID
	kind, name := unheardOf, e.Type
	if strings.HasSuffix(e.Type, ".beacon") {
		kind, name = whereabout, ""
	}
	return bridges.Message{
		ID: bridges.MessageID(e.ID), Chat: bridges.ChatID(who.person), From: who.person,
		Text: named(kind, name), Unstyled: true, Sent: e.Time,
	}, p.set(key, heard)
}

// position shows a place (Client-Server API, m.location): the words that come with it,
// and where it is, once.
func (c content) position() string {
	words := shown(c.Body)
	if words == empty {
		words = somewhere
	}
	if !strings.HasPrefix(c.GeoURI, "geo:") || strings.Contains(words, c.GeoURI) {
		return words
	}
	return words + "\n" + c.GeoURI
}
