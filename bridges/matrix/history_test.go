package matrix

import (
	"encoding/json"

	"causeway/bridges"
)

// happened is an event as a person sees it.
type happened struct {
	id, kind, sender, redacts string
	content                   json.RawMessage
}

// history is what happened, in order.
type history []happened

// uttered is the content of what somebody said, or reacted with.
type uttered struct {
	Body    string
	New     *struct{ Body string } `json:"m.new_content"`
	Relates struct {
		Event string `json:"event_id"`
		Key   string
	} `json:"m.relates_to"`
}

func (h happened) uttered() (u uttered) {
	_ = json.Unmarshal(h.content, &u) // else nothing was
	return u
}

// texts is for bridgetest.Network.
func (h history) texts(from bridges.UserID) (texts []string) {
	for _, e := range h {
		if s := e.uttered(); e.sender == userID(from) && e.kind == typeMessage && s.New == nil {
			texts = append(texts, s.Body)
		}
	}
	return texts
}

// changes is for bridgetest.Changing.
func (h history) changes(from bridges.UserID) (changes []string) {
	was := map[string]happened{}
	for _, e := range h {
		was[e.id] = e
		if e.sender != userID(from) {
			continue
		}
		s, of := e.uttered(), was[e.redacts]
		switch {
		case e.kind == typeMessage && s.New != nil:
			changes = append(changes, "edit "+s.New.Body)
		case e.kind == typeReaction:
			changes = append(changes, "react "+s.Relates.Key+" to "+was[s.Relates.Event].uttered().Body)
		case e.kind == typeRedaction && of.kind == typeReaction:
			changes = append(changes, "unreact "+of.uttered().Relates.Key+" to "+was[of.uttered().Relates.Event].uttered().Body)
		case e.kind == typeRedaction:
			changes = append(changes, "retract "+of.uttered().Body)
		}
	}
	return changes
}
