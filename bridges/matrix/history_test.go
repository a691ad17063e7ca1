package matrix

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

// happened is an event as a person sees it.
type happened struct {
	id, kind, sender, redacts string
	content                   uttered
	file                      string // the bytes of that which it has
}

// uttered is the content of what somebody said, or reacted with.
type uttered struct {
	Body      string
	Formatted string `json:"formatted_body"`
	FileName  string
	URL       string
	Info      struct {
		Type string `json:"mimetype"`
	}
	Name    string                 `json:"displayname"`
	New     *struct{ Body string } `json:"m.new_content"`
	Relates struct {
		Type  string `json:"rel_type"`
		Event string `json:"event_id"`
		Key   string
		Reply replyTo `json:"m.in_reply_to"`
	} `json:"m.relates_to"`
}

func utteredIn(content json.RawMessage) (u uttered) {
	_ = json.Unmarshal(content, &u) // else nothing was
	return u
}

// history is what happened: what was said, and what else was seen, by sender and in
// order. It is looked at again and again, so nothing is left to do then.
type history struct {
	was    map[string]happened
	texts  map[string][]string
	sights map[string][]bridgetest.Act
	types  map[string][]string // who does, by room
	called map[string]string
}

func newHistory() history {
	return history{map[string]happened{}, map[string][]string{}, map[string][]bridgetest.Act{}, map[string][]string{}, map[string]string{}}
}

// of returns a copy, for bridgetest.Network and bridgetest.Seeing.
func of[T any](said map[string][]T, from bridges.UserID) []T {
	return slices.Clone(said[userID(from)])
}

func (h *history) sees(who string, a bridgetest.Act) { h.sights[who] = append(h.sights[who], a) }

func (h *history) add(e happened) {
	h.was[e.id] = e
	of, c := h.was[e.content.Relates.Event].content.Body, e.content
	switch redacted := h.was[e.redacts]; {
	case e.kind == typeMessage && c.New == nil:
		h.texts[e.sender] = append(h.texts[e.sender], c.Body)
		h.looks(e)
	case e.kind == typeMessage:
		h.sees(e.sender, bridgetest.Act{Takes: bridges.CanEdits, Of: of, Text: c.New.Body})
	case e.kind == typeReaction:
		h.sees(e.sender, bridgetest.Act{Takes: bridges.CanReactions, Of: of, Text: c.Relates.Key})
	case e.kind == typeRedaction && redacted.kind == typeReaction:
		of = h.was[redacted.content.Relates.Event].content.Body
		h.sees(e.sender, bridgetest.Act{Takes: bridges.CanReactions, Of: of, Text: redacted.content.Relates.Key, Ends: true})
	case e.kind == typeRedaction:
		h.sees(e.sender, bridgetest.Act{Takes: bridges.CanRetractions, Of: redacted.content.Body})
	}
}

// strong is what is shown in bold.
var strong = regexp.MustCompile("<strong>([^<]*)</strong>")

// looks has seen what there is to a message beside its words.
func (h *history) looks(e happened) {
	c := e.content
	for _, x := range strong.FindAllStringSubmatch(c.Formatted, -1) {
		h.sees(e.sender, bridgetest.Act{Takes: bridges.CanStyling, Text: x[1]})
	}
	if of := c.Relates.Reply.Event; of != "" {
		h.sees(e.sender, bridgetest.Act{Takes: bridges.CanReplies, Of: h.was[of].content.Body, Text: c.Body})
	}
	if c.Relates.Type == relThread {
		h.sees(e.sender, bridgetest.Act{Takes: bridges.CanThreads, Of: h.was[c.Relates.Event].content.Body, Text: c.Body})
	}
	if c.URL != "" {
		what := strings.Join([]string{cmp.Or(c.FileName, c.Body), c.Info.Type, e.file}, " ")
		h.sees(e.sender, bridgetest.Act{Takes: bridges.CanFiles, Of: c.Body, Text: what})
	}
}

// typing has seen who types in a room now.
func (h *history) typing(room string, who []string) {
	was := h.types[room]
	h.types[room] = who
	for _, x := range who {
		if !slices.Contains(was, x) {
			h.sees(x, bridgetest.Act{Takes: bridges.CanTyping})
		}
	}
	for _, x := range was {
		if !slices.Contains(who, x) {
			h.sees(x, bridgetest.Act{Takes: bridges.CanTyping, Ends: true})
		}
	}
}

// read has seen who has read up to an event.
func (h *history) read(who, event string) {
	h.sees(who, bridgetest.Act{Takes: bridges.CanDisplayed, Of: h.was[event].content.Body})
}

// present has seen how much somebody is there.
func (h *history) present(who, presence, status string) {
	h.sees(who, bridgetest.Act{Takes: bridges.CanPresence, Text: status, Ends: presence != presenceOf[bridges.Available]})
}

// named has seen what somebody is called.
func (h *history) named(who, name string) {
	if h.called[who] == name {
		return
	}
	h.called[who] = name
	h.sees(who, bridgetest.Act{Takes: bridges.CanIntroduce, Text: strings.TrimSuffix(name, " (XMPP)")})
}
