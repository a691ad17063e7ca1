package matrix

import (
	"fmt"
	"strings"
	"testing"
)

// What comes, as numbers of transactions: with ! one that the gateway does not
// take, with - one that is refused for a gap. A new one is one after a start.
func TestOrder(t *testing.T) {
	for _, c := range []struct{ name, came string }{
		{"one after the other", "new -1 1 2 3"},
		{"one comes again", "new -1 1 2 2 3"},
		{"killed in the middle: the next one overtakes", "new -7 5 6 7 8"},
		{"and so does the one after it", "new -7 -8 5 6 7 8 9"},
		{"one was not taken", "new -1 1 !2 -3 2 3 4"},
		{"the first was not taken", "!1 -2 1 2"},
		{"a gap without a reason", "new -1 1 2 -4 3 4 5"},
		{"the numbers are shared", "new -1 1 -5 5 9 12 !13 -20 13 20"},
		{"no numbers", "new a b a"},
	} {
		var o order
		for _, x := range strings.Fields(c.came) {
			id, refused := strings.CutPrefix(x, "-")
			id, fails := strings.CutPrefix(id, "!")
			switch {
			case x == "new":
				o.doubt = true
				continue
			case o.admit(id) == refused:
				t.Errorf("%s: %s, %s", c.name, x, fmt.Sprintf("%+v", o))
			case fails:
				o.failed(id)
			case !refused:
				o.took(id)
			}
		}
	}
}
