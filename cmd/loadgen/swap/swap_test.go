package swap

import "testing"

func TestSwapped(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"from first": {
			"<message from='a@b/c' id='1' to='d@e' type='chat'><body from='x'>t</body></message>",
			"<message to='a@b/c' id='1' from='d@e' type='chat'><body from='x'>t</body></message>",
		},
		"to first": {
			"<message to='d@e' id='1' from='a@b/c'><body>t</body></message>",
			"<message from='d@e' id='1' to='a@b/c'><body>t</body></message>",
		},
		"error":    {"<message to='d' from='a' type='error'/>", ""},
		"presence": {"<presence to='d' from='a'/>", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(appendSwapped(nil, []byte(c.in))); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
