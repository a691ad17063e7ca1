package matrix

import (
	"strings"

	"causeway/bridges"
)

// replyTo says which event another answers (Client-Server API, Rich replies).
type replyTo struct {
	Event string `json:"event_id,omitempty"`
}

// writeReply makes the content for a text that answers an event, if of is one.
func writeReply(text, key, of string) (content, error) {
	c, err := write(text, key)
	if of != "" {
		c.Relates = &relation{InReplyTo: &replyTo{of}}
	}
	return c, err
}

// answers returns the event that c answers; "" if it answers none. In a thread that
// may be said only for programs that do not know threads.
func (c content) answers() string {
	if c.Relates == nil || c.Relates.InReplyTo == nil || c.Relates.FallingBack {
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

// answering has m say what it answers.
func (c content) answering(m bridges.Message) bridges.Message {
	of := c.answers()
	if of == "" {
		return m
	}
	m.ReplyTo = bridges.MessageID(of)
	if c.MsgType == "m.text" || c.MsgType == "m.notice" {
		c.Body, m.Quote = unquoted(c.Body)
		m.Text = c.text()
	}
	return m
}
