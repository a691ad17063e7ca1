package matrix

import (
	"strings"

	"causeway/bridges"
)

// replyTo says which event another answers (Client-Server API, Rich replies).
type replyTo struct {
	Event string `json:"event_id,omitempty"`
}

// answering has c answer what m answers, and be in its thread. In a chat of two an
// answer calls the other one.
func (c content) answering(m bridges.Message) content {
	if m.Thread != "" {
		c.Relates = inThread(string(m.Thread))
	}
	if m.ReplyTo != "" {
		c.Relates = answerIn(c.Relates, string(m.ReplyTo))
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
	m.Thread = bridges.MessageID(c.Relates.thread())
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
