package matrix

import (
	"context"
	"encoding/json"
	"slices"
)

// relThread is of an event in a thread: that of the one it names (Client-Server API,
// Threading).
const relThread = "m.thread"

// inThread is of an event in a thread. For programs that do not know threads it
// answers the one that began it.
func inThread(root string) *relation {
	return &relation{Type: relThread, Event: root, InReplyTo: &replyTo{root}, FallingBack: true}
}

// answerIn is of an event that answers another, in a thread or in none.
func answerIn(thread *relation, of string) *relation {
	if thread == nil {
		return &relation{InReplyTo: &replyTo{of}}
	}
	return &relation{Type: thread.Type, Event: thread.Event, InReplyTo: &replyTo{of}}
}

// thread returns the event that began the thread; "" if there is none.
func (r *relation) thread() string {
	if r == nil || r.Type != relThread {
		return ""
	}
	return r.Event
}

// following has contents be where the event is that they answer, which only the
// homeserver knows: in its thread, or in one that it begins, or in none. An answer calls
// the other one only if it answers that one. A homeserver refuses what is in a thread
// that it does not know.
func (s *session) following(ctx context.Context, at place, all []content) []content {
	r := all[0].Relates
	if r == nil || r.Type == relReplace {
		return all
	}
	all = slices.Clone(all)
	of, answers := r.InReplyTo.Event, !r.FallingBack
	e, err := s.b.as(s.ghost).Event(ctx, at.room, of)
	root := ""
	if err == nil {
		root = threadOf(e.Content, of, r.thread())
		if personOf(e.Sender) == s.ghost {
			all[0].Mentions = &mentions{}
		}
	}
	for i := range all {
		all[i].Relates = nil
		if root != "" {
			all[i].Relates = inThread(root)
		}
	}
	if answers {
		all[0].Relates = answerIn(all[0].Relates, of)
	}
	return all
}

// threadOf returns the thread that an event is in or, if it is wished, begins. One
// that has to do with another otherwise begins none.
func threadOf(raw json.RawMessage, id, wished string) string {
	var there content
	_ = json.Unmarshal(raw, &there)
	if root := there.Relates.thread(); root != "" {
		return root
	}
	if id == wished && (there.Relates == nil || there.Relates.Type == "") {
		return id
	}
	return ""
}
