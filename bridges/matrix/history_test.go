package matrix

import (
	"encoding/json"
	"slices"

	"causeway/bridges"
)

// happened is an event as a person sees it.
type happened struct {
	id, kind, sender, redacts string
	content                   uttered
}

// uttered is the content of what somebody said, or reacted with.
type uttered struct {
	Body    string
	New     *struct{ Body string } `json:"m.new_content"`
	Relates struct {
		Type  string `json:"rel_type"`
		Event string `json:"event_id"`
		Key   string
	} `json:"m.relates_to"`
}

func utteredIn(content json.RawMessage) (u uttered) {
	_ = json.Unmarshal(content, &u) // else nothing was
	return u
}

// history is what happened: what was said, and what was done to it, by sender and in
// order. It is looked at again and again, so nothing is left to do then.
type history struct {
	was            map[string]happened
	texts, changes map[string][]string
}

func newHistory() history {
	return history{map[string]happened{}, map[string][]string{}, map[string][]string{}}
}

// of returns a copy, for bridgetest.Network and bridgetest.Changing.
func of(said map[string][]string, from bridges.UserID) []string {
	return slices.Clone(said[userID(from)])
}

func (h *history) add(e happened) {
	h.was[e.id] = e
	if e.kind == typeMessage && e.content.New == nil {
		h.texts[e.sender] = append(h.texts[e.sender], e.content.Body)
		return
	}
	if change := h.change(e); change != "" {
		h.changes[e.sender] = append(h.changes[e.sender], change)
	}
}

// change says what an event does to another; empty: nothing.
func (h *history) change(e happened) string {
	body := func(id string) string { return h.was[id].content.Body }
	switch redacted := h.was[e.redacts]; {
	case e.kind == typeMessage:
		return "edit " + e.content.New.Body
	case e.kind == typeReaction:
		return "react " + e.content.Relates.Key + " to " + body(e.content.Relates.Event)
	case e.kind == typeRedaction && redacted.kind == typeReaction:
		return "unreact " + redacted.content.Relates.Key + " to " + body(redacted.content.Relates.Event)
	case e.kind == typeRedaction:
		return "retract " + redacted.content.Body
	}
	return ""
}
