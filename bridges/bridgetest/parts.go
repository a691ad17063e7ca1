package bridgetest

import (
	"strings"
	"testing"
	"unicode/utf8"

	"causeway/bridges"
)

var _ bridges.Assembler = (*Bridge)(nil)

// Assemble implements bridges.Assembler: the data of parts is their text, and
// a missing one is an underscore.
func (b *Bridge) Assemble(parts []bridges.Part) bridges.Message {
	all := strings.Split(strings.Repeat("_", int(parts[0].Total)), "")
	for _, p := range parts {
		all[p.Number-1] = string(p.Data)
	}
	return bridges.Message{Chat: parts[0].Chat, From: bridges.UserID(parts[0].Chat), Text: strings.ToValidUTF8(strings.Join(all, ""), "?")}
}

// checkAssembler wants a text whatever is in a part.
func checkAssembler(t *testing.T, s Subject) {
	a, ok := s.Bridge.(bridges.Assembler)
	if !ok {
		return
	}
	for _, data := range []string{"", "\x00", "\xff\xff\xff\xff\xff", strings.Repeat("\x1b", 200)} {
		m := a.Assemble([]bridges.Part{{Chat: s.Chat, Ref: "1", Number: 2, Total: 3, Data: []byte(data)}})
		if m.Chat != s.Chat || m.From == "" || m.Text == "" || !utf8.ValidString(m.Text) {
			t.Errorf("a part with the data %q became %+v", data, m)
		}
	}
}
