package matrix

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"causeway/bridges"
)

// replyTo says which event another answers (Client-Server API, Rich replies).
type replyTo struct {
	Event string `json:"event_id,omitempty"`
}

// answering has c answer what m answers. In a chat of two that calls the other one.
func (c content) answering(m bridges.Message) content {
	if m.ReplyTo != "" {
		c.Relates = &relation{InReplyTo: &replyTo{string(m.ReplyTo)}}
		c.Mentions = &mentions{[]string{userID(bridges.UserID(m.Chat))}}
	}
	return c
}

// answers returns the event that c answers; "" if it answers none. In a thread what is
// there for programs that do not know threads is an answer, too: such are those of
// XMPP.
func (c content) answers() string {
	if c.Relates == nil || c.Relates.InReplyTo == nil {
		return ""
	}
	return c.Relates.InReplyTo.Event
}

// unquoted cuts off what programs once put before an answer, for those that do not
// know answers: lines of a quote, the first with who is quoted, and an empty one. A
// text that is nothing else stays.
func unquoted(body string) (text, quote string) {
	if !strings.HasPrefix(body, "> <") && !strings.HasPrefix(body, "> * <") {
		return body, ""
	}
	var lines []string
	rest := body
	for strings.HasPrefix(rest, ">") {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		lines = append(lines, strings.TrimPrefix(strings.TrimPrefix(line, ">"), " "))
	}
	rest = strings.TrimPrefix(rest, "\n")
	if strings.TrimSpace(rest) == "" {
		return body, ""
	}
	if _, said, ok := strings.Cut(lines[0], "> "); ok {
		lines[0] = said // without who
	}
	return rest, strings.Join(lines, "\n")
}

// answered has m say what c answers.
func (c content) answered(m bridges.Message) bridges.Message {
	of := c.answers()
	if of == "" {
		return m
	}
	m.ReplyTo = bridges.MessageID(of)
	switch {
	case c.seen.formatted:
		m.Quote = c.seen.quote
	case c.MsgType == "m.text" || c.MsgType == "m.notice":
		c.Body, m.Quote = unquoted(c.Body)
		m.Text = c.text()
	}
	return m
}

// relThread is of an event in a thread: that of the one it names (Client-Server API,
// Threading).
const relThread = "m.thread"

// following has an answer be where the event is that it answers, which only the
// homeserver knows: in its thread. It calls the other one only if it answers that one.
// If that cannot be known, it is not.
func (s *session) following(ctx context.Context, at place, all []content) []content {
	of := all[0].answers()
	if of == "" || all[0].Relates.Type != "" {
		return all
	}
	e, err := s.b.as(s.ghost).Event(ctx, at.room, of)
	if err != nil {
		return all
	}
	all = slices.Clone(all)
	if personOf(e.Sender) == s.ghost {
		all[0].Mentions = &mentions{}
	}
	var there content
	if json.Unmarshal(e.Content, &there) != nil || there.Relates == nil || there.Relates.Type != relThread {
		return all
	}
	for i := range all {
		to := of
		if i > 0 {
			to = there.Relates.Event
		}
		all[i].Relates = &relation{Type: relThread, Event: there.Relates.Event, InReplyTo: &replyTo{to}, FallingBack: i > 0}
	}
	return all
}
