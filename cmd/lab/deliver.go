package lab

import (
	"encoding/hex"
	"slices"
	"strings"
)

// Report sends the delivery report of a text and returns what the client
// answers: its command_status.
func (c *Centre) Report(of CentreEvent, delivered bool) int {
	c.t.Helper()
	return c.deliver(Reporting(of, delivered))
}

// BareReport is like Report, but all is in the text of the report, where the
// id has lost its leading zeros.
func (c *Centre) BareReport(of CentreEvent, delivered bool) int {
	c.t.Helper()
	of.ID = strings.TrimLeft(of.ID, "0")
	command := Reporting(of, delivered)
	command["bare"] = true
	return c.deliver(command)
}

// Reporting is the command for the delivery report of a text, without its tag.
func Reporting(of CentreEvent, delivered bool) map[string]any {
	stat, state, code := "DELIVRD", 2, "000"
	if !delivered {
		stat, state, code = "UNDELIV", 5, "001"
	}
	return map[string]any{
		"do": "report", "from": of.To, "to": of.From, "id": of.ID, "stat": stat, "state": state, "err": code,
	}
}

// Text sends a text from a phone, in parts when it is long, each when the one
// before it is answered. It returns the highest command_status that the client
// answers.
func (c *Centre) Text(from, to, text string) int {
	c.t.Helper()
	worst := -1
	for _, part := range Parts(byte(c.tag), from, to, text) {
		worst = max(worst, c.deliver(part))
	}
	return worst
}

// Shuffled is like Text, but sends all parts at once, and the last one first.
func (c *Centre) Shuffled(from, to, text string) int {
	c.t.Helper()
	parts := Parts(byte(c.tag), from, to, text)
	for _, part := range slices.Backward(parts) {
		c.send(part)
	}
	worst := -1
	for range parts {
		worst = max(worst, c.Next("answer").Status)
	}
	return worst
}

// Parts are the commands for the parts of a text, without their tags; those of a long
// one have that reference.
func Parts(reference byte, from, to, text string) (commands []map[string]any) {
	coding, single, part := 0, 160, 153
	if strings.ContainsFunc(text, func(r rune) bool { return r > '~' }) {
		coding, single, part = 8, 35, 33 // any of them may be two units
	}
	runes := []rune(text)
	if len(runes) <= single {
		part = single
	}
	parts := slices.Collect(slices.Chunk(runes, part))
	for i, p := range parts {
		udh := ""
		if len(parts) > 1 {
			udh = hex.EncodeToString([]byte{5, 0, 3, reference, byte(len(parts)), byte(i + 1)})
		}
		commands = append(commands, map[string]any{
			"do": "text", "from": from, "to": to, "text": string(p), "coding": coding, "udh": udh,
		})
	}
	return commands
}

// GSM sends a text of the default alphabet and its extension, which fits into
// one part, and returns what the client answers.
func (c *Centre) GSM(from, to, text string) int {
	c.t.Helper()
	return c.deliver(map[string]any{"do": "text", "from": from, "to": to, "text": text, "coding": 0})
}

// Data sends an ASCII text in the message_payload of a data_sm, and returns
// what the client answers.
func (c *Centre) Data(from, to, text string) int {
	c.t.Helper()
	return c.deliver(map[string]any{"do": "data", "from": from, "to": to, "text": text, "coding": 1})
}

// deliver sends a deliver_sm or data_sm and waits for its answer.
func (c *Centre) deliver(command map[string]any) int {
	c.t.Helper()
	tag := c.send(command)
	for {
		if e := c.Next("answer"); e.Tag == tag {
			return e.Status
		}
	}
}

func (c *Centre) send(command map[string]any) (tag int) {
	c.t.Helper()
	c.tag++
	command["tag"] = c.tag
	c.Tell(command)
	return c.tag
}
